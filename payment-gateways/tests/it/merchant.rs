//! A merchant's server that keeps what it is told, byte by byte.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::Utc;
use payment_gateways::{
    PaymentGateway, WebhookAcknowledgement, WebhookDelivery, WebhookNotice, WebhookRefusal,
};
use serde_json::Value;

use crate::stage::until;

/// One delivery.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Merchant {
    told: Arc<Mutex<Vec<Told>>>,
    pub(crate) handle: ServerHandle,
    pub(crate) url: String,
}

struct Desk {
    told: Arc<Mutex<Vec<Told>>>,
    failures_left: AtomicU32,
    yes: WebhookAcknowledgement,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn read_by(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
    ) -> Result<WebhookNotice, WebhookRefusal> {
        gateway.webhook(&WebhookDelivery {
            headers: &self.headers,
            body: &self.body,
            received_at: Utc::now(),
        })
    }
}

async fn take(request: HttpRequest, desk: web::Data<Desk>, body: web::Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    desk.told.lock().unwrap().push(Told {
        headers: headers.collect(),
        body: body.to_vec(),
    });
    let fails = |left: u32| left.checked_sub(1);
    let failures = &desk.failures_left;
    if failures
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
        .is_ok()
    {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::build(StatusCode::from_u16(desk.yes.status).unwrap())
        .content_type(desk.yes.content_type)
        .body(desk.yes.body)
}

impl Merchant {
    /// One that says no so many times, and then yes in the company's way.
    pub(crate) fn failing(times: u32, yes: WebhookAcknowledgement) -> Self {
        let told = Arc::<Mutex<Vec<Told>>>::default();
        let desk = web::Data::new(Desk {
            told: Arc::clone(&told),
            failures_left: AtomicU32::new(times),
            yes,
        });
        let server = HttpServer::new(move || {
            let app = App::new().app_data(desk.clone());
            app.route("/hooks", web::post().to(take))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { told, handle, url }
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) async fn hears(&self, count: usize) -> Vec<Told> {
        let heard = async || self.told().len() >= count;
        until("the webhooks", heard).await;
        self.told()
    }
}

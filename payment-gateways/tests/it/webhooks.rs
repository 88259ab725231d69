//! The mock tells of changes: repeatedly, late, and again when it was not heard.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use payment_gateways::mock::server::{Company, MockServerConfig, WebhookTarget};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::stage::{HASTY, PATIENT, Stage, approved, payment, refund_of, unknown, until};

/// What a merchant's server was told.
#[derive(Clone, Debug)]
struct Told {
    id: String,
    delivery: String,
    attempt: String,
    body: Value,
}

/// A merchant's server that takes notices, after having failed for the first few.
struct Merchant {
    told: Arc<Mutex<Vec<Told>>>,
    handle: ServerHandle,
    url: String,
}

struct Desk {
    told: Arc<Mutex<Vec<Told>>>,
    failures_left: AtomicU32,
}

async fn take(request: HttpRequest, desk: web::Data<Desk>, body: web::Json<Value>) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name).unwrap();
        value.to_str().unwrap().to_owned()
    };
    desk.told.lock().unwrap().push(Told {
        id: header("X-Mock-Webhook-Id"),
        delivery: header("X-Mock-Webhook-Delivery"),
        attempt: header("X-Mock-Webhook-Attempt"),
        body: body.into_inner(),
    });
    let fails = |left: u32| left.checked_sub(1);
    let failures = &desk.failures_left;
    let failing = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails);
    if failing.is_ok() {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::Ok().finish()
}

impl Merchant {
    fn failing(times: u32) -> Self {
        let told = Arc::<Mutex<Vec<Told>>>::default();
        let desk = web::Data::new(Desk {
            told: Arc::clone(&told),
            failures_left: AtomicU32::new(times),
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

    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    async fn hears(&self, count: usize) -> Vec<Told> {
        let heard = async || self.told().len() >= count;
        until("the webhooks", heard).await;
        self.told()
    }
}

#[tokio::test]
async fn every_change_is_told_as_often_as_wanted() {
    let merchant = Merchant::failing(0);
    let stage = Stage::new().await;
    let target = json!({ "url": merchant.url, "repeat": 3 });
    assert_eq!(stage.post("/webhooks", &target).await, 204);
    let gateway = stage.gateway(PATIENT);

    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let told = merchant.hears(3).await;
    for (told, delivery) in told.iter().zip(["1", "2", "3"]) {
        assert_eq!(told.delivery, delivery);
        assert_eq!(told.attempt, "1");
        assert_eq!(told.id, merchant.told()[0].id);
        assert_eq!(told.body["eventType"], "PAYMENT_STATUS_CHANGED");
        assert_eq!(told.body["data"]["paymentId"], json!(request.payment_id));
        assert_eq!(told.body["data"]["status"], "APPROVED");
        assert_eq!(told.body["data"]["amount"], 12_900);
    }
    // Asked again: nothing changed, nothing is told.
    gateway.confirm(request.clone()).await;
    let refund = refund_of(&request, &transaction, request.amount_minor);
    gateway.refund(refund).await;
    let told = merchant.hears(6).await;
    assert_eq!(told.len(), 6);
    assert_eq!(told[3].body["data"]["status"], "REFUNDED");
    assert_ne!(told[3].id, told[0].id);

    let off = stage
        .http
        .delete(stage.url("/webhooks"))
        .send()
        .await
        .unwrap();
    assert_eq!(off.status(), StatusCode::NO_CONTENT);
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn a_notice_that_is_not_taken_is_sent_again_a_bounded_number_of_times() {
    let merchant = Merchant::failing(2);
    let stage = Stage::new().await;
    let target = json!({ "url": merchant.url });
    assert_eq!(stage.post("/webhooks", &target).await, 204);
    let gateway = stage.gateway(PATIENT);
    gateway.confirm(payment("tok_approve")).await;
    let attempts =
        |told: &[Told]| -> Vec<String> { told.iter().map(|told| told.attempt.clone()).collect() };
    assert_eq!(attempts(&merchant.hears(3).await), ["1", "2", "3"]);

    // One that is deaf for longer is given up; the second delivery of the same notice still comes.
    let deaf = Merchant::failing(5);
    let target = json!({ "url": deaf.url, "repeat": 2 });
    assert_eq!(stage.post("/webhooks", &target).await, 204);
    gateway.confirm(payment("tok_decline")).await;
    let told = deaf.hears(6).await;
    assert_eq!(attempts(&told), ["1", "2", "3", "4", "5", "1"]);
    assert_eq!(told[4].delivery, "1");
    assert_eq!(told[5].delivery, "2");
    assert_eq!(told[5].body["data"]["status"], "DECLINED");
    stage.stop().await;
    merchant.handle.stop(false).await;
    deaf.handle.stop(false).await;
}

#[tokio::test]
async fn a_webhook_can_come_before_the_answer_that_never_comes() {
    let merchant = Merchant::failing(0);
    let config = MockServerConfig {
        webhook: Some(WebhookTarget {
            url: merchant.url.clone(),
            repeat: 1,
            delay_ms: 0,
            company: Company::Mock,
            shuffle: 1,
        }),
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    let request = payment("tok_charge_then_timeout");
    let reply = stage.gateway(HASTY).confirm(request.clone()).await;
    assert_eq!(reply, unknown("TIMEOUT"));
    let told = merchant.hears(1).await;
    assert_eq!(told[0].body["data"]["paymentId"], json!(request.payment_id));
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn a_webhook_can_be_late() {
    let merchant = Merchant::failing(0);
    let stage = Stage::new().await;
    let target = json!({ "url": merchant.url, "delayMs": 300 });
    assert_eq!(stage.post("/webhooks", &target).await, 204);
    let started = Instant::now();
    stage.gateway(PATIENT).confirm(payment("tok_approve")).await;
    merchant.hears(1).await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn a_target_that_makes_no_sense_is_refused() {
    let stage = Stage::new().await;
    for bad in [
        json!({ "url": "nowhere" }),
        json!({ "url": "file:///etc/passwd" }),
        json!({ "url": "http://localhost/", "repeat": 0 }),
        json!({ "url": "http://localhost/", "repeat": 101 }),
        json!({ "url": "http://localhost/", "delayMs": 600_001 }),
        json!({ "url": "http://localhost/", "often": true }),
    ] {
        assert_eq!(stage.post("/webhooks", &bad).await, 400, "{bad}");
    }
    stage.stop().await;
}

//! Tells a merchant's server about each change of a payment, as often as wanted: real gateways repeat
//! themselves too.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::Utc;
use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ledger::Charge;
use super::views::PaymentView;
use crate::error::PaymentGatewaysError;

/// Notices waiting to be sent. Beyond that they are lost, which a merchant has to bear from any gateway.
const QUEUE_MAX_NOTICES: usize = 1_024;
/// Notices being sent at the same time.
const SENDING_MAX_NOTICES: usize = 32;
/// Tries of one delivery before it is given up.
const TRIES_MAX: u32 = 5;
/// The wait after the first failed try; it doubles after each.
const RETRY_MIN_MS: u64 = 100;
/// How long a merchant may take for his answer, as with Toss.
const TIMEOUT_SECONDS: u64 = 10;
/// The most deliveries of one notice.
const REPEAT_MAX: u32 = 100;
/// The longest delay of a notice: ten minutes.
const DELAY_MAX_MS: u64 = 600_000;

/// Who is told, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookTarget {
    /// Where to post to.
    pub url: String,
    /// How many times each notice is delivered, 1 to 100.
    #[serde(default = "once")]
    pub repeat: u32,
    /// How long to wait before the first delivery, up to ten minutes.
    #[serde(default)]
    pub delay_ms: u64,
}

/// The notices' way in.
pub(super) struct Webhooks {
    target: RwLock<Option<Arc<WebhookTarget>>>,
    queue: mpsc::Sender<Notice>,
}

/// One change, to be told to the target that there was at its time.
struct Notice {
    id: Uuid,
    payment_id: Uuid,
    target: Arc<WebhookTarget>,
    body: Vec<u8>,
}

/// The notices' way out.
pub(super) struct WebhookSender {
    queue: mpsc::Receiver<Notice>,
    client: Client,
}

impl Webhooks {
    pub(super) fn new(
        target: Option<WebhookTarget>,
    ) -> Result<(Self, WebhookSender), PaymentGatewaysError> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build()
            .map_err(PaymentGatewaysError::Client)?;
        let (sender, receiver) = mpsc::channel(QUEUE_MAX_NOTICES);
        let webhooks = Self {
            target: RwLock::default(),
            queue: sender,
        };
        if let Some(target) = target {
            webhooks.set(target)?;
        }
        let queue = receiver;
        Ok((webhooks, WebhookSender { queue, client }))
    }

    /// From now on, tell this one.
    pub(super) fn set(&self, target: WebhookTarget) -> Result<(), PaymentGatewaysError> {
        let out_of = |setting, bounds| PaymentGatewaysError::InvalidSetting { setting, bounds };
        let url = Url::parse(&target.url).ok();
        if url.is_none_or(|url| url.scheme() != "http" || !url.has_host()) {
            return Err(out_of("the webhook's url", "an http URL"));
        }
        if !(1..=REPEAT_MAX).contains(&target.repeat) {
            return Err(out_of("the webhook's repeat", "1 to 100"));
        }
        if target.delay_ms > DELAY_MAX_MS {
            return Err(out_of("the webhook's delayMs", "at most 600000"));
        }
        let mut current = self.target.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Arc::new(target));
        Ok(())
    }

    /// From now on, tell nobody.
    pub(super) fn clear(&self) {
        let mut current = self.target.write().unwrap_or_else(PoisonError::into_inner);
        *current = None;
    }

    /// Tells how this payment stands now.
    pub(super) fn announce(&self, charge: &Charge) {
        let target = self.target.read().unwrap_or_else(PoisonError::into_inner);
        let Some(target) = target.clone() else {
            return;
        };
        let (id, payment_id) = (Uuid::now_v7(), charge.merchant_key);
        let body = json!({
            "eventType": "PAYMENT_STATUS_CHANGED",
            "createdAt": Utc::now(),
            "data": PaymentView::from(charge.clone()),
        });
        let notice = Notice {
            id,
            payment_id,
            target,
            body: body.to_string().into_bytes(),
        };
        if self.queue.try_send(notice).is_err() {
            tracing::warn!(payment.id = %payment_id, "webhook of payment {payment_id} is lost: the queue is full or closed");
        }
    }
}

impl WebhookSender {
    /// Sends what comes, several at a time, until the end; what is not sent by then is lost.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(SENDING_MAX_NOTICES));
        let mut sending = JoinSet::new();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = shutdown.cancelled() => return,
            };
            let notice = tokio::select! {
                notice = self.queue.recv() => notice,
                () = shutdown.cancelled() => return,
            };
            let (Ok(place), Some(notice)) = (place, notice) else {
                return;
            };
            let client = self.client.clone();
            sending.spawn(async move {
                deliver(&client, &notice).await;
                drop(place);
            });
            while sending.try_join_next().is_some() {}
        }
    }
}

fn once() -> u32 {
    1
}

/// Delivers a notice as many times as its target wants.
async fn deliver(client: &Client, notice: &Notice) {
    tokio::time::sleep(Duration::from_millis(notice.target.delay_ms)).await;
    for delivery in 1..=notice.target.repeat {
        if !is_taken(client, notice, delivery).await {
            let payment_id = notice.payment_id;
            tracing::warn!(
                payment.id = %payment_id, webhook.delivery = delivery, webhook.attempts = TRIES_MAX,
                "webhook of payment {payment_id} is given up"
            );
        }
    }
}

/// Tries one delivery until it is taken or its tries are over.
async fn is_taken(client: &Client, notice: &Notice, delivery: u32) -> bool {
    let mut wait = Duration::from_millis(RETRY_MIN_MS);
    for attempt in 1..=TRIES_MAX {
        if post(client, notice, delivery, attempt).await {
            return true;
        }
        if attempt < TRIES_MAX {
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
    false
}

/// Posts it once; whether it was taken.
async fn post(client: &Client, notice: &Notice, delivery: u32, attempt: u32) -> bool {
    let request = client
        .post(&notice.target.url)
        .header("Content-Type", "application/json")
        .header("X-Mock-Webhook-Id", notice.id.to_string())
        .header("X-Mock-Webhook-Delivery", delivery)
        .header("X-Mock-Webhook-Attempt", attempt)
        .body(notice.body.clone());
    let answer = request.send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

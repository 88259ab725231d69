//! The notices' way out: tried again as each company does.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Notice;
use crate::mock::server::clock::MockClock;
use crate::mock::server::company::Company;

/// Notices being sent at the same time.
const SENDING_MAX_NOTICES: usize = 32;
/// Notices that are not taken yet, those that wait for their next try included. Beyond that the others wait.
const PENDING_MAX_NOTICES: usize = 2_048;
/// Tries of one delivery of the mock company before it is given up.
const MOCK_TRIES_MAX: u32 = 5;
/// The wait after the first failed try of the mock company; it doubles after each.
const MOCK_RETRY_MIN_MS: u64 = 100;
/// Toss tries seven more times, after 1, 4, 16, 64, 256, 1024 and 4096 minutes.
const TOSS_TRIES_MAX: u32 = 8;
/// NICE's manual says only that it tries again: here so often, a minute apart.
const NICE_TRIES_MAX: u32 = 5;
/// The most bytes that are read of a merchant's answer.
const ANSWER_MAX_BYTES: usize = 1_024;

pub(in crate::mock::server) struct WebhookSender {
    queue: mpsc::Receiver<Notice>,
    post: Arc<Post>,
}

struct Post {
    client: Client,
    clock: Arc<MockClock>,
    places: Semaphore,
}

impl WebhookSender {
    pub(super) fn new(
        queue: mpsc::Receiver<Notice>,
        client: Client,
        clock: Arc<MockClock>,
    ) -> Self {
        let places = Semaphore::new(SENDING_MAX_NOTICES);
        let post = Arc::new(Post {
            client,
            clock,
            places,
        });
        Self { queue, post }
    }

    /// Sends what comes, several at a time, until the end; what is not sent by then is lost.
    pub(in crate::mock::server) async fn run(mut self, shutdown: CancellationToken) {
        let mut pending = JoinSet::new();
        loop {
            while pending.try_join_next().is_some() {}
            if pending.len() >= PENDING_MAX_NOTICES {
                tokio::select! {
                    _ = pending.join_next() => continue,
                    () = shutdown.cancelled() => return,
                }
            }
            let notice = tokio::select! {
                notice = self.queue.recv() => notice,
                () = shutdown.cancelled() => return,
            };
            let Some(notice) = notice else {
                return;
            };
            let post = Arc::clone(&self.post);
            pending.spawn(async move { post.deliver(&notice).await });
        }
    }
}

impl Post {
    /// Delivers a notice as many times as its target wants.
    async fn deliver(&self, notice: &Notice) {
        tokio::time::sleep(Duration::from_millis(notice.target.delay_ms)).await;
        for delivery in 1..=notice.target.repeat {
            if !self.is_taken(notice, delivery).await {
                let about = notice.about.as_str();
                tracing::warn!(
                    payment.id = about,
                    webhook.delivery = delivery,
                    "webhook of payment {about} is given up"
                );
            }
        }
    }

    /// Tries one delivery until it is taken or its tries are over.
    async fn is_taken(&self, notice: &Notice, delivery: u32) -> bool {
        let tries = match notice.company {
            Company::Mock => MOCK_TRIES_MAX,
            Company::Toss => TOSS_TRIES_MAX,
            Company::Nice => NICE_TRIES_MAX,
        };
        for attempt in 1..=tries {
            if self.send(notice, delivery, attempt).await {
                return true;
            }
            if attempt < tries {
                self.wait(notice.company, attempt).await;
            }
        }
        false
    }

    async fn wait(&self, company: Company, attempt: u32) {
        let minutes = |minutes| Duration::from_secs(60 * minutes);
        match company {
            Company::Mock => {
                let wait = MOCK_RETRY_MIN_MS << (attempt - 1);
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            Company::Toss => self.clock.sleep(minutes(4_u64.pow(attempt - 1))).await,
            Company::Nice => self.clock.sleep(minutes(1)).await,
        }
    }

    /// Posts it once; whether it was taken.
    async fn send(&self, notice: &Notice, delivery: u32, attempt: u32) -> bool {
        let Ok(_place) = self.places.acquire().await else {
            return false;
        };
        let mut request = self
            .client
            .post(&notice.target.url)
            .header("Content-Type", "application/json;charset=utf-8")
            .body(notice.body.clone());
        request = match notice.company {
            Company::Mock => request
                .header("X-Mock-Webhook-Id", notice.id.to_string())
                .header("X-Mock-Webhook-Delivery", delivery)
                .header("X-Mock-Webhook-Attempt", attempt),
            Company::Toss => self.with_toss_headers(request, notice, attempt),
            Company::Nice => request,
        };
        for (name, value) in &notice.headers {
            request = request.header(name, value);
        }
        let Ok(answer) = request.send().await else {
            return false;
        };
        match notice.company {
            Company::Mock => answer.status().is_success(),
            Company::Toss => answer.status().as_u16() == 200,
            Company::Nice => is_ok(answer).await,
        }
    }

    fn with_toss_headers(
        &self,
        request: RequestBuilder,
        notice: &Notice,
        attempt: u32,
    ) -> RequestBuilder {
        let sent_at = super::super::toss::korean_time(self.clock.now());
        let has_time = notice.headers.iter();
        let mut has_time = has_time.map(|(name, _)| name.as_str());
        let request = request
            .header(
                "tosspayments-webhook-transmission-id",
                notice.id.to_string(),
            )
            .header(
                "tosspayments-webhook-transmission-retried-count",
                attempt - 1,
            );
        // A signed one says when it was signed.
        if has_time.any(|name| name == "tosspayments-webhook-transmission-time") {
            return request;
        }
        request.header("tosspayments-webhook-transmission-time", sent_at)
    }
}

/// NICE takes only these two letters for a yes, and only as HTML.
async fn is_ok(answer: reqwest::Response) -> bool {
    let is_html = answer
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html"));
    if answer.status().as_u16() != 200 || !is_html {
        return false;
    }
    answer
        .bytes()
        .await
        .is_ok_and(|body| body.len() <= ANSWER_MAX_BYTES && body.trim_ascii() == b"OK")
}

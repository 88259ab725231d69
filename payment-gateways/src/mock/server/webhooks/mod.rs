//! Tells a merchant's server about each change of a payment, as often as wanted: real gateways repeat
//! themselves too.

mod notice;
mod sender;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use tokio::sync::mpsc;

pub(super) use self::notice::Notice;
pub(super) use self::sender::WebhookSender;
use super::clock::MockClock;
use super::company::Company;
use crate::error::PaymentGatewaysError;

/// Notices waiting to be sent. Beyond that they are lost, which a merchant has to bear from any gateway.
const QUEUE_MAX_NOTICES: usize = 1_024;
/// How long a merchant may take for his answer, as with Toss.
const TIMEOUT_SECONDS: u64 = 10;
/// The most deliveries of one notice.
const REPEAT_MAX: u32 = 100;
/// The most notices that are held back to be told in another order.
const SHUFFLE_MAX: u32 = 100;
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
    /// Whose notices: each company has one target.
    #[serde(default)]
    pub company: Company,
    /// Notices are held back until there are so many, 1 to 100, and then told the newest first.
    #[serde(default = "once")]
    pub shuffle: u32,
}

/// The notices' way in.
pub(super) struct Webhooks {
    targets: RwLock<HashMap<Company, Arc<WebhookTarget>>>,
    held_back: Mutex<HashMap<Company, Vec<Notice>>>,
    queue: mpsc::Sender<Notice>,
    /// The key that Toss signs what it signs with.
    toss_security_key: String,
}

impl Webhooks {
    pub(super) fn new(
        target: Option<WebhookTarget>,
        toss_security_key: String,
        clock: Arc<MockClock>,
    ) -> Result<(Self, WebhookSender), PaymentGatewaysError> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build()
            .map_err(PaymentGatewaysError::Client)?;
        let (sender, queue) = mpsc::channel(QUEUE_MAX_NOTICES);
        let webhooks = Self {
            targets: RwLock::default(),
            held_back: Mutex::default(),
            queue: sender,
            toss_security_key,
        };
        if let Some(target) = target {
            webhooks.set(target)?;
        }
        Ok((webhooks, WebhookSender::new(queue, client, clock)))
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
        if !(1..=SHUFFLE_MAX).contains(&target.shuffle) {
            return Err(out_of("the webhook's shuffle", "1 to 100"));
        }
        if target.delay_ms > DELAY_MAX_MS {
            return Err(out_of("the webhook's delayMs", "at most 600000"));
        }
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        targets.insert(target.company, Arc::new(target));
        Ok(())
    }

    /// From now on, tell nobody; what was held back is never told.
    pub(super) fn clear(&self) {
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        targets.clear();
        let mut held = self
            .held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        held.clear();
    }

    /// Who hears of this company.
    pub(super) fn target(&self, company: Company) -> Option<Arc<WebhookTarget>> {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        targets.get(&company).cloned()
    }

    pub(super) fn toss_security_key(&self) -> &str {
        &self.toss_security_key
    }

    /// Puts a notice on its way, or aside until there are enough to change their order.
    pub(super) fn tell(&self, notice: Notice) {
        let shuffle = notice.target.shuffle;
        if shuffle < 2 {
            return self.send(notice);
        }
        let mut held = self
            .held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waiting = held.entry(notice.company).or_default();
        waiting.push(notice);
        if u32::try_from(waiting.len()).is_ok_and(|count| count >= shuffle) {
            for notice in std::mem::take(waiting).into_iter().rev() {
                self.send(notice);
            }
        }
    }

    fn send(&self, notice: Notice) {
        let about = notice.about.clone();
        if self.queue.try_send(notice).is_err() {
            tracing::warn!(
                payment.id = about,
                "webhook of payment {about} is lost: the queue is full or closed"
            );
        }
    }
}

fn once() -> u32 {
    1
}

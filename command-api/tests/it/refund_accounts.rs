//! Where a refund goes is told over HTTP, and kept beside the log: what a crash between the two leaves.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use command_api::{CommandApiConfig, RefundAccount, RefundAccounts};
use domain::{PaymentId, RefundId};
use platform::ApiError;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::settler::{Settler, give_back, give_up};
use crate::world::{Answer, Settings, World};

/// A safe that keeps as the vault does, and can be away for one account.
#[derive(Default)]
pub(crate) struct PaperAccounts {
    kept: Mutex<BTreeMap<Uuid, (DateTime<Utc>, String)>>,
    is_away_once: AtomicBool,
}

#[async_trait]
impl RefundAccounts for PaperAccounts {
    fn fingerprint(&self, refund_id: Uuid, account: &RefundAccount) -> String {
        format!("{refund_id}/{}", account.number)
    }

    async fn keep(
        &self,
        refund_id: Uuid,
        account: RefundAccount,
        told_at: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        if self.is_away_once.swap(false, Ordering::SeqCst) {
            return Err(ApiError::unavailable());
        }
        let mut kept = self.kept.lock().expect("nobody panicked");
        let told_since = kept.get(&refund_id).is_some_and(|(at, _)| *at > told_at);
        if !told_since {
            kept.insert(refund_id, (told_at, account.number));
        }
        Ok(())
    }

    async fn wipe(&self, refund_id: Uuid) -> Result<(), ApiError> {
        let mut kept = self.kept.lock().expect("nobody panicked");
        kept.remove(&refund_id);
        Ok(())
    }
}

/// A refund that its company refused, so that it takes an account.
struct Refused {
    world: World,
    payment: PaymentId,
    refund: RefundId,
}

impl Refused {
    async fn open() -> Self {
        let api = CommandApiConfig {
            payment_wait: Duration::from_millis(200),
            ..CommandApiConfig::default()
        };
        let settings = Settings {
            api,
            ..Settings::default()
        };
        let world = World::start_with(settings).await;
        let settler = Settler::start(&world.store);
        let order = world.placed_order("alice", 1).await;
        let payment = world.pay("alice", &order, "tok_approve").send().await;
        drop(settler);
        let payment = payment.id();
        let path = format!("/payments/{payment}/refunds");
        let asked = world.post(&path).customer("alice").key("refund");
        let asked = asked.json(&json!({ "reason": "all of it" })).send().await;
        let refund = asked.id().parse().expect("a refund's id");
        let payment = payment.parse().expect("a payment's id");
        give_up(&world.store, payment, refund).await;
        Self {
            world,
            payment,
            refund,
        }
    }

    async fn tell(&self, key: &str, number: &str) -> Answer {
        let path = format!("/payments/{}/refunds/{}/account", self.payment, self.refund);
        let account: Value = json!({ "bank": "20", "number": number, "holder": "Alice" });
        let told = self.world.post(&path).customer("alice").key(key);
        told.json(&account).send().await
    }

    fn kept(&self) -> Option<String> {
        let kept = self.world.settings.accounts.kept.lock();
        let kept = kept.expect("nobody panicked");
        kept.get(&self.refund.uuid())
            .map(|(_, number)| number.clone())
    }

    fn is_away_once(&self) {
        let accounts = &self.world.settings.accounts;
        accounts.is_away_once.store(true, Ordering::SeqCst);
    }
}

/// The correction was taken, and then the vault was away: its repeat is a replay, and must still take the place of
/// what it corrects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_that_could_not_be_kept_is_kept_when_it_is_told_again() {
    let refused = Refused::open().await;
    assert_eq!(refused.tell("wrong", "1111111").await.status, 202);
    refused.is_away_once();
    assert_eq!(refused.tell("right", "2222222").await.status, 503);
    assert_eq!(refused.kept().as_deref(), Some("1111111"));
    let again = refused.tell("right", "2222222").await;
    assert_eq!((again.status, again.is_replayed()), (202, true));
    assert_eq!(refused.kept().as_deref(), Some("2222222"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_told_again_does_not_undo_its_correction() {
    let refused = Refused::open().await;
    for (key, number) in [("one", "1111111"), ("two", "2222222"), ("one", "1111111")] {
        assert_eq!(refused.tell(key, number).await.status, 202);
    }
    assert_eq!(refused.kept().as_deref(), Some("2222222"));
}

/// The process kept it too late, and died before it looked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_left_behind_is_wiped_when_it_is_told_again() {
    let refused = Refused::open().await;
    assert_eq!(refused.tell("one", "1111111").await.status, 202);
    give_back(&refused.world.store, refused.payment, refused.refund).await;
    assert_eq!(
        refused.kept().as_deref(),
        Some("1111111"),
        "nobody wiped it"
    );
    let again = refused.tell("one", "1111111").await;
    assert_eq!((again.status, again.is_replayed()), (202, true));
    assert_eq!(refused.kept(), None);
    let new = refused.tell("two", "2222222").await;
    assert_eq!(new.error(), (409, "REFUND_NEEDS_NO_ACCOUNT"));
    assert_eq!(refused.kept(), None);
}

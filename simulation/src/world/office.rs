//! The world as an action in a process sees it: every question is put aside for the world to answer, or not.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Decider, Loaded, StreamId};
use event_store::{Command, ExecuteError, Fence, Outcome, StoreError};
use futures::future::{Either, select};
use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeleteBillingKeyRequest,
    DeletionReply, GatewayReply, IssueBillingKeyRequest, PaymentGateway, RefundReply,
    RefundRequest,
};
use payment_vault::{
    AccountOfRefund, BillingKey, Keeping, KeptMethod, KeySafe, NewMethod, RefundAccount, VaultError,
};
use processes::ProcessesConfig;
use processes::sans_io::Office;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::gateway::{Call, Hears};
use super::methods::KeyAsk;
use super::node::{Answered, Clock};

/// The one gateway's name.
pub(super) const BANK: &str = "bank";

/// What an action asks.
pub(super) enum Ask {
    Execute(Command, oneshot::Sender<Answered>),
    Load(StreamId, oneshot::Sender<Result<Loaded, StoreError>>),
    Pause(Duration, oneshot::Sender<()>),
    Call(Call, Hears),
    Key(KeyAsk),
}

/// Where questions wait to be answered.
#[derive(Default)]
pub(super) struct Outbox(Mutex<Vec<Ask>>);

impl Outbox {
    fn put(&self, ask: Ask) {
        let mut asks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asks.push(ask);
    }

    pub(super) fn take(&self) -> Vec<Ask> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Until when a holder may take itself for one.
#[derive(Default)]
pub(super) struct Life {
    pub(super) is_lost: AtomicBool,
    /// On the process's monotonic clock.
    pub(super) valid_until_us: AtomicU64,
}

/// An action's view.
pub(super) struct Desk {
    pub(super) clock: Arc<Clock>,
    pub(super) life: Arc<Life>,
    pub(super) fence: Fence,
    pub(super) config: Arc<ProcessesConfig>,
    pub(super) outbox: Arc<Outbox>,
}

impl Desk {
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.outbox.put(ask(reply));
        answer.await.ok()
    }
}

impl Office for Desk {
    fn config(&self) -> &ProcessesConfig {
        &self.config
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.wall()
    }

    fn is_live(&self) -> bool {
        let valid_until = self.life.valid_until_us.load(Ordering::Relaxed);
        !self.life.is_lost.load(Ordering::Relaxed) && self.clock.monotonic() < valid_until
    }

    fn fence(&self) -> Fence {
        self.fence.clone()
    }

    fn gateway(&self, name: &str) -> Option<Arc<dyn PaymentGateway>> {
        (name == BANK).then(|| {
            let outbox = Arc::clone(&self.outbox);
            Arc::new(Till { outbox }) as Arc<dyn PaymentGateway>
        })
    }

    fn key_safe(&self) -> Option<Arc<dyn KeySafe>> {
        let outbox = Arc::clone(&self.outbox);
        Some(Arc::new(Drawer { outbox }))
    }

    async fn execute(&self, command: Command) -> Result<Outcome, ExecuteError> {
        let answered = self.ask(|reply| Ask::Execute(command, reply)).await;
        answered.unwrap_or(Err(ExecuteError::Stopping))
    }

    async fn load<D: Decider>(&self, id: impl Display + Send) -> Result<D::State, StoreError> {
        let stream = StreamId::of::<D>(id);
        let loaded = self.ask(|reply| Ask::Load(stream, reply)).await;
        let loaded = loaded.unwrap_or_else(|| Err(StoreError::away()))?;
        Ok(loaded.state_of::<D>().cloned().unwrap_or_default())
    }

    async fn pause(&self, duration: Duration) {
        self.ask(|reply| Ask::Pause(duration, reply)).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        let (work, limit) = (std::pin::pin!(work), std::pin::pin!(self.pause(limit)));
        match select(work, limit).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

/// The gateway's adapter: a wire to the bank.
struct Till {
    outbox: Arc<Outbox>,
}

impl Till {
    async fn ask<T>(
        &self,
        call: Call,
        hears: impl FnOnce(oneshot::Sender<T>) -> Hears,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.outbox.put(Ask::Call(call, hears(reply)));
        answer.await.ok()
    }
}

#[async_trait]
impl PaymentGateway for Till {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        let reply = self.ask(Call::Confirm(request), Hears::Payment).await;
        reply.unwrap_or_else(unknown)
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let reply = self.ask(Call::Inquire(payment_id), Hears::Payment).await;
        reply.unwrap_or_else(unknown)
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        let reply = self.ask(Call::Refund(request), Hears::Refund).await;
        reply.unwrap_or_else(|| RefundReply::Unknown { reason: timeout() })
    }

    async fn issue_billing_key(&self, request: IssueBillingKeyRequest) -> BillingKeyReply {
        let reply = self.ask(Call::Issue(request), Hears::Key).await;
        reply.unwrap_or_else(|| BillingKeyReply::Unknown { reason: timeout() })
    }

    async fn charge_billing_key(&self, request: ChargeBillingKeyRequest) -> GatewayReply {
        let reply = self.ask(Call::Charge(request), Hears::Payment).await;
        reply.unwrap_or_else(unknown)
    }

    async fn delete_billing_key(&self, request: DeleteBillingKeyRequest) -> DeletionReply {
        let reply = self.ask(Call::Erase(request), Hears::Deletion).await;
        reply.unwrap_or_else(|| DeletionReply::Unknown { reason: timeout() })
    }
}

fn unknown() -> GatewayReply {
    GatewayReply::Unknown { reason: timeout() }
}

fn timeout() -> String {
    "TIMEOUT".to_owned()
}

/// The way to the safe.
struct Drawer {
    outbox: Arc<Outbox>,
}

impl Drawer {
    async fn ask<T>(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<T, VaultError>>) -> KeyAsk,
    ) -> Result<T, VaultError> {
        let (reply, answer) = oneshot::channel();
        self.outbox.put(Ask::Key(ask(reply)));
        answer.await.unwrap_or_else(|_| Err(VaultError::away()))
    }
}

#[async_trait]
impl KeySafe for Drawer {
    fn customer_key(&self, user_id: &str) -> String {
        format!("customer-{user_id}")
    }

    async fn keep(&self, new: &NewMethod) -> Result<Keeping, VaultError> {
        let new = new.clone();
        self.ask(|reply| KeyAsk::Keep(new, reply)).await
    }

    async fn open(&self, method_id: Uuid, _: &str) -> Result<Option<KeptMethod>, VaultError> {
        self.ask(|reply| KeyAsk::Open(method_id, reply)).await
    }

    async fn retire(&self, method_id: Uuid, _: DateTime<Utc>) -> Result<bool, VaultError> {
        self.ask(|reply| KeyAsk::Retire(method_id, reply)).await
    }

    async fn wipe(&self, method_id: Uuid, _: DateTime<Utc>) -> Result<(), VaultError> {
        self.ask(|reply| KeyAsk::Wipe(method_id, reply)).await
    }

    async fn find(
        &self,
        company: &str,
        billing_key: &BillingKey,
    ) -> Result<Option<Uuid>, VaultError> {
        let (company, billing_key) = (company.to_owned(), billing_key.clone());
        self.ask(|reply| KeyAsk::Find(company, billing_key, reply))
            .await
    }

    fn account_fingerprint(&self, refund_id: Uuid, _: &RefundAccount) -> String {
        refund_id.to_string()
    }

    async fn keep_account(&self, _: &AccountOfRefund) -> Result<(), VaultError> {
        // The command API keeps accounts; no process does.
        Err(VaultError::Unsealable)
    }

    async fn open_account(&self, refund_id: Uuid) -> Result<Option<RefundAccount>, VaultError> {
        self.ask(|reply| KeyAsk::OpenAccount(refund_id, reply))
            .await
    }

    async fn wipe_account(&self, refund_id: Uuid) -> Result<(), VaultError> {
        self.ask(|reply| KeyAsk::WipeAccount(refund_id, reply))
            .await
    }
}

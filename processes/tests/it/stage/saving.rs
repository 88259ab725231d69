//! A shop with a vault: it saves payment methods, and keeps the accounts that refunds go to.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use domain::PaymentMethodId;
use domain::payment_method::{
    DeletePaymentMethod, DeletionReason, PaymentMethods, PaymentMethodsState, RequestPaymentMethod,
};
use payment_vault::{BillingKey, KeySafe as _, Vault};
use processes::ProcessesConfig;
use sqlx::postgres::PgPoolOptions;
use testkit::eventually;
use uuid::Uuid;

use super::{Runner, Shop, buyer};

pub(crate) const KEYS: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn deletion(method_id: PaymentMethodId) -> DeletePaymentMethod {
    DeletePaymentMethod {
        user_id: buyer(),
        method_id,
        reason: DeletionReason::Requested,
    }
}

/// A shop that keeps secrets: billing keys, and the accounts that refunds go to.
pub(crate) struct Saving {
    pub(crate) shop: Shop,
    pub(crate) vault: Vault,
    runner: Option<Runner>,
}

impl Saving {
    pub(crate) async fn open() -> Self {
        Self::of(Shop::open_hasty().await)
    }

    /// The buyer has saved a card, which can be charged.
    pub(crate) async fn open_with_a_card() -> (Self, PaymentMethodId) {
        let saving = Self::open().await;
        let method_id = saving.request("tok_approve").await;
        saving.until_active(method_id).await;
        (saving, method_id)
    }

    pub(crate) fn of(shop: Shop) -> Self {
        let mut saving = Self {
            vault: vault(&shop, KEYS),
            shop,
            runner: None,
        };
        saving.start();
        saving
    }

    pub(crate) fn start(&mut self) {
        let vault = self.vault.clone();
        self.start_with(Some(vault), Shop::config());
    }

    pub(crate) fn start_with(&mut self, vault: Option<Vault>, config: ProcessesConfig) {
        self.runner = Some(self.shop.start_saving(vault, config));
    }

    /// Nobody acts until the next start.
    pub(crate) async fn stop(&mut self) {
        self.runner.take().unwrap().stop().await;
    }

    /// As `kill -9` does.
    pub(crate) async fn kill(&mut self) {
        self.runner.take().unwrap().kill().await;
        self.shop.expire_lease().await;
    }

    pub(crate) async fn request(&self, auth_token: &str) -> PaymentMethodId {
        let method_id = PaymentMethodId::new(Uuid::now_v7());
        self.request_as(method_id, auth_token).await;
        method_id
    }

    pub(crate) async fn request_as(&self, method_id: PaymentMethodId, auth_token: &str) {
        self.shop
            .accepted(RequestPaymentMethod {
                user_id: buyer(),
                method_id,
                gateway: "toss".to_owned(),
                auth_token: auth_token.to_owned(),
            })
            .await;
    }

    pub(crate) async fn delete(&self, method_id: PaymentMethodId) {
        self.shop.accepted(deletion(method_id)).await;
    }

    pub(crate) async fn methods(&self) -> PaymentMethodsState {
        let (methods, _) = self
            .shop
            .store
            .load::<PaymentMethods>(buyer())
            .await
            .unwrap();
        methods
    }

    pub(crate) async fn until_active(&self, method_id: PaymentMethodId) {
        eventually("the method is active", async || {
            (self.methods().await.active(method_id).is_ok()).then_some(())
        })
        .await;
    }

    pub(crate) async fn until_gone(&self, method_id: PaymentMethodId) {
        eventually("the method is gone", async || {
            (self.methods().await.method(method_id).is_err()).then_some(())
        })
        .await;
    }

    pub(crate) async fn key_of(&self, method_id: PaymentMethodId) -> Option<BillingKey> {
        let kept = self.vault.open(method_id.uuid(), "toss").await.unwrap();
        kept.map(|kept| kept.billing_key)
    }

    /// How many events of this type there are.
    pub(crate) async fn events(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM event_store.events WHERE event_type = $1")
            .bind(event_type)
            .fetch_one(&self.shop.owner)
            .await
            .unwrap()
    }

    pub(crate) async fn close(mut self) {
        self.stop().await;
        self.shop.close().await;
    }
}

pub(crate) fn vault(shop: &Shop, keys: &str) -> Vault {
    let options = shop.database.role_options("payment_service");
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    Vault::new(pool, keys.parse().unwrap())
}

//! A saved payment method of each kind, from its request to its end, with Toss's mock and a vault of its own.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use chrono::TimeDelta;
use domain::payment_method::{
    DeletePaymentMethod, DeletionReason, MethodStage, PaymentMethods, PaymentMethodsState,
    RequestPaymentMethod,
};
use domain::{PaymentMethodId, UserId};
use event_store::{Command, CommandId, Context, Fingerprint};
use payment_vault::{BillingKey, KeySafe as _, NewMethod, Vault};
use sqlx::postgres::PgPoolOptions;
use testkit::eventually;
use uuid::Uuid;

use crate::stage::{Runner, Shop};

const KEYS: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn ann() -> UserId {
    "ann".parse().unwrap()
}

/// A shop that saves payment methods.
struct Saving {
    shop: Shop,
    vault: Vault,
    runner: Runner,
}

impl Saving {
    async fn open() -> Self {
        let shop = Shop::open_hasty().await;
        let pool = PgPoolOptions::new()
            .connect_with(shop.database.role_options("payment_service"))
            .await
            .unwrap();
        let vault = Vault::new(pool, KEYS.parse().unwrap());
        let runner = shop.start_saving(vault.clone());
        Self {
            shop,
            vault,
            runner,
        }
    }

    async fn execute(&self, operation: impl domain::Operation + 'static) {
        let id = Uuid::now_v7();
        let context = Context {
            principal: "ann".to_owned(),
            correlation_id: id,
            causation_id: None,
            occurred_at: domain_time(&self.shop),
        };
        let fingerprint = Fingerprint::of(&[id.as_bytes()]);
        let command = Command::new(CommandId::new(id), fingerprint, operation, context);
        let outcome = self.shop.store.execute(command).await.unwrap();
        assert!(outcome.status < 400, "{}", outcome.body);
    }

    async fn request(&self, auth_token: &str) -> PaymentMethodId {
        let method_id = PaymentMethodId::new(Uuid::now_v7());
        self.request_as(method_id, auth_token).await;
        method_id
    }

    async fn request_as(&self, method_id: PaymentMethodId, auth_token: &str) {
        self.execute(RequestPaymentMethod {
            user_id: ann(),
            method_id,
            gateway: "toss".to_owned(),
            auth_token: auth_token.to_owned(),
        })
        .await;
    }

    async fn delete(&self, method_id: PaymentMethodId) {
        self.execute(DeletePaymentMethod {
            user_id: ann(),
            method_id,
            reason: DeletionReason::Requested,
        })
        .await;
    }

    async fn methods(&self) -> PaymentMethodsState {
        let (methods, _) = self.shop.store.load::<PaymentMethods>(ann()).await.unwrap();
        methods
    }

    async fn until_active(&self, method_id: PaymentMethodId) {
        eventually("the method is active", async || {
            (self.methods().await.active(method_id).is_ok()).then_some(())
        })
        .await;
    }

    async fn until_gone(&self, method_id: PaymentMethodId) {
        eventually("the method is gone", async || {
            (self.methods().await.method(method_id).is_err()).then_some(())
        })
        .await;
    }

    async fn key_of(&self, method_id: PaymentMethodId) -> Option<BillingKey> {
        let kept = self.vault.open(method_id.uuid(), "toss").await.unwrap();
        kept.map(|kept| kept.billing_key)
    }

    /// How many events of this type there are.
    async fn events(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM event_store.events WHERE event_type = $1")
            .bind(event_type)
            .fetch_one(&self.shop.owner)
            .await
            .unwrap()
    }

    async fn close(self) {
        self.runner.stop().await;
        self.shop.close().await;
    }
}

fn domain_time(shop: &Shop) -> chrono::DateTime<chrono::Utc> {
    use processes::Clock as _;
    shop.clock.now()
}

/// Every row of every table, as text.
async fn everything(owner: &sqlx::PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(&sql).fetch_one(owner).await.unwrap();
        all.push_str(&rows);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_card_has_its_key_sealed_and_nowhere_else() {
    let saving = Saving::open().await;
    let method_id = saving.request("tok_approve").await;
    saving.until_active(method_id).await;
    assert_eq!(saving.methods().await.default_method(), Some(method_id));
    let key = saving.key_of(method_id).await.unwrap();
    let all = everything(&saving.shop.owner).await;
    assert!(
        all.contains("PaymentMethodRegistered"),
        "the search sees the log"
    );
    assert!(all.contains("hmac-sha256:"), "and the vault's fingerprint");
    assert!(
        !all.contains(key.reveal()),
        "a billing key is in clear text somewhere"
    );
    let hex: String = key.reveal().bytes().map(|b| format!("{b:02x}")).collect();
    assert!(
        !all.contains(&hex),
        "a billing key is stored as plain bytes"
    );
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_company_refuses_is_a_failed_registration() {
    let saving = Saving::open().await;
    let method_id = saving.request("what-no-browser-brought").await;
    saving.until_gone(method_id).await;
    assert_eq!(saving.events("PaymentMethodRegistrationFailed").await, 1);
    assert!(saving.key_of(method_id).await.is_none());
    let all = everything(&saving.shop.owner).await;
    assert!(all.contains("INVALID_AUTH_KEY"), "{all}");
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_answer_was_lost_is_asked_for_again_under_the_same_id() {
    let saving = Saving::open().await;
    saving
        .shop
        .bank
        .fail("confirm", "charge-then-timeout", 1)
        .await;
    let method_id = saving.request("tok_approve").await;
    eventually("the registration is late", async || {
        (saving.events("PaymentMethodRegistrationDelayed").await == 1).then_some(())
    })
    .await;
    saving.shop.until_idle().await;
    saving.shop.clock.advance(TimeDelta::seconds(5));
    saving.until_active(method_id).await;
    assert!(saving.key_of(method_id).await.is_some());
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_never_answers_fails_the_registration_in_the_end() {
    let saving = Saving::open().await;
    saving.shop.bank.fail("confirm", "error", 10).await;
    let method_id = saving.request("tok_approve").await;
    for (delays, wait) in [(1, 5), (2, 30), (3, 120)] {
        eventually("the registration is late", async || {
            (saving.events("PaymentMethodRegistrationDelayed").await == delays).then_some(())
        })
        .await;
        saving.shop.until_idle().await;
        saving.shop.clock.advance(TimeDelta::seconds(wait));
    }
    saving.until_gone(method_id).await;
    assert_eq!(saving.events("PaymentMethodRegistrationFailed").await, 1);
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_kept_before_a_crash_is_registered_without_another() {
    let saving = Saving::open().await;
    let method_id = PaymentMethodId::new(Uuid::now_v7());
    let kept = NewMethod {
        method_id: method_id.uuid(),
        user_id: "ann".to_owned(),
        company: "toss".to_owned(),
        billing_key: BillingKey::new("bill_before_the_crash".to_owned()),
        customer_key: BillingKey::new("c".to_owned()),
        kind: "CARD",
        card_company: None,
        card_last4: None,
        now: domain_time(&saving.shop),
    };
    saving.vault.keep(&kept).await.unwrap();
    // Whoever asked the company again would be refused.
    saving
        .request_as(method_id, "what-no-browser-brought")
        .await;
    saving.until_active(method_id).await;
    let key = saving.key_of(method_id).await.unwrap();
    assert_eq!(key.reveal(), "bill_before_the_crash");
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_method_is_retired_at_once_and_erased_when_the_company_has_answered() {
    let saving = Saving::open().await;
    let method_id = saving.request("tok_approve").await;
    saving.until_active(method_id).await;
    saving.shop.bank.fail("refund", "error", 1).await;
    saving.delete(method_id).await;
    eventually("the erasure is late", async || {
        (saving.events("PaymentMethodErasureDelayed").await == 1).then_some(())
    })
    .await;
    let kept = saving.vault.open(method_id.uuid(), "toss").await.unwrap();
    assert!(
        !kept.unwrap().is_active,
        "nothing is charged by it any more"
    );
    let methods = saving.methods().await;
    let stage = &methods.method(method_id).unwrap().stage;
    assert_eq!(*stage, MethodStage::Deleted { attempts: 1 });
    saving.shop.until_idle().await;
    saving.shop.clock.advance(TimeDelta::seconds(5));
    saving.until_gone(method_id).await;
    assert!(saving.key_of(method_id).await.is_none());
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT status, pg_billing_key FROM payment.methods")
            .fetch_all(&saving.shop.owner)
            .await
            .unwrap();
    let erased = format!("erased:{method_id}");
    assert_eq!(rows, [("DELETED".to_owned(), erased)]);
    saving.close().await;
}

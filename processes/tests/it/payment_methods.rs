//! A saved payment method of each kind, from its request to its end, with Toss's mock and a vault of its own.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use chrono::TimeDelta;
use domain::PaymentMethodId;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use domain::payment_method::MethodStage;
use payment_vault::{BillingKey, KeySafe as _, NewMethod};
use processes::{Clock as _, ProcessesConfig};
use testkit::eventually;
use uuid::Uuid;

use crate::stage::saving::{KEYS, Saving, vault};
use crate::stage::{Blockade, PRICE, Shop, buyer};

const NEWER_KEY: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

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
    let (saving, method_id) = Saving::open_with_a_card().await;
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
        user_id: buyer().to_string(),
        company: "toss".to_owned(),
        billing_key: BillingKey::new("bill_before_the_crash".to_owned()),
        customer_key: BillingKey::new("c".to_owned()),
        kind: "CARD",
        card_company: None,
        card_last4: None,
        now: saving.shop.clock.now(),
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
    let (saving, method_id) = Saving::open_with_a_card().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_by_a_saved_card_and_no_browser() {
    let (saving, method_id) = Saving::open_with_a_card().await;
    let sale = saving.shop.place_and_pay_by(method_id).await;
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Paid)
        .await;
    let charged = saving.shop.bank.charges_of(sale.payment_id.uuid()).await;
    assert_eq!(charged, [("toss".to_owned(), PRICE)]);
    let key = saving.key_of(method_id).await.unwrap();
    let all = everything(&saving.shop.owner).await;
    assert!(
        !all.contains(key.reveal()),
        "a billing key is in clear text somewhere"
    );
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_by_a_saved_card_whose_answer_was_lost_is_found_by_inquiry_and_made_once() {
    let (saving, method_id) = Saving::open_with_a_card().await;
    saving
        .shop
        .bank
        .fail("confirm", "charge-then-timeout", 1)
        .await;
    let sale = saving.shop.place_and_pay_by(method_id).await;
    saving.shop.until_inquired(sale.payment_id, 1).await;
    saving.shop.until_idle().await;
    saving.shop.clock.advance(TimeDelta::seconds(5));
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Paid)
        .await;
    let charged = saving.shop.bank.charges_of(sale.payment_id.uuid()).await;
    assert_eq!(charged.len(), 1);
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_deleted_before_the_charge_declines_it_and_frees_the_order() {
    let (saving, method_id) = Saving::open_with_a_card().await;
    saving.shop.until_idle().await;
    // Nothing is taken in while the order is placed and the method deleted.
    let intake =
        "BEGIN; SELECT FROM event_store.checkpoints WHERE subscriber = 'processes' FOR UPDATE";
    let blockade = Blockade::by(&saving.shop, intake).await;
    let sale = saving.shop.place_and_pay_by(method_id).await;
    saving.delete(method_id).await;
    blockade.lift().await;
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    let payment = saving.shop.payment(sale.payment_id).await;
    assert_eq!(
        payment.failure_code.as_deref(),
        Some("PAYMENT_METHOD_DELETED")
    );
    assert_eq!(
        saving.shop.bank.charges_of(sale.payment_id.uuid()).await,
        []
    );
    saving.close().await;
}

/// The reader's write may be taken back by a crash of the database when its charge is made already: whoever reads the
/// event again must not think that nobody has tried it.
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_only_the_company_knows_of_is_found_though_its_method_is_deleted() {
    let (mut saving, method_id) = Saving::open_with_a_card().await;
    saving.shop.until_idle().await;
    let before = saving.shop.checkpoint().await;
    let bank = &saving.shop.bank;
    bank.fail("confirm", "charge-then-timeout", 1).await;
    let sale = saving.shop.place_and_pay_by(method_id).await;
    eventually("the card is charged", async || {
        let charges = bank.charges_of(sale.payment_id.uuid()).await;
        (!charges.is_empty()).then_some(())
    })
    .await;
    saving.kill().await;
    saving.shop.take_back(before).await;
    saving.delete(method_id).await;
    saving.start();
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Paid)
        .await;
    let payment = saving.shop.payment(sale.payment_id).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    let charges = saving.shop.bank.charges_of(sale.payment_id.uuid()).await;
    assert_eq!(charges.len(), 1);
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_deleted_while_nobody_acts_frees_the_order_once_the_company_knows_no_charge()
 {
    let (mut saving, method_id) = Saving::open_with_a_card().await;
    saving.stop().await;
    let sale = saving.shop.place_and_pay_by(method_id).await;
    saving.delete(method_id).await;
    saving.start();
    // Somebody may have tried it: the company is asked, and believed the second time.
    saving.shop.until_inquired(sale.payment_id, 1).await;
    saving.shop.until_idle().await;
    saving.shop.clock.advance(TimeDelta::seconds(5));
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    let payment = saving.shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code.as_deref(), Some("GATEWAY_NO_RECORD"));
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_schedule_is_over_is_tried_every_day_until_it_is_done() {
    let (mut saving, method_id) = Saving::open_with_a_card().await;
    saving.stop().await;
    let config = ProcessesConfig {
        refund_schedule: "5s".parse().unwrap(),
        ..Shop::config()
    };
    let vault = saving.vault.clone();
    saving.start_with(Some(vault), config);
    saving.shop.bank.fail("refund", "error", 4).await;
    saving.delete(method_id).await;
    let waits = [
        TimeDelta::seconds(5),
        TimeDelta::days(1),
        TimeDelta::days(1),
        TimeDelta::days(1),
    ];
    for (delays, wait) in (1..).zip(waits) {
        eventually("the erasure is late", async || {
            (saving.events("PaymentMethodErasureDelayed").await == delays).then_some(())
        })
        .await;
        saving.shop.until_idle().await;
        saving.shop.clock.advance(wait);
    }
    saving.until_gone(method_id).await;
    assert!(saving.key_of(method_id).await.is_none());
    saving.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_lacks_the_keys_declines_nothing_and_one_that_has_them_charges() {
    let (mut saving, method_id) = Saving::open_with_a_card().await;
    saving.stop().await;
    saving.start_with(None, Shop::config());
    let sale = saving.shop.place_and_pay_by(method_id).await;
    let lacks_keys = "PAYMENT_METHOD_KEYS and PAYMENT_DATABASE_URL";
    saving.shop.until_it_waits_because(lacks_keys).await;
    saving.stop().await;
    // A rotation that has not reached this process: the old key was taken out too early.
    let too_new = vault(&saving.shop, NEWER_KEY);
    saving.start_with(Some(too_new), Shop::config());
    saving.shop.clock.advance(TimeDelta::minutes(1));
    let lacks_one = "add a to PAYMENT_METHOD_KEYS";
    saving.shop.until_it_waits_because(lacks_one).await;
    saving.stop().await;
    let payment = saving.shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code, None);
    saving.vault = vault(&saving.shop, &format!("{NEWER_KEY},{KEYS}"));
    saving.start();
    saving.shop.clock.advance(TimeDelta::minutes(1));
    saving
        .shop
        .until_order(sale.order_id, OrderStatus::Paid)
        .await;
    let charged = saving.shop.bank.charges_of(sale.payment_id.uuid()).await;
    assert_eq!(charged, [("toss".to_owned(), PRICE)]);
    saving.close().await;
}

/// It looks into another database, or a backup from before: a key that it cannot find is not erased.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_never_kept_here_is_not_taken_for_erased() {
    let (saving, method_id) = Saving::open_with_a_card().await;
    for table in ["method_history", "method_keys", "methods"] {
        let lose = format!("ALTER TABLE payment.{table} RENAME TO {table}_elsewhere");
        sqlx::query(&lose)
            .execute(&saving.shop.owner)
            .await
            .unwrap();
        let empty =
            format!("CREATE TABLE payment.{table} (LIKE payment.{table}_elsewhere INCLUDING ALL)");
        sqlx::query(&empty)
            .execute(&saving.shop.owner)
            .await
            .unwrap();
        let grant = format!("ALTER TABLE payment.{table} OWNER TO payment_service");
        sqlx::query(&grant)
            .execute(&saving.shop.owner)
            .await
            .unwrap();
    }
    saving.delete(method_id).await;
    saving
        .shop
        .until_it_waits_because("as if it was never kept there")
        .await;
    for table in ["method_history", "method_keys", "methods"] {
        let found = format!(
            "DROP TABLE payment.{table}; ALTER TABLE payment.{table}_elsewhere RENAME TO {table}"
        );
        sqlx::raw_sql(&found)
            .execute(&saving.shop.owner)
            .await
            .unwrap();
    }
    saving.shop.clock.advance(TimeDelta::minutes(10));
    saving.until_gone(method_id).await;
    assert!(saving.key_of(method_id).await.is_none());
    saving.close().await;
}

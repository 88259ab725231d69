//! What is kept, and what is nowhere to be seen.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use payment_vault::{
    AccountOfRefund, BillingKey, Keeping, KeySafe as _, NewMethod, RefundAccount, Vault,
    VaultError, VaultKeys,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use testkit::TestDatabase;
use uuid::Uuid;

const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// As long as Toss allows.
fn canary() -> String {
    format!("bk-canary-{}", "x".repeat(190))
}

fn keys(text: &str) -> VaultKeys {
    text.parse().unwrap()
}

async fn service(database: &TestDatabase) -> PgPool {
    PgPoolOptions::new()
        .connect_with(database.role_options("payment_service"))
        .await
        .unwrap()
}

fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

fn method(number: u128, billing_key: &str) -> NewMethod {
    NewMethod {
        method_id: Uuid::from_u128(number),
        user_id: "ann-canary".to_owned(),
        company: "toss".to_owned(),
        billing_key: BillingKey::new(billing_key.to_owned()),
        customer_key: BillingKey::new("customer-canary".to_owned()),
        kind: "CARD",
        card_company: Some("71".to_owned()),
        card_last4: Some("1234".to_owned()),
        now: now(),
    }
}

/// Every row of every table, as text; bytes as they are.
async fn dump(database: &TestDatabase) -> String {
    let owner = database.owner_pool().await;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_schema::text, table_name::text FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let mut all = String::new();
    for (schema, table) in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {schema}.{table} t");
        let rows: String = sqlx::query_scalar(&sql).fetch_one(&owner).await.unwrap();
        all.push_str(&rows);
    }
    // PostgreSQL shows bytes in hexadecimal digits: a key that were stored as it is would look like this.
    let raw: Vec<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM payment.method_keys")
        .fetch_all(&owner)
        .await
        .unwrap();
    for bytes in raw {
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    owner.close().await;
    all
}

async fn history(pool: &PgPool) -> Vec<(Option<String>, String)> {
    sqlx::query_as("SELECT previous_status, current_status FROM payment.method_history ORDER BY changed_at, current_status = 'DELETED'")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_key_is_kept_opened_retired_and_wiped() {
    let database = TestDatabase::create().await;
    let pool = service(&database).await;
    let vault = Vault::new(pool.clone(), keys(NEW));
    let new = method(1, &canary());
    for _ in 0..2 {
        assert_eq!(vault.keep(&new).await.unwrap(), Keeping::Kept);
    }
    let kept = vault.open(new.method_id, "toss").await.unwrap().unwrap();
    assert_eq!(kept.billing_key.reveal(), canary());
    assert_eq!(
        (kept.user_id.as_str(), kept.customer_key.reveal()),
        ("ann-canary", "customer-canary")
    );
    assert!(kept.is_active);
    let found = vault.find("toss", &new.billing_key).await.unwrap();
    assert_eq!(found, Some(new.method_id));
    assert_eq!(vault.find("nice", &new.billing_key).await.unwrap(), None);

    for _ in 0..2 {
        vault.retire(new.method_id, now()).await.unwrap();
    }
    let kept = vault.open(new.method_id, "toss").await.unwrap().unwrap();
    assert!(!kept.is_active);

    for _ in 0..2 {
        vault.wipe(new.method_id, now()).await.unwrap();
    }
    assert!(vault.open(new.method_id, "toss").await.unwrap().is_none());
    assert_eq!(vault.find("toss", &new.billing_key).await.unwrap(), None);
    let status = |text: &str| Some(text.to_owned());
    assert_eq!(
        history(&pool).await,
        [
            (None, "ACTIVE".to_owned()),
            (status("ACTIVE"), "INACTIVE".to_owned()),
            (status("INACTIVE"), "DELETED".to_owned()),
        ]
    );
    // The same key, issued again.
    let again = method(2, &canary());
    assert_eq!(vault.keep(&again).await.unwrap(), Keeping::Kept);
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn no_table_shows_a_key_or_whose_it_is() {
    let database = TestDatabase::create().await;
    let pool = service(&database).await;
    let vault = Vault::new(pool.clone(), keys(NEW));
    vault.keep(&method(1, &canary())).await.unwrap();
    let all = dump(&database).await;
    assert!(
        all.contains("hmac-sha256:") && all.contains("1234"),
        "{all}"
    );
    assert!(!all.contains("canary"), "{all}");
    // The search finds what is there.
    sqlx::query("UPDATE payment.methods SET card_company = 'bk-canary-x'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(dump(&database).await.contains("canary"));
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn a_key_that_another_method_has_is_not_kept_twice() {
    let database = TestDatabase::create().await;
    let pool = service(&database).await;
    let vault = Vault::new(pool.clone(), keys(NEW));
    vault.keep(&method(1, "bk")).await.unwrap();
    let elsewhere = vault.keep(&method(2, "bk")).await.unwrap();
    assert_eq!(elsewhere, Keeping::Elsewhere);
    assert!(
        vault
            .open(Uuid::from_u128(2), "toss")
            .await
            .unwrap()
            .is_none()
    );
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn keys_are_rotated_and_a_row_that_was_moved_opens_nothing() {
    let database = TestDatabase::create().await;
    let pool = service(&database).await;
    let before = Vault::new(pool.clone(), keys(OLD));
    before.keep(&method(1, "bk-1")).await.unwrap();
    let rotated = Vault::new(pool.clone(), keys(&format!("{NEW},{OLD}")));
    rotated.keep(&method(2, "bk-2")).await.unwrap();
    for (number, key) in [(1, "bk-1"), (2, "bk-2")] {
        let id = Uuid::from_u128(number);
        let kept = rotated.open(id, "toss").await.unwrap().unwrap();
        assert_eq!(kept.billing_key.reveal(), key);
        let found = rotated.find("toss", &BillingKey::new(key.to_owned())).await;
        assert_eq!(found.unwrap(), Some(id));
    }
    let alone = Vault::new(pool.clone(), keys(NEW));
    let gone = alone.open(Uuid::from_u128(1), "toss").await.unwrap_err();
    assert!(matches!(gone, VaultError::UnknownKey { .. }), "{gone}");
    assert!(alone.open(Uuid::from_u128(2), "toss").await.is_ok());
    sqlx::query(
        "UPDATE payment.method_keys SET (key_name, sealed) =
            (SELECT key_name, sealed FROM payment.method_keys WHERE method_id = $1)
          WHERE method_id = $2",
    )
    .bind(Uuid::from_u128(2))
    .bind(Uuid::from_u128(1))
    .execute(&pool)
    .await
    .unwrap();
    let moved = rotated.open(Uuid::from_u128(1), "toss").await.unwrap_err();
    assert!(matches!(moved, VaultError::Tampered), "{moved}");
    pool.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn no_other_role_reads_a_sealed_key() {
    let database = TestDatabase::create().await;
    for role in [
        "commerce_app",
        "commerce_read",
        "main_service",
        "other_service",
    ] {
        let pool = PgPoolOptions::new()
            .connect_with(database.role_options(role))
            .await
            .unwrap();
        let read = sqlx::query("SELECT FROM payment.method_keys")
            .execute(&pool)
            .await;
        assert!(read.is_err(), "{role} reads sealed keys");
        pool.close().await;
    }
    database.drop_now().await;
}

#[tokio::test]
async fn an_account_is_kept_sealed_replaced_and_wiped() {
    let database = TestDatabase::create().await;
    let pool = service(&database).await;
    let vault = Vault::new(pool.clone(), keys(NEW));
    let refund_id = Uuid::from_u128(1);
    let account = |number: &str| RefundAccount {
        bank: "20".to_owned(),
        number: number.to_owned(),
        holder: "holder-canary".to_owned(),
    };
    assert_eq!(vault.open_account(refund_id).await.unwrap(), None);
    let (first, second) = (now() - TimeDelta::seconds(1), now());
    for (number, told_at) in [("1002123456789", first), ("9999123456789", second)] {
        let told = account(number);
        let told = AccountOfRefund {
            refund_id,
            account: told,
            told_at,
        };
        vault.keep_account(&told).await.unwrap();
        let opened = vault.open_account(refund_id).await.unwrap();
        assert_eq!(opened, Some(told.account));
    }
    let late = AccountOfRefund {
        refund_id,
        account: account("1"),
        told_at: first,
    };
    vault.keep_account(&late).await.unwrap();
    let opened = vault.open_account(refund_id).await.unwrap();
    assert_eq!(
        opened,
        Some(account("9999123456789")),
        "what was told before replaces nothing"
    );
    assert!(!dump(&database).await.contains("holder-canary"));
    let mark = |refund_id, number| vault.account_fingerprint(refund_id, &account(number));
    assert_eq!(mark(refund_id, "1"), mark(refund_id, "1"));
    assert_ne!(mark(refund_id, "1"), mark(refund_id, "2"));
    assert_ne!(mark(refund_id, "1"), mark(Uuid::from_u128(2), "1"));
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM payment.refund_accounts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("canary"));

    // Sealed for one refund, it opens for no other.
    sqlx::query("INSERT INTO payment.refund_accounts SELECT $1, key_name, sealed, given_at FROM payment.refund_accounts")
        .bind(Uuid::from_u128(2))
        .execute(&pool)
        .await
        .unwrap();
    let stolen = vault.open_account(Uuid::from_u128(2)).await;
    assert!(matches!(stolen, Err(VaultError::Tampered)), "{stolen:?}");
    let lost = Vault::new(pool.clone(), keys(OLD))
        .open_account(refund_id)
        .await;
    assert!(
        matches!(lost, Err(VaultError::UnknownKey { .. })),
        "{lost:?}"
    );
    for _ in 0..2 {
        vault.wipe_account(refund_id).await.unwrap();
    }
    assert_eq!(vault.open_account(refund_id).await.unwrap(), None);
    pool.close().await;
    drop(vault);
    database.drop_now().await;
}

//! The ledger made anew from the log, while it is kept.

use payment_ledger::Ledger;
use serde_json::Value;

use crate::shop::Shop;

/// All rows of the tables that follow from the log, but for the times of the writing.
async fn tables(shop: &Shop) -> Vec<Value> {
    let mut all = Vec::new();
    for (table, but) in [
        ("payment.transactions", ""),
        ("payment.transaction_history", ""),
        ("main.orders", ""),
        (
            "main.order_payment_mapping",
            " - 'created_at' - 'updated_at'",
        ),
        ("main.payment_states", " - 'last_updated_at'"),
        ("main.users", ""),
        ("main.user_payment_method_mapping", ""),
    ] {
        all.extend(
            shop.rows(&format!(
                "SELECT '{table}' AS of, to_jsonb(t){but} AS row FROM {table} t ORDER BY id"
            ))
            .await,
        );
    }
    all
}

/// A payment as the legacy migration brings it over, with its history.
const MIGRATED: &str = "
    INSERT INTO payment.transactions (id, pg_transaction_id, pg_company, transaction_type, amount, status)
    VALUES ('00000000-0000-0000-0000-000000000007', 'from-legacy', 'TOSS', 'PAYMENT', 1000, 'SUCCESS');
    INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
    VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000007', 'SUCCESS', now());
    INSERT INTO payment.legacy_ids (subject, legacy_id, id)
    VALUES ('PAYMENT', 7, '00000000-0000-0000-0000-000000000007');
    INSERT INTO main.legacy_order_payment_mapping
           (id, legacy_order_id, payment_transaction_id, payment_status)
    VALUES (gen_random_uuid(), 7, '00000000-0000-0000-0000-000000000007', 'SUCCESS')";

/// What an operator rebuilds the ledger for.
const DAMAGE: &str = "
    UPDATE payment.transactions SET amount = amount + 1, status = 'FAILED' WHERE pg_transaction_id <> 'from-legacy';
    DELETE FROM payment.transaction_history WHERE transaction_id <> '00000000-0000-0000-0000-000000000007';
    DELETE FROM main.order_payment_mapping;
    UPDATE main.payment_states SET paid_amount = 1, current_status = 'UNKNOWN';
    INSERT INTO main.orders VALUES (gen_random_uuid(), 'KRW');
    INSERT INTO main.users VALUES ('nobody')";

async fn rebuild_all(shop: &Shop) -> Vec<u64> {
    let mut events = Vec::new();
    for ledger in Ledger::ALL {
        events.push(shop.rebuild(ledger).await);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_is_made_anew_from_the_log_and_what_was_migrated_stays() {
    let shop = Shop::open().await;
    shop.keep_books();
    shop.as_owner(MIGRATED).await;
    // The company gave the migrated payment's id again: the new one keeps ours, also after a rebuild.
    let (_, payment) = shop.paid(2, "from-legacy").await;
    shop.paid(1, "toss-key-1").await;
    shop.refund(payment, 5_000).await;
    shop.caught_up().await;
    let right = tables(&shop).await;
    shop.as_owner(DAMAGE).await;
    assert_ne!(tables(&shop).await, right);
    for table in shop.compared_tables().await {
        let is_damaged = table.table != "main.user_payment_method_mapping";
        assert_eq!(table.is_same(), !is_damaged, "{table:?}");
    }
    let events = rebuild_all(&shop).await;
    assert_eq!(tables(&shop).await, right);
    assert!(events[0] >= 5 && events[1] > events[0], "{events:?}");
    shop.all_same().await;
    let legacy = shop.rows("TABLE main.legacy_order_payment_mapping").await;
    assert_eq!(legacy.len(), 1);
    // Whoever keeps the books goes on where the rebuild left them.
    shop.paid(1, "toss-key-2").await;
    shop.caught_up().await;
    shop.all_same().await;
    assert_eq!(shop.compared().await.rows, 4);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_of_nothing_leaves_nothing_and_a_second_one_the_same() {
    let shop = Shop::open().await;
    assert_eq!(rebuild_all(&shop).await, [0, 0, 0]);
    shop.paid(1, "toss-key-1").await;
    let first = rebuild_all(&shop).await;
    let right = tables(&shop).await;
    assert_eq!(rebuild_all(&shop).await, first);
    assert_eq!(tables(&shop).await, right);
    // The books were never kept by anybody else.
    shop.all_same().await;
    shop.close().await;
}

#[test]
fn every_part_is_found_by_its_name_and_by_no_other() {
    for ledger in Ledger::ALL {
        assert_eq!(Ledger::named(ledger.name()), Some(ledger));
    }
    assert_eq!(Ledger::named("orders"), None);
}

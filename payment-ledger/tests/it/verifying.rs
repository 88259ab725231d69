//! Whether damage is found: each table of the ledger, damaged, and it alone, turns the comparison red.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::checkout::{GatewayAnswer, RefundAnswer};
use payment_ledger::{Ledger, TableComparison, keep_transactions, verify};
use sqlx::postgres::PgPoolOptions;
use testkit::{TestDatabase, eventually};

use crate::plants::{HISTORY_PLANTS, MAPPING_PLANTS, Plant, STATE_PLANTS};
use crate::shop::{Shop, quick};

const MAPPINGS: &str = "main.order_payment_mapping";
const STATES: &str = "main.payment_states";
const HISTORY: &str = "payment.transaction_history";

/// A payment as the legacy migration brings it over, with a history that the log knows nothing of.
const MIGRATED: &str = "
    INSERT INTO payment.transactions (id, pg_transaction_id, pg_company, transaction_type, amount, status)
    VALUES ('00000000-0000-0000-0000-000000000007', 'from-legacy', 'TOSS', 'PAYMENT', 1000, 'SUCCESS');
    INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
    VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000007', 'SUCCESS', now());
    INSERT INTO payment.legacy_ids (subject, legacy_id, id)
    VALUES ('PAYMENT', 7, '00000000-0000-0000-0000-000000000007')";

/// A change of a transaction of the log's, moved to a migrated one, and an invented one: as many as before.
const MOVED: &str = "
    UPDATE payment.transaction_history SET transaction_id = '00000000-0000-0000-0000-000000000007'
     WHERE change_reason = 'REJECT_CARD_COMPANY';
    INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
    SELECT gen_random_uuid(), id, 'FAILED', now() FROM payment.transactions
     WHERE pg_transaction_id = 'toss-key-1'";

/// A shop that sold, gave a part back and was declined, with its ledger.
async fn shop_with_a_story() -> Shop {
    let shop = Shop::open().await;
    shop.as_owner(MIGRATED).await;
    let (_, payment) = shop.paid(2, "toss-key-1").await;
    let refund = shop.refund(payment, 5_000).await;
    shop.settle_refund(payment, refund, RefundAnswer::Done)
        .await;
    let order = shop.order(1).await;
    let declined = shop.request_payment(order, "nice").await;
    let code = "REJECT_CARD_COMPANY".to_owned();
    let message = "no".to_owned();
    shop.settle(declined, GatewayAnswer::Declined { code, message })
        .await;
    for ledger in Ledger::ALL {
        shop.rebuild(ledger).await;
    }
    shop
}

/// Each plant is found in its table, with its words, and in no other table; and what is mended is whole again.
async fn each_is_found(shop: &Shop, ledger: Ledger, table: &str, one: &str, plants: &[Plant]) {
    for plant in plants {
        shop.all_same().await;
        let sql = plant.sql.replace("$one", one);
        shop.as_owner(&sql).await;
        for found in shop.compared_tables().await {
            if found.table == table {
                tells(&found, plant);
            } else {
                assert!(found.is_same(), "{sql}: {found:?}");
            }
        }
        shop.rebuild(ledger).await;
    }
    shop.all_same().await;
}

fn tells(found: &TableComparison, plant: &Plant) {
    let (sql, wanted) = (plant.sql, plant.told);
    let told = found.told.len();
    assert_eq!(told, wanted.len(), "{sql}: {found:?}");
    assert_eq!(u64::try_from(told), Ok(found.differences), "{sql}");
    for words in wanted {
        let is_told = found.told.iter().any(|told| told.contains(words));
        assert!(is_told, "{words} after {sql}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_lost_or_invented_mapping_of_an_order_is_found_with_its_columns() {
    let shop = shop_with_a_story().await;
    let one = "id = (SELECT id FROM payment.transactions WHERE transaction_type = 'REFUND')";
    each_is_found(&shop, Ledger::OrderPayments, MAPPINGS, one, MAPPING_PLANTS).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_lost_or_invented_state_of_an_order_is_found_with_its_columns() {
    let shop = shop_with_a_story().await;
    let one = "current_status = 'PARTIALLY_REFUNDED'";
    each_is_found(&shop, Ledger::OrderPayments, STATES, one, STATE_PLANTS).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_lost_or_invented_change_of_a_transaction_is_found_with_its_columns() {
    let shop = shop_with_a_story().await;
    let one = "change_reason = 'REJECT_CARD_COMPANY'";
    each_is_found(&shop, Ledger::Transactions, HISTORY, one, HISTORY_PLANTS).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_moved_to_where_nobody_looks_hides_no_other() {
    let shop = shop_with_a_story().await;
    shop.as_owner(MOVED).await;
    let history = shop.verified(Ledger::Transactions).await.tables.remove(1);
    assert_eq!(history.differences, 2, "{history:?}");
    let moved = "transaction_id is 00000000-0000-0000-0000-000000000007 and should be ";
    assert!(history.told[0].contains(moved), "{history:?}");
    let invented = "the log knows of no change ";
    assert!(history.told[1].starts_with(invented), "{history:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_a_page_has_are_all_counted_and_the_first_are_told() {
    let shop = shop_with_a_story().await;
    shop.as_owner(
        "INSERT INTO main.orders SELECT gen_random_uuid(), 'KRW' FROM generate_series(1, 12000);
         INSERT INTO main.order_payment_mapping (id, order_id, payment_transaction_id, payment_status)
         SELECT gen_random_uuid(), o.id, gen_random_uuid(), 'PENDING' FROM main.orders o
          WHERE NOT EXISTS (SELECT FROM main.payment_states s WHERE s.order_id = o.id);
         INSERT INTO main.payment_states (id, order_id, current_status, payment_amount)
         SELECT gen_random_uuid(), o.id, 'PENDING', 1 FROM main.orders o
          WHERE NOT EXISTS (SELECT FROM main.payment_states s WHERE s.order_id = o.id);
         INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
         SELECT gen_random_uuid(), t.id, 'PENDING', now()
           FROM generate_series(1, 12000), (SELECT id FROM payment.transactions
                                             WHERE pg_transaction_id = 'toss-key-1') t",
    )
    .await;
    for found in shop.compared_tables().await {
        if [MAPPINGS, STATES, HISTORY].contains(&found.table) {
            let (table, told) = (found.table, found.told.len());
            assert_eq!((found.differences, told), (12_000, 20), "{table}");
            let invented = found.told.iter();
            let mut invented = invented.map(|told| told.starts_with("the log knows of no "));
            assert!(invented.all(|is_invented| is_invented), "{found:?}");
        } else {
            assert!(found.is_same(), "{found:?}");
        }
    }
    shop.close().await;
}

/// Sells, gives back, and is declined.
async fn sell(shop: &Shop, rounds: usize) {
    for number in 0..rounds {
        let (_, payment) = shop.paid(1, &format!("key-{number}")).await;
        let refund = shop.refund(payment, 100).await;
        let late = RefundAnswer::NotDone {
            reason: "PROVIDER_ERROR".to_owned(),
        };
        shop.settle_refund(payment, refund, late).await;
        shop.settle_refund(payment, refund, RefundAnswer::Done)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_quiet_while_it_is_kept_and_made_anew() {
    let shop = Shop::open().await;
    shop.keep_books();
    let sold_out = AtomicBool::new(false);
    let selling = async {
        sell(&shop, 60).await;
        sold_out.store(true, Ordering::Relaxed);
    };
    let comparing = async {
        let mut seen = Vec::new();
        while !sold_out.load(Ordering::Relaxed) {
            for table in shop.compared_tables().await {
                assert!(table.is_same(), "{table:?}");
                seen.push((table.table, table.rows));
            }
        }
        seen
    };
    let rebuilding = async {
        while !sold_out.load(Ordering::Relaxed) {
            for ledger in [Ledger::Transactions, Ledger::OrderPayments] {
                shop.rebuild(ledger).await;
            }
        }
    };
    let ((), seen, ()) = tokio::join!(selling, comparing, rebuilding);
    shop.caught_up().await;
    shop.all_same().await;
    for table in shop.compared_tables().await {
        if table.table == "main.user_payment_method_mapping" {
            continue;
        }
        assert!(table.rows >= 60, "{table:?}");
        // It was looked at when there were some rows, and not yet all.
        let between =
            |(of, rows): &&(&str, usize)| *of == table.table && (1..table.rows).contains(rows);
        assert!(seen.iter().any(|seen| between(&seen)), "{seen:?}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_is_compared_by_who_owns_it_and_by_no_other() {
    let shop = shop_with_a_story().await;
    for ledger in Ledger::ALL {
        for role in ["payment_service", "main_service", "other_service"] {
            let compared = verify(&shop.pool(role), shop.store.log(), ledger).await;
            if role.starts_with(ledger.schema()) {
                let compared = compared.expect("the owner may look");
                assert!(
                    compared.position > 0 && compared.tables.iter().all(TableComparison::is_same)
                );
            } else {
                let code = compared.map_err(|error| error.code());
                assert_eq!(code, Err("LEDGER_DATABASE"), "{role} of {ledger:?}");
            }
        }
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_in_a_database_of_its_own_is_compared_there_with_the_shops_log() {
    let shop = Shop::open().await;
    let apart = TestDatabase::create().await;
    let payment = PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy_with(apart.role_options("payment_service"));
    let log = shop.store.log().clone();
    drop(keep_transactions(
        payment.clone(),
        log,
        quick(),
        shop.stop.clone(),
    ));
    shop.paid(1, "toss-key-1").await;
    let head = shop.store.log().head().await.expect("the log is read");
    let compared = eventually("the ledger is up to date", async || {
        let compared = verify(&payment, shop.store.log(), Ledger::Transactions).await;
        let compared = compared.expect("it can be compared");
        (compared.position == head).then_some(compared)
    })
    .await;
    let rows: Vec<_> = compared.tables.iter().map(|table| table.rows).collect();
    assert_eq!(rows, [1, 2]);
    assert!(compared.tables.iter().all(TableComparison::is_same));
    // In the shop's own database nobody ever kept it.
    assert_eq!(shop.verified(Ledger::Transactions).await.position, 0);
    sqlx::raw_sql("DELETE FROM payment.transaction_history")
        .execute(&payment)
        .await
        .expect("its owner may");
    let damaged = verify(&payment, shop.store.log(), Ledger::Transactions).await;
    let damaged = damaged.expect("it can be compared").tables;
    let differences: Vec<u64> = damaged.iter().map(|table| table.differences).collect();
    assert_eq!(differences, [0, 2], "{damaged:?}");
    shop.stop.cancel();
    payment.close().await;
    apart.drop_now().await;
    shop.close().await;
}

#[tokio::test]
async fn a_part_that_was_never_kept_has_no_rows_and_says_so() {
    let shop = Shop::open().await;
    shop.paid(1, "toss-key-1").await;
    for ledger in Ledger::ALL {
        let compared = shop.verified(ledger).await;
        assert_eq!(compared.position, 0);
        let names: Vec<&str> = compared.tables.iter().map(|table| table.table).collect();
        assert_eq!(names, ledger.tables());
        assert!(
            compared
                .tables
                .iter()
                .all(|table| table.is_same() && table.rows == 0)
        );
    }
    shop.close().await;
}

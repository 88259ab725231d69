//! The steps in their order, interrupted, repeated and taken back.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _};
use testkit::eventually_within;

use super::shop::LegacyShop;

/// Enough for every awkward row, and for many small batches.
const PAYMENTS: u64 = 3_000;
/// How long a step may take to get where it is to be killed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn every_row_is_carried_over_or_says_why_not_and_a_second_run_changes_nothing() {
    let shop = LegacyShop::new(PAYMENTS).await;
    let checked = shop.run(&["all", "--until", "check"]);
    for dependent in [
        "foreign key fk_orders_payment",
        "foreign key fk_history_payment",
        "view view_payment_summary",
        "trigger trg_payments_completed",
    ] {
        assert!(checked.contains(dependent), "{dependent} in:\n{checked}");
    }
    shop.run(&["all", "--until", "switch"]);
    shop.assert_carried().await;
    let report = shop.report();
    let payments = &report["subjects"][1];
    assert_eq!(payments["subject"], "PAYMENT");
    assert_eq!(payments["carried"], shop.model.carried["PAYMENT"]);
    assert_eq!(payments["rejected"]["AMOUNT_DOES_NOT_FIT"], 3);
    assert_eq!(payments["masked"], shop.model.masked.0);
    assert_eq!(report["subjects"][0]["masked"], shop.model.masked.1);
    shop.run(&["all"]);
    let left: Vec<String> = shop.legacy_tables().await;
    assert_eq!(
        left,
        [
            "backup_tb_payment_history",
            "backup_tb_payment_methods",
            "backup_tb_payments",
            "orders"
        ]
    );
    let again = shop.run(&["all"]);
    assert_eq!(again.matches("nothing to do").count(), 7, "{again}");
    shop.assert_carried().await;
    shop.close().await;
}

#[tokio::test]
async fn a_row_is_what_it_was() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.run(&["all", "--until", "verify"]);
    // Payment 103: 12.03 dollars after the shop's clock's 1:43, which is the day before in Greenwich.
    let row: (String, String, String, String, String, String, String) = sqlx::query_as(
        "SELECT t.amount::text, t.currency, t.status, t.pg_request_data::text, t.requested_at::text,
                t.completed_at::text, t.pg_company
           FROM payment.transactions t WHERE t.pg_transaction_id = 'pg_103'",
    )
    .fetch_one(&shop.target)
    .await
    .expect("the payment is there");
    let wanted = [
        "11.03",
        "USD",
        "SUCCESS",
        r#"{"orderId":"o-103","method":"카드"}"#,
        "2021-12-31 16:43:00+00",
        "2021-12-31 16:43:05+00",
        "NICE",
    ];
    assert_eq!(
        [&row.0, &row.1, &row.2, &row.3, &row.4, &row.5, &row.6].map(String::as_str),
        wanted
    );
    let linked = "SELECT count(*) FROM main.legacy_order_payment_mapping l
          JOIN payment.legacy_ids i ON i.id = l.payment_transaction_id AND i.subject = 'PAYMENT'
         WHERE (l.legacy_order_id, i.legacy_id) IN ((103, 103), (119, 120), (15, 15), (7, 7))
           AND l.payment_status = 'SUCCESS' AND l.payment_confirmed_at IS NOT NULL";
    assert_eq!(shop.number(linked).await, 4);
    // A payment whose gateway never answered goes by our id.
    let unanswered = "SELECT count(*) FROM payment.transactions
                       WHERE status = 'PENDING' AND pg_transaction_id = id::text";
    assert_eq!(
        shop.number(unanswered).await,
        shop.number("SELECT count(*) FROM payment.transactions WHERE status = 'PENDING'")
            .await
    );
    let card = "SELECT count(*) FROM payment.methods WHERE card_last4 = '0001' AND card_company = '신한카드'";
    assert_eq!(shop.number(card).await, 1);
    let reject: (String, String) = sqlx::query_as(
        r#"SELECT detail, "row" ->> 'requested_at' FROM payment.legacy_rejects
            WHERE subject = 'PAYMENT' AND legacy_id = 13"#,
    )
    .fetch_one(&shop.target)
    .await
    .expect("the reject is there");
    assert_eq!(reject.1, "2023-02-30 10:00:00");
    assert!(reject.0.contains("requested_at"), "{}", reject.0);
    shop.close().await;
}

#[tokio::test]
async fn bodies_of_many_megabytes_come_in_batches_that_end_early() {
    let shop = LegacyShop::new(1_000).await;
    // Thirty megabytes within one batch's rows; a batch ends at sixteen.
    shop.legacy_execute(
        r#"UPDATE tb_payments SET pg_response = CONCAT('{"log":"', REPEAT('x', 6000000), '"}')
            WHERE payment_id BETWEEN 101 AND 105"#,
    )
    .await;
    shop.run(&["all", "--until", "verify"]);
    shop.assert_carried().await;
    let large = "SELECT count(*) FROM payment.transactions
                  WHERE length(pg_response_data ->> 'log') = 6000000";
    assert_eq!(shop.number(large).await, 5);
    shop.close().await;
}

#[tokio::test]
async fn the_way_back_from_the_end_leaves_the_source_as_it_was_and_the_way_there_is_open_again() {
    let shop = LegacyShop::new(PAYMENTS).await;
    let before = shop.portrait().await;
    shop.run(&["all"]);
    assert_ne!(shop.portrait().await, before);
    shop.run(&["back", "--to", "switch"]);
    assert_eq!(
        shop.number("SELECT count(*) FROM payment.legacy_steps")
            .await,
        6
    );
    shop.run(&["back", "--to", "start"]);
    assert_eq!(shop.portrait().await, before);
    for table in [
        "payment.transactions",
        "payment.methods",
        "payment.transaction_history",
        "payment.legacy_ids",
        "payment.legacy_rejects",
        "payment.legacy_steps",
        "payment.legacy_definitions",
        "main.legacy_order_payment_mapping",
    ] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(shop.number(&count).await, 0, "{table}");
    }
    shop.run(&["all"]);
    shop.assert_carried().await;
    shop.close().await;
}

#[tokio::test]
async fn a_copy_that_is_killed_in_the_middle_goes_on_where_it_was() {
    let mut shop = LegacyShop::new(PAYMENTS).await;
    shop.installation.set("LEGACY_BATCH_ROWS", "100");
    shop.run(&["all", "--until", "drop-foreign-keys"]);
    for (subject, key) in [
        ("METHOD", 450),
        ("PAYMENT", 1_550),
        ("HISTORY", 2_050),
        ("ORDER", 950),
    ] {
        // Another session is about to write the very id: the batch that has it waits, and is killed there.
        let mut blocker = shop.target.begin().await.expect("a transaction");
        let insert = "INSERT INTO payment.legacy_ids VALUES ($1, $2, gen_random_uuid())";
        sqlx::query(insert)
            .bind(subject)
            .bind(key)
            .execute(&mut *blocker)
            .await
            .expect("the id is free");
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut *blocker)
            .await
            .expect("the session knows itself");
        let copy = shop.installation.start(&["migrate-legacy", "copy"], &[]);
        // Waiting for this very session: what waits for anything else has not come to the id yet.
        let waits = format!(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {pid} = ANY(pg_blocking_pids(pid)))"
        );
        shop.until("the copy waits", &waits, PATIENCE).await;
        copy.kill();
        blocker.rollback().await.expect("the id is free again");
        let progress: Option<(i64, bool)> = sqlx::query_as(
            "SELECT last_key, finished FROM payment.legacy_progress WHERE subject = $1",
        )
        .bind(subject)
        .fetch_optional(&shop.target)
        .await
        .expect("the progress can be read");
        let stands_before = progress
            .is_some_and(|(last_key, finished)| last_key > 0 && last_key < key && !finished);
        assert!(stands_before, "{subject} before {key}: {progress:?}");
    }
    shop.run(&["all", "--until", "verify"]);
    shop.assert_carried().await;
    shop.close().await;
}

#[tokio::test]
async fn a_drop_that_is_killed_in_the_middle_goes_on_and_there_is_still_a_way_back() {
    let shop = LegacyShop::new(PAYMENTS).await;
    let before = shop.portrait().await;
    shop.run(&["all", "--until", "switch"]);
    kill_in_the_middle_of_drop(&shop).await;
    shop.run(&["back", "--to", "switch"]);
    shop.run(&["back", "--to", "start"]);
    assert_eq!(shop.portrait().await, before);
    shop.run(&["all", "--until", "switch"]);
    kill_in_the_middle_of_drop(&shop).await;
    shop.run(&["drop"]);
    assert_eq!(shop.legacy_tables().await.len(), 4);
    shop.assert_carried().await;
    shop.close().await;
}

/// Somebody reads `tb_payments`, so that the drop stops between two tables; there it is killed.
pub(crate) async fn kill_in_the_middle_of_drop(shop: &LegacyShop) {
    let mut legacy = shop.legacy().await;
    let mut reader = legacy.begin().await.expect("a transaction");
    reader
        .execute(sqlx::raw_sql("SELECT payment_id FROM tb_payments LIMIT 1"))
        .await
        .expect("the table is there");
    let drop = shop.installation.start(&["migrate-legacy", "drop"], &[]);
    eventually_within(PATIENCE, "the first table is gone", async || {
        let tables = shop.legacy_tables().await;
        (!tables.iter().any(|table| table == "tb_payment_history")).then_some(())
    })
    .await;
    drop.kill();
    let tables = shop.legacy_tables().await;
    assert!(
        tables.iter().any(|table| table == "tb_payments"),
        "it was killed in the middle: {tables:?}"
    );
    reader.rollback().await.expect("the reader is done");
}

//! What the migration refuses, and what it finds.

use super::shop::LegacyShop;

const PAYMENTS: u64 = 1_000;

#[tokio::test]
async fn a_step_does_not_come_before_its_turn() {
    let shop = LegacyShop::new(PAYMENTS).await;
    for (step, needs) in [
        ("check", "back-up"),
        ("copy", "drop-foreign-keys"),
        ("verify", "copy"),
        ("switch", "verify"),
        ("drop", "switch"),
    ] {
        let said = shop.refused(&[step]);
        assert!(
            said.contains(&format!("run `migrate-legacy {needs}` first")),
            "{said}"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn one_process_at_a_time_migrates() {
    let shop = LegacyShop::new(PAYMENTS).await;
    let mut other = shop.target.acquire().await.expect("a connection");
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('migrate-legacy', 0))")
        .execute(&mut *other)
        .await
        .expect("the lock is free");
    let said = shop.refused(&["back-up"]);
    assert!(said.contains("another migrate-legacy is at work"), "{said}");
    assert_eq!(shop.legacy_tables().await.len(), 7, "no backup was begun");
    drop(other.detach());
    shop.run(&["back-up"]);
    shop.close().await;
}

#[tokio::test]
async fn a_row_that_is_too_large_to_be_digested_is_not_passed_over() {
    let shop = LegacyShop::new(PAYMENTS).await;
    // Each of the two fits into a packet of 16 MiB, both together do not.
    let body = "CONCAT(REPEAT('x', 9000000))";
    shop.legacy_execute(&format!(
        "UPDATE tb_payments SET pg_request = {body}, pg_response = {body} WHERE payment_id = 101"
    ))
    .await;
    let said = shop.refused(&["back-up"]);
    assert!(said.contains("max_allowed_packet"), "{said}");
    shop.close().await;
}

#[tokio::test]
async fn another_schema_than_the_documented_one_is_named_and_left_alone() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.legacy_execute("ALTER TABLE tb_payments ADD COLUMN vat DECIMAL(18, 4) NULL")
        .await;
    let before = shop.portrait().await;
    let said = shop.refused(&["back-up"]);
    assert!(
        said.contains("tb_payments.vat is not known and would be lost"),
        "{said}"
    );
    assert_eq!(shop.portrait().await, before);
    shop.close().await;
}

#[tokio::test]
async fn a_source_that_changes_after_the_backup_stops_every_later_step() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.run(&["all", "--until", "drop-foreign-keys"]);
    let touch = "UPDATE tb_payments SET amount = amount + 1 WHERE payment_id = 500";
    shop.legacy_execute(touch).await;
    let said = shop.refused(&["copy"]);
    assert!(
        said.contains("tb_payments has changed since back-up"),
        "{said}"
    );
    shop.run(&["back", "--to", "start"]);
    shop.run(&["back-up"]);
    // An order that nobody has paid is none of this.
    let order = "INSERT INTO orders (user_id, payment_id, total_amount, status) VALUES (1, NULL, 1000, 'READY')";
    shop.legacy_execute(order).await;
    shop.run(&["all", "--until", "verify"]);
    // An order that got another payment is a change too.
    shop.legacy_execute("UPDATE orders SET payment_id = 501 WHERE order_id = 500")
        .await;
    let said = shop.refused(&["switch"]);
    assert!(said.contains("orders has changed since verify"), "{said}");
    shop.close().await;
}

#[tokio::test]
async fn verify_finds_a_wrong_sum_a_lost_row_and_a_wrong_link() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.run(&["all", "--until", "copy"]);
    for (fault, repair, finds) in [
        (
            "UPDATE payment.transactions SET amount = amount + 0.01 WHERE pg_transaction_id = 'pg_500'",
            "UPDATE payment.transactions SET amount = amount - 0.01 WHERE pg_transaction_id = 'pg_500'",
            "PAYMENT",
        ),
        (
            "UPDATE payment.transactions SET requested_at = requested_at + interval '1 day'
              WHERE pg_transaction_id = 'pg_500'",
            "UPDATE payment.transactions SET requested_at = requested_at - interval '1 day'
              WHERE pg_transaction_id = 'pg_500'",
            "PAYMENT",
        ),
        (
            "DELETE FROM payment.legacy_rejects WHERE subject = 'HISTORY' AND legacy_id = 16",
            "INSERT INTO payment.legacy_rejects VALUES ('HISTORY', 16, 'TEXT_TOO_LONG', '', '{}')",
            "HISTORY",
        ),
        (
            "UPDATE main.legacy_order_payment_mapping SET payment_status = 'FAILED' WHERE legacy_order_id = 501",
            "UPDATE main.legacy_order_payment_mapping SET payment_status = 'SUCCESS' WHERE legacy_order_id = 501",
            "ORDER",
        ),
        (
            "UPDATE payment.methods SET status = 'DELETED' WHERE pg_billing_key = 'bk_100'",
            "UPDATE payment.methods SET status = 'INACTIVE' WHERE pg_billing_key = 'bk_100'",
            "METHOD",
        ),
    ] {
        execute(&shop, fault).await;
        let said = shop.refused(&["verify"]);
        assert!(said.contains("the two sides differ"), "{fault}: {said}");
        assert!(said.contains(finds), "{fault}: {said}");
        let said = shop.refused(&["switch"]);
        assert!(said.contains("run `migrate-legacy verify` first"), "{said}");
        execute(&shop, repair).await;
    }
    shop.run(&["verify"]);
    shop.close().await;
}

#[tokio::test]
async fn nothing_is_dropped_while_something_else_would_break() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.run(&["all", "--until", "switch"]);
    for (make, drop, name) in [
        (
            "CREATE PROCEDURE monthly() SELECT SUM(amount) FROM tb_payments",
            "DROP PROCEDURE monthly",
            "routine monthly",
        ),
        (
            "CREATE VIEW view_finance AS SELECT amount FROM view_payment_info",
            "DROP VIEW view_finance",
            "view view_finance",
        ),
        (
            "CREATE TRIGGER trg_orders AFTER DELETE ON orders FOR EACH ROW
                 DELETE FROM tb_payments WHERE order_id = OLD.order_id",
            "DROP TRIGGER trg_orders",
            "trigger trg_orders",
        ),
        (
            "ALTER TABLE orders ADD CONSTRAINT fk_late FOREIGN KEY (user_id)
                 REFERENCES tb_payment_methods (payment_method_id)",
            "ALTER TABLE orders DROP FOREIGN KEY fk_late",
            "foreign key fk_late",
        ),
    ] {
        let make = format!("SET SESSION foreign_key_checks = 0; {make}");
        shop.legacy_execute(&make).await;
        let said = shop.refused(&["drop"]);
        assert!(said.contains(name), "{said}");
        shop.legacy_execute(drop).await;
    }
    let tables = shop.legacy_tables().await;
    assert!(
        tables.iter().any(|table| table == "tb_payments"),
        "{tables:?}"
    );
    shop.run(&["drop"]);
    shop.close().await;
}

#[tokio::test]
async fn the_way_back_does_not_lose_what_the_new_schema_alone_has_unless_told_to() {
    let shop = LegacyShop::new(PAYMENTS).await;
    shop.run(&["all"]);
    execute(
        &shop,
        "INSERT INTO payment.transactions (id, pg_transaction_id, pg_company, transaction_type, amount, status)
         VALUES (gen_random_uuid(), 'new', 'TOSS', 'PAYMENT', 1000, 'SUCCESS')",
    )
    .await;
    let said = shop.refused(&["back", "--to", "start"]);
    assert!(
        said.contains("1 rows were written to the new schema"),
        "{said}"
    );
    shop.run(&["back", "--to", "copy"]);
    shop.refused(&["back", "--to", "start"]);
    shop.run(&["back", "--to", "start", "--accept-newer"]);
    let left = "SELECT count(*) FROM payment.transactions";
    assert_eq!(shop.number(left).await, 1, "what is new stays");
    // And it does not stand in the way of another migration.
    shop.run(&["all"]);
    shop.close().await;
}

async fn execute(shop: &LegacyShop, sql: &str) {
    let done = sqlx::query(sql).execute(&shop.target).await.expect(sql);
    assert_eq!(done.rows_affected(), 1, "{sql}");
}

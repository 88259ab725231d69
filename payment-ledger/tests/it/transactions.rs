//! `payment.transactions`, its history, and the order service's side of both.

use domain::checkout::{GatewayAnswer, RefundAnswer};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::shop::{PRICE, Shop, approved, won};

/// The transactions but for their times, in the order of their ids.
const TRANSACTIONS: &str = "SELECT id, pg_transaction_id, pg_company, transaction_type,
        amount::text AS amount, currency, status, completed_at IS NOT NULL AS completed
   FROM payment.transactions ORDER BY id";

async fn history(shop: &Shop, transaction: impl ToString) -> Vec<Value> {
    let sql = format!(
        "SELECT previous_status AS before, current_status AS after, change_reason AS why
           FROM payment.transaction_history WHERE transaction_id = '{}' ORDER BY changed_at",
        transaction.to_string()
    );
    shop.rows(&sql).await
}

async fn state(shop: &Shop, order: impl ToString) -> Value {
    let sql = format!(
        "SELECT current_status AS status, payment_amount::text AS to_pay, paid_amount::text AS paid,
                refunded_amount::text AS back, last_transaction_id AS last
           FROM main.payment_states WHERE order_id = '{}'",
        order.to_string()
    );
    shop.rows(&sql).await.into_iter().next().unwrap_or_default()
}

#[tokio::test]
async fn a_charge_and_a_refund_in_parts_are_a_row_each_and_the_order_knows_of_both() {
    let shop = Shop::open().await;
    shop.keep_books();
    let (order, payment) = shop.paid(2, "toss-key-1").await;
    let first = shop.refund(payment, 5_000).await;
    shop.caught_up().await;
    let row = |id: String, theirs: String, kind: &str, amount: &str, status: &str| {
        json!({
            "id": id, "pg_transaction_id": theirs, "pg_company": "TOSS", "transaction_type": kind,
            "amount": amount, "currency": "KRW", "status": status,
            "completed": status == "SUCCESS",
        })
    };
    let charge = row(
        payment.to_string(),
        "toss-key-1".to_owned(),
        "PAYMENT",
        "25800.00",
        "SUCCESS",
    );
    let refund = |status| {
        let id = first.to_string();
        row(id.clone(), id, "REFUND", "5000.00", status)
    };
    assert_eq!(
        shop.rows(TRANSACTIONS).await,
        [charge.clone(), refund("PENDING")]
    );
    shop.settle_refund(payment, first, RefundAnswer::Done).await;
    shop.caught_up().await;
    assert_eq!(shop.rows(TRANSACTIONS).await, [charge, refund("SUCCESS")]);
    assert_eq!(
        state(&shop, order).await,
        json!({ "status": "PARTIALLY_REFUNDED", "to_pay": "25800.00", "paid": "25800.00",
                "back": "5000.00", "last": payment.to_string() })
    );
    let mapped = shop
        .rows(
            "SELECT order_id, payment_transaction_id AS transaction, payment_status AS status,
                    payment_confirmed_at IS NOT NULL AS confirmed
               FROM main.order_payment_mapping ORDER BY 2",
        )
        .await;
    let of = |transaction: String| {
        json!({ "order_id": order.to_string(), "transaction": transaction, "status": "SUCCESS",
                "confirmed": true })
    };
    assert_eq!(mapped, [of(payment.to_string()), of(first.to_string())]);
    shop.all_same().await;
    let same = shop.compared().await;
    assert_eq!(
        (same.rows, same.sums.as_str()),
        (2, "25800.00 KRW charged, 5000.00 back")
    );
    shop.close().await;
}

#[tokio::test]
async fn an_unknown_outcome_stays_pending_and_its_history_says_why_until_it_is_known() {
    let shop = Shop::open().await;
    shop.keep_books();
    let order = shop.order(1).await;
    shop.caught_up().await;
    assert_eq!(state(&shop, order).await["status"], "PENDING");
    let payment = shop.request_payment(order, "nice").await;
    let reason = "TIMEOUT".to_owned();
    shop.settle(payment, GatewayAnswer::Unknown { reason })
        .await;
    shop.caught_up().await;
    assert_eq!(state(&shop, order).await["status"], "UNKNOWN");
    let rows = shop.rows(TRANSACTIONS).await;
    assert_eq!(rows[0]["status"], "PENDING");
    assert_eq!(rows[0]["pg_transaction_id"], payment.to_string());
    shop.settle(
        payment,
        GatewayAnswer::Declined {
            code: "REJECT_CARD_COMPANY".to_owned(),
            message: "거절".to_owned(),
        },
    )
    .await;
    shop.caught_up().await;
    assert_eq!(
        history(&shop, payment).await,
        [
            json!({ "before": null, "after": "PENDING", "why": null }),
            json!({ "before": "PENDING", "after": "PENDING", "why": "TIMEOUT" }),
            json!({ "before": "PENDING", "after": "FAILED", "why": "REJECT_CARD_COMPANY" }),
        ]
    );
    assert_eq!(state(&shop, order).await["status"], "FAILED");
    shop.all_same().await;
    shop.close().await;
}

#[tokio::test]
async fn a_cancelled_order_gives_its_money_back_as_a_cancel_and_a_wrong_charge_as_a_refund() {
    let shop = Shop::open().await;
    shop.keep_books();
    let (order, payment) = shop.paid(1, "toss-key-1").await;
    let cancel = shop.cancel(order).await;
    let late = RefundAnswer::NotDone {
        reason: "PROVIDER_ERROR".to_owned(),
    };
    shop.settle_refund(payment, cancel, late).await;
    shop.settle_refund(payment, cancel, RefundAnswer::Done)
        .await;
    let wrong_order = shop.order(1).await;
    let wrong = shop.request_payment(wrong_order, "toss").await;
    let back = shop
        .settle(wrong, approved("toss-key-2", won(PRICE + 1)))
        .await;
    shop.settle_refund(wrong, back, RefundAnswer::Done).await;
    shop.caught_up().await;
    let kinds: Vec<String> = shop
        .rows(TRANSACTIONS)
        .await
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row["transaction_type"], row["amount"], row["status"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "PAYMENT 12900.00 SUCCESS",
            "CANCEL 12900.00 SUCCESS",
            "PAYMENT 12901.00 SUCCESS",
            "REFUND 12901.00 SUCCESS"
        ]
    );
    let whys: Vec<Value> = history(&shop, cancel)
        .await
        .iter()
        .map(|row| row["why"].clone())
        .collect();
    assert_eq!(whys, [Value::Null, json!("PROVIDER_ERROR"), Value::Null]);
    assert_eq!(history(&shop, wrong).await[1]["why"], "AMOUNT_MISMATCH");
    assert_eq!(state(&shop, order).await["status"], "CANCELLED");
    assert_eq!(state(&shop, wrong_order).await["status"], "REFUNDED");
    shop.all_same().await;
    shop.close().await;
}

#[tokio::test]
async fn a_company_that_gives_an_id_twice_does_not_stop_the_ledger() {
    let shop = Shop::open().await;
    shop.keep_books();
    let (_, first) = shop.paid(1, "the-same").await;
    let (_, second) = shop.paid(1, "the-same").await;
    shop.caught_up().await;
    let (_, third) = shop.paid(1, "the-same").await;
    let (_, long) = shop.paid(1, &"x".repeat(101)).await;
    shop.caught_up().await;
    let ids: Vec<Value> = shop
        .rows(TRANSACTIONS)
        .await
        .iter()
        .map(|row| row["pg_transaction_id"].clone())
        .collect();
    assert_eq!(
        ids,
        [
            json!("the-same"),
            json!(second.to_string()),
            json!(third.to_string()),
            json!(long.to_string())
        ],
        "the first, {first}, has it"
    );
    shop.all_same().await;
    shop.close().await;
}

#[tokio::test]
async fn an_id_that_was_given_twice_is_of_whom_it_was_given_to_first_however_the_log_is_cut() {
    let shop = Shop::open().await;
    let mut payments = Vec::new();
    for _ in 0..2 {
        let order = shop.order(1).await;
        payments.push(shop.request_payment(order, "toss").await);
    }
    for payment in payments.iter().rev() {
        shop.settle(*payment, approved("the-same", won(PRICE)))
            .await;
    }
    shop.keep_books();
    shop.caught_up().await;
    let ids = shop.rows(TRANSACTIONS).await;
    let ids: Vec<&Value> = ids.iter().map(|row| &row["pg_transaction_id"]).collect();
    assert_eq!(ids, [&json!(payments[0].to_string()), &json!("the-same")]);
    shop.all_same().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_cut_off_at_any_moment_and_run_twice_at_once_each_event_counts_once() {
    let shop = Shop::open().await;
    for round in 0..10_u64 {
        let stop = CancellationToken::new();
        let keepers = [shop.keep_transactions(&stop), shop.keep_transactions(&stop)];
        for number in 0..4 {
            let (_, payment) = shop.paid(1, &format!("key-{round}-{number}")).await;
            let refund = shop.refund(payment, 100).await;
            shop.settle_refund(payment, refund, RefundAnswer::Done)
                .await;
        }
        // Anything between "not connected yet" and "in the middle of a batch".
        tokio::time::sleep(std::time::Duration::from_millis(round * 13 % 97)).await;
        shop.as_owner(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name LIKE 'commerce-ledger-%'",
        )
        .await;
        for keeper in keepers {
            keeper.abort();
        }
    }
    shop.keep_books();
    shop.caught_up().await;
    shop.all_same().await;
    let same = shop.compared().await;
    assert_eq!(same.rows, 80);
    assert_eq!(same.sums, "516000.00 KRW charged, 4000.00 back");
    let changes = shop
        .rows("SELECT count(*) AS changes FROM payment.transaction_history")
        .await;
    assert_eq!(changes[0]["changes"], 160);
    shop.close().await;
}

#[tokio::test]
async fn a_row_that_was_changed_added_or_taken_away_by_hand_is_found() {
    let shop = Shop::open().await;
    shop.keep_books();
    let (_, payment) = shop.paid(1, "toss-key-1").await;
    shop.caught_up().await;
    assert!(shop.compared().await.is_same());
    for (plant, told) in [
        ("UPDATE payment.transactions SET amount = amount + 0.01", "amount is 12900.01 and should be 12900.00"),
        ("UPDATE payment.transactions SET amount = 12900, status = 'FAILED'", "status is FAILED and should be SUCCESS"),
        ("UPDATE payment.transactions SET status = 'SUCCESS', pg_transaction_id = 'other'", "pg_transaction_id is other and should be toss-key-1"),
        // It said that all was well: a company might have given the id twice, and did not.
        ("UPDATE payment.transactions SET pg_transaction_id = id::text", "and should be toss-key-1"),
        (
            "UPDATE payment.transactions
                SET pg_transaction_id = 'toss-key-1', completed_at = completed_at + interval '1 hour'",
            "completed_at is ",
        ),
        (
            "UPDATE payment.transactions
                SET completed_at = completed_at - interval '1 hour', requested_at = requested_at - interval '1 hour'",
            "requested_at is ",
        ),
        (
            "UPDATE payment.transactions SET requested_at = requested_at + interval '1 hour', transaction_type = 'CANCEL'",
            "transaction_type is CANCEL and should be PAYMENT",
        ),
        (
            "UPDATE payment.transactions SET transaction_type = 'PAYMENT';
             INSERT INTO payment.transactions (id, pg_transaction_id, pg_company, transaction_type, amount, status)
             VALUES (gen_random_uuid(), 'planted', 'TOSS', 'REFUND', 1, 'SUCCESS')",
            "(pg_transaction_id planted, ",
        ),
        (
            "DELETE FROM payment.transaction_history; DELETE FROM payment.transactions",
            "is not there",
        ),
    ] {
        shop.as_owner(plant).await;
        let found = shop.compared().await;
        assert_eq!(found.differences, 1, "{plant}: {found:?}");
        assert!(found.told[0].contains(told), "{plant}: {found:?}");
    }
    assert!(shop.compared().await.told[0].contains(&payment.to_string()));
    shop.close().await;
}

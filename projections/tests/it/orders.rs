//! Orders, their payments and their history, from the events that the store writes.

use domain::checkout::{GatewayAnswer, RefundAnswer};
use serde_json::json;

use crate::shop::{Shop, approved};

#[tokio::test]
async fn a_paid_order_shows_its_items_its_amounts_and_its_payment() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 10).await;
    let cup = shop.product("Cup", 3_000, 10).await;
    let pool = shop.coupon_pool(5).await;
    let code = shop.claim("ann", pool).await;
    let order = shop
        .order_with("ann", &[(kettle, 2), (cup, 1)], Some(code))
        .await;
    let payment = shop.pay("ann", order, 28_800 - 2_880).await;
    shop.caught_up().await;

    let row = shop
        .row(&format!(
            "SELECT * FROM read_model.orders WHERE id = '{order}'"
        ))
        .await;
    assert_eq!(row["user_id"], "ann");
    assert_eq!(row["status"], "PAID");
    assert_eq!(
        (
            &row["subtotal_amount"],
            &row["discount_amount"],
            &row["total_amount"]
        ),
        (&json!(28_800), &json!(2_880), &json!(25_920)),
    );
    assert_eq!(row["coupon_code"], json!(code));
    assert_eq!(row["payment_id"], json!(payment));
    assert_eq!(row["item_count"], 2);
    assert_eq!(row["version"], 3);
    assert!(row["paid_at"].is_string() && row["cancelled_at"].is_null());

    let items = shop
        .rows(&format!(
            "SELECT product_name, quantity, unit_price_amount, amount FROM read_model.order_items
              WHERE order_id = '{order}' ORDER BY line_number"
        ))
        .await;
    assert_eq!(
        items,
        [
            json!({"product_name": "Kettle", "quantity": 2, "unit_price_amount": 12_900, "amount": 25_800}),
            json!({"product_name": "Cup", "quantity": 1, "unit_price_amount": 3_000, "amount": 3_000}),
        ],
    );

    let state = shop
        .row(&format!(
            "SELECT * FROM read_model.payment_states WHERE order_id = '{order}'"
        ))
        .await;
    assert_eq!(state["current_status"], "SUCCEEDED");
    assert_eq!(
        (&state["payment_amount"], &state["paid_amount"]),
        (&json!(25_920), &json!(25_920))
    );
    assert_eq!(state["last_transaction_id"], json!(payment));
    shop.close().await;
}

#[tokio::test]
async fn the_history_tells_what_happened_in_order_and_never_shows_the_token() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    let payment = shop.pay("ann", order, 12_900).await;
    let refund = shop.cancel("ann", order).await;
    let not_done = RefundAnswer::NotDone {
        reason: "busy".to_owned(),
    };
    shop.settle_refund(payment, refund, not_done).await;
    shop.settle_refund(payment, refund, RefundAnswer::Done)
        .await;
    shop.caught_up().await;

    let history = shop
        .rows(&format!(
            "SELECT event_type, detail FROM read_model.order_history
              WHERE order_id = '{order}' ORDER BY position"
        ))
        .await;
    let mut types: Vec<_> = history
        .iter()
        .map(|row| row["event_type"].as_str().unwrap())
        .collect();
    // Within one command the order of streams is the store's affair.
    types[1..3].sort_unstable();
    types[3..5].sort_unstable();
    types[5..7].sort_unstable();
    assert_eq!(
        types,
        [
            "OrderPlaced",
            "OrderPaymentStarted",
            "PaymentRequested",
            "OrderPaid",
            "PaymentSucceeded",
            "OrderCancelled",
            "PaymentRefundRequested",
            "PaymentRefundDelayed",
            "PaymentRefunded",
        ],
    );
    assert!(!json!(history).to_string().contains("secret"));

    let row = shop
        .row(&format!(
            "SELECT * FROM read_model.payments WHERE id = '{payment}'"
        ))
        .await;
    assert_eq!(row["status"], "CANCELLED");
    assert_eq!(row["refunded_amount"], 12_900);
    assert!(!row.to_string().contains("secret"));
    let refund = shop
        .row(&format!(
            "SELECT * FROM read_model.payment_refunds WHERE payment_id = '{payment}'"
        ))
        .await;
    assert_eq!(
        (&refund["amount"], &refund["failed_attempts"]),
        (&json!(12_900), &json!(1))
    );
    assert_eq!(
        (&refund["status"], &refund["reason"]),
        (&json!("SUCCEEDED"), &json!("ORDER_CANCELLED"))
    );
    shop.close().await;
}

#[tokio::test]
async fn a_declined_payment_cancels_the_order_and_says_why() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    let payment = shop.request_payment("ann", order).await;
    shop.settle(
        payment,
        GatewayAnswer::Unknown {
            reason: "timeout".to_owned(),
        },
    )
    .await;
    shop.caught_up().await;
    let of_payment = format!("SELECT * FROM read_model.payments WHERE id = '{payment}'");
    let row = shop.row(&of_payment).await;
    assert_eq!(
        (&row["status"], &row["inquiries"]),
        (&json!("UNKNOWN"), &json!(1))
    );
    assert!(row["next_inquiry_at"].is_string());

    let (code, message) = ("CARD_EXPIRED".to_owned(), "the card has expired".to_owned());
    shop.settle(payment, GatewayAnswer::Declined { code, message })
        .await;
    shop.caught_up().await;
    let row = shop.row(&of_payment).await;
    assert_eq!(
        (
            &row["status"],
            &row["failure_code"],
            &row["next_inquiry_at"]
        ),
        (&json!("FAILED"), &json!("CARD_EXPIRED"), &json!(null)),
    );
    let row = shop
        .row(&format!(
            "SELECT * FROM read_model.orders WHERE id = '{order}'"
        ))
        .await;
    assert_eq!(
        (&row["status"], &row["cancel_kind"], &row["cancel_code"]),
        (
            &json!("CANCELLED"),
            &json!("PAYMENT_FAILED"),
            &json!("CARD_EXPIRED")
        ),
    );
    shop.close().await;
}

#[tokio::test]
async fn a_wrong_charge_is_a_failed_payment_whose_money_goes_back() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    let payment = shop.request_payment("ann", order).await;
    shop.settle(payment, approved(100)).await;
    shop.caught_up().await;
    let row = shop
        .row(&format!(
            "SELECT * FROM read_model.payments WHERE id = '{payment}'"
        ))
        .await;
    let refund = shop
        .row(&format!(
            "SELECT * FROM read_model.payment_refunds WHERE payment_id = '{payment}'"
        ))
        .await;
    assert_eq!(
        (
            &row["status"],
            &row["failure_code"],
            &row["charged_amount"],
            &refund["reason"]
        ),
        (
            &json!("FAILED"),
            &json!("AMOUNT_MISMATCH"),
            &json!(100),
            &json!("AMOUNT_MISMATCH")
        ),
    );
    shop.close().await;
}

#[tokio::test]
async fn an_order_that_nobody_paid_has_a_payment_state_from_the_start_to_its_end() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    shop.caught_up().await;
    let state = format!(
        "SELECT current_status, payment_amount, last_transaction_id
           FROM read_model.payment_states WHERE order_id = '{order}'"
    );
    assert_eq!(
        shop.row(&state).await,
        json!({"current_status": "PENDING", "payment_amount": 12_900, "last_transaction_id": null}),
    );
    shop.cancel("ann", order).await;
    shop.caught_up().await;
    assert_eq!(shop.row(&state).await["current_status"], "CANCELLED");
    let row = shop
        .row(&format!(
            "SELECT * FROM read_model.orders WHERE id = '{order}'"
        ))
        .await;
    assert_eq!(
        (&row["cancel_kind"], &row["cancel_reason"]),
        (&json!("REQUESTED"), &json!("changed my mind")),
    );
    shop.close().await;
}

//! A payment of each kind, from its request to its end.

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::payment::{NO_RECORD, PaymentStatus};

use crate::stage::{Call, PRICE, STOCK, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_payment_pays_the_order_and_takes_the_stock() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    assert_eq!(
        shop.payment(sale.payment_id).await.status,
        PaymentStatus::Succeeded
    );
    shop.assert_books_balance(&[sale]).await;
    shop.until_idle().await;
    let calls = shop.gateway.calls();
    assert_eq!(
        calls,
        [Call::Confirm(sale.payment_id.uuid())],
        "one call is all it takes"
    );
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_cancels_the_order_and_frees_the_stock() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_decline").await;
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code.as_deref(), Some("CARD_DECLINED"));
    shop.assert_books_balance(&[sale]).await;
    assert_eq!(shop.bank.balance(sale.order_id.uuid()).await.declines, 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_the_gateway_never_took_fails_after_two_inquiries_running() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_timeout").await;
    shop.until_inquired(sale.payment_id, 1).await;
    shop.until_idle().await;
    assert_eq!(shop.order_status(sale.order_id).await, OrderStatus::Pending);
    shop.clock.advance(TimeDelta::seconds(5));
    shop.until_inquired(sale.payment_id, 2).await;
    assert!(shop.payment(sale.payment_id).await.no_record);
    shop.clock.advance(TimeDelta::seconds(30));
    shop.until_payment(sale.payment_id, PaymentStatus::Failed)
        .await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code.as_deref(), Some(NO_RECORD));
    shop.assert_books_balance(&[sale]).await;
    // Ten minutes later it is asked for one last time, and nothing changes.
    shop.until_idle().await;
    let before = shop.gateway.calls().len();
    shop.clock.advance(TimeDelta::minutes(10));
    shop.until_idle().await;
    assert_eq!(shop.gateway.calls().len(), before + 1);
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_whose_answer_was_lost_is_found_by_inquiry() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_charge_then_timeout").await;
    shop.until_inquired(sale.payment_id, 1).await;
    shop.clock.advance(TimeDelta::seconds(5));
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.assert_books_balance(&[sale]).await;
    let id = sale.payment_id.uuid();
    assert_eq!(shop.gateway.calls(), [Call::Confirm(id), Call::Inquire(id)]);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_fails_is_asked_until_it_is_clear_that_it_charged_nothing() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_error").await;
    shop.until_inquired(sale.payment_id, 1).await;
    shop.clock.advance(TimeDelta::seconds(5));
    shop.until_inquired(sale.payment_id, 2).await;
    shop.clock.advance(TimeDelta::seconds(30));
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_gateway_is_waited_for() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_slow").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.assert_books_balance(&[sale]).await;
    assert_eq!(shop.gateway.calls().len(), 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_of_a_wrong_amount_goes_back_whole_and_the_order_is_cancelled() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_wrong_amount").await;
    shop.until_payment(sale.payment_id, PaymentStatus::Refunded)
        .await;
    shop.assert_books_balance(&[sale]).await;
    let ledger = shop.bank.ledger().await;
    assert_eq!(ledger.len(), 2, "{ledger:?}");
    assert_eq!(ledger[0]["amount"], PRICE + 1);
    assert_eq!(ledger[1]["amount"], PRICE + 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_through_a_gateway_that_does_not_exist_fails() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let order_id = shop.place().await;
    // What it finds when it comes may have been tried.
    shop.until_idle().await;
    let sale = shop.pay(order_id, "nowhere", "tok_approve").await;
    shop.until_order(order_id, OrderStatus::Cancelled).await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code.as_deref(), Some("UNKNOWN_GATEWAY"));
    assert!(shop.gateway.calls().is_empty());
    assert_eq!(shop.stock().await, (STOCK, 0));
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_through_a_gateway_that_was_taken_out_is_unknown_where_it_may_have_been_charged()
{
    let shop = Shop::open().await;
    let order_id = shop.place().await;
    let sale = shop.pay(order_id, "nowhere", "tok_approve").await;
    let runner = shop.start();
    shop.until_inquired(sale.payment_id, 1).await;
    assert_eq!(shop.order_status(order_id).await, OrderStatus::Pending);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_saga_say_what_they_belong_to_and_follow_from() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    let events = shop.store.log().read(0, 100).await.unwrap();
    let find = |event_type: &str| {
        let found = events.iter().find(|event| event.event_type == event_type);
        found
            .unwrap_or_else(|| panic!("no {event_type}"))
            .metadata
            .clone()
    };
    let (requested, paid) = (find("PaymentRequested"), find("OrderPaid"));
    assert_eq!(paid.correlation_id, requested.correlation_id);
    assert_eq!(paid.causation_id, Some(requested.event_id));
    assert_eq!(paid.principal, "processes");
    runner.stop().await;
    shop.close().await;
}

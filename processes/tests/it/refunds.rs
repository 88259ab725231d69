//! Money that goes back.

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use testkit::eventually;

use crate::stage::{STOCK, Sale, Shop};

async fn paid(shop: &Shop) -> Sale {
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    sale
}

async fn until_refund_delayed(shop: &Shop, sale: Sale, attempts: u32) {
    eventually(&format!("{attempts} refunds in vain"), async || {
        let refund = shop.payment(sale.payment_id).await.refunds.pop();
        refund.filter(|refund| refund.attempts == attempts)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_paid_order_gives_the_money_and_the_stock_back() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = paid(&shop).await;
    assert_eq!(shop.stock().await, (STOCK - 1, 0));
    shop.cancel(sale.order_id).await;
    shop.until_payment(sale.payment_id, PaymentStatus::Cancelled)
        .await;
    shop.assert_books_balance(&[sale]).await;
    assert_eq!(shop.bank.balance(sale.order_id.uuid()).await.refunds, 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_waits_for_a_gateway_that_is_away() {
    let mut shop = Shop::open().await;
    let runner = shop.start();
    let sale = paid(&shop).await;
    shop.bank.go_away().await;
    shop.cancel(sale.order_id).await;
    until_refund_delayed(&shop, sale, 1).await;
    shop.clock.advance(TimeDelta::seconds(5));
    until_refund_delayed(&shop, sale, 2).await;
    shop.bank.reopen().await;
    shop.clock.advance(TimeDelta::seconds(30));
    shop.until_payment(sale.payment_id, PaymentStatus::Cancelled)
        .await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refund_is_tried_again_and_a_lost_answer_gives_back_once() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    let sale = paid(&shop).await;
    shop.bank.fail("refund", "decline", 1).await;
    shop.bank.fail("refund", "charge-then-timeout", 1).await;
    shop.cancel(sale.order_id).await;
    until_refund_delayed(&shop, sale, 1).await;
    shop.clock.advance(TimeDelta::seconds(5));
    until_refund_delayed(&shop, sale, 2).await;
    shop.clock.advance(TimeDelta::seconds(30));
    shop.until_payment(sale.payment_id, PaymentStatus::Cancelled)
        .await;
    shop.assert_books_balance(&[sale]).await;
    assert_eq!(shop.bank.balance(sale.order_id.uuid()).await.refunds, 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_cancelled_while_its_payment_is_under_way_costs_nothing() {
    let shop = Shop::open().await;
    let runner = shop.start();
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    shop.cancel(sale.order_id).await;
    shop.gateway.let_go();
    shop.until_payment(sale.payment_id, PaymentStatus::Refunded)
        .await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

//! Payments that wait for a deposit, and what the company tells of it: on the mock of Toss, whose accounts are open
//! for seven days.

use chrono::{TimeDelta, Utc};
use domain::order::OrderStatus;
use domain::payment::{
    DEPOSIT_EXPIRED, GatewayNotice, InquiryCause, PaymentStatus, RequestInquiry, ReviewReason,
};
use testkit::eventually;

use crate::stage::{Call, Sale, Shop};

async fn awaited(shop: &Shop) -> Sale {
    let sale = shop.place_and_pay("tok_virtual_account").await;
    eventually("an account to pay into", async || {
        shop.payment(sale.payment_id).await.deposit
    })
    .await;
    shop.until_idle().await;
    sale
}

/// The company tells of this payment, as the command API would have taken it in.
async fn told(shop: &Shop, sale: Sale, notice_id: &str) {
    let claim = GatewayNotice {
        notice_id: notice_id.to_owned(),
        status: Some("DONE".to_owned()),
        amount: None,
        currency: None,
        left: None,
        signed: false,
    };
    let cause = InquiryCause::Notice(claim);
    let payment_id = sale.payment_id;
    shop.accepted(RequestInquiry {
        payment_id,
        cause,
        now: Utc::now(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_the_company_tells_of_pays_the_order_days_after_its_usual_time() {
    let shop = Shop::open_with_toss().await;
    let runner = shop.start();
    let sale = awaited(&shop).await;
    assert_eq!(
        shop.payment(sale.payment_id).await.status,
        PaymentStatus::Pending
    );
    shop.clock.advance(TimeDelta::days(3));
    shop.until_idle().await;
    assert_eq!(shop.order_status(sale.order_id).await, OrderStatus::Pending);
    shop.bank.deposit(sale.payment_id.uuid()).await;
    told(&shop, sale, "n-1").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_nobody_tells_of_is_found_on_the_schedule() {
    let shop = Shop::open_with_toss().await;
    let runner = shop.start();
    let sale = awaited(&shop).await;
    shop.bank.deposit(sale.payment_id.uuid()).await;
    shop.clock.advance(TimeDelta::minutes(10));
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    let id = sale.payment_id.uuid();
    assert_eq!(shop.gateway.calls(), [Call::Confirm(id), Call::Inquire(id)]);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_closes_empty_cancels_its_order() {
    let shop = Shop::open_with_toss().await;
    let runner = shop.start();
    let sale = awaited(&shop).await;
    shop.clock
        .advance(TimeDelta::days(7) + TimeDelta::minutes(6));
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.failure_code.as_deref(), Some(DEPOSIT_EXPIRED));
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_company_is_silent_cancels_its_order_all_the_same() {
    let mut shop = Shop::open_with_toss().await;
    let runner = shop.start();
    let sale = awaited(&shop).await;
    shop.bank.go_away().await;
    shop.clock
        .advance(TimeDelta::days(7) + TimeDelta::minutes(30));
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    eventually("the payment is unknown", async || {
        let status = shop.payment(sale.payment_id).await.status;
        (status == PaymentStatus::Unknown).then_some(())
    })
    .await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_the_bank_takes_back_is_for_a_person_to_see() {
    let shop = Shop::open_with_toss().await;
    let runner = shop.start();
    let sale = awaited(&shop).await;
    let id = sale.payment_id.uuid();
    shop.bank.deposit(id).await;
    told(&shop, sale, "n-1").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.bank.take_deposit_back(id).await;
    told(&shop, sale, "n-2").await;
    let review = eventually("a person must look", async || {
        shop.payment(sale.payment_id).await.review
    })
    .await;
    assert_eq!(review, ReviewReason::DepositTakenBack);
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    runner.stop().await;
    shop.close().await;
}

/// A notice may come before the answer to the charge it tells of, and any number of times.
#[tokio::test(flavor = "multi_thread")]
async fn notices_in_any_order_and_number_settle_a_payment_once() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_charge_then_timeout").await;
    eventually("the company has charged", async || {
        let balance = shop.bank.balance(sale.order_id.uuid()).await;
        (balance.charges == 1).then_some(())
    })
    .await;
    for notice in ["n-2", "n-1", "n-2", "n-3"] {
        told(&shop, sale, notice).await;
    }
    // Nobody waited for the schedule's five seconds: the clock stands still.
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.until_idle().await;
    shop.assert_books_balance(&[sale]).await;
    assert_eq!(shop.bank.balance(sale.order_id.uuid()).await.charges, 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_notices_of_a_charge_that_is_on_its_way_end_nothing() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_timeout").await;
    shop.until_inquired(sale.payment_id, 1).await;
    for notice in ["n-1", "n-2", "n-3"] {
        told(&shop, sale, notice).await;
    }
    shop.until_idle().await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(
        (payment.status, payment.inquiries),
        (PaymentStatus::Unknown, 1)
    );
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_was_not_sent_waits_and_counts_for_nothing() {
    let shop = Shop::open().await;
    shop.gateway.turn_away(3);
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    for left in [2, 1, 0] {
        shop.gateway.until_turned_away(left).await;
        shop.until_failed(3 - left).await;
        shop.clock.advance(TimeDelta::seconds(1));
    }
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    let payment = shop.payment(sale.payment_id).await;
    assert_eq!(payment.inquiries, 0);
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

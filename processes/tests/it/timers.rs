//! What comes by and by: expiry, confirmation, the end of a coupon pool.

use std::time::Duration;

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use processes::{Clock, ProcessesConfig};
use testkit::eventually;
use tokio::time::Instant;

use crate::stage::{STOCK, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_is_cancelled_after_fifteen_minutes_and_not_before() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let order_id = shop.place().await;
    shop.clock
        .advance(TimeDelta::minutes(15) - TimeDelta::microseconds(1));
    shop.until_idle().await;
    assert_eq!(shop.order_status(order_id).await, OrderStatus::Pending);
    assert_eq!(shop.stock().await, (STOCK, 1));
    // The order's time ends within this microsecond.
    shop.clock.advance(TimeDelta::microseconds(1));
    shop.until_order(order_id, OrderStatus::Cancelled).await;
    assert_eq!(shop.stock().await, (STOCK, 0));
    shop.until_idle().await;
    assert!(shop.actions().await.is_empty());
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_go_off_when_the_clock_says_so_and_not_at_the_next_look_into_the_table() {
    const ROUNDS: u32 = 8;
    // The table is looked into every 5 s anyway: eight rounds of that would take longer.
    const LIMIT: Duration = Duration::from_secs(25);
    let shop = Shop::open().await;
    let runner = shop.start();
    let mut waited = Duration::ZERO;
    for _ in 0..ROUNDS {
        let order_id = shop.place().await;
        shop.until_idle().await;
        let began = Instant::now();
        shop.clock.advance(TimeDelta::minutes(15));
        shop.until_order(order_id, OrderStatus::Cancelled).await;
        waited += began.elapsed();
    }
    assert!(waited < LIMIT, "{waited:?}");
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_is_left_alone_when_its_time_to_pay_ends() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.until_idle().await;
    let head = shop.store.log().head().await.unwrap();
    shop.clock
        .advance(TimeDelta::minutes(15) + TimeDelta::seconds(1));
    shop.until_idle().await;
    assert_eq!(shop.store.log().head().await.unwrap(), head);
    let names: Vec<_> = shop
        .actions()
        .await
        .into_iter()
        .map(|row| row.name)
        .collect();
    assert_eq!(names, ["confirm-order"]);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_confirms_itself_after_thirty_minutes_and_not_before() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.clock
        .advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    shop.until_idle().await;
    assert_eq!(shop.order_status(sale.order_id).await, OrderStatus::Paid);
    shop.clock.advance(TimeDelta::seconds(2));
    shop.until_order(sale.order_id, OrderStatus::Confirmed)
        .await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_delay_a_paid_order_is_confirmed_at_once() {
    let shop = Shop::open().await;
    let runner = shop.start_with(ProcessesConfig {
        confirmation_delay: Duration::ZERO,
        ..Shop::config()
    });
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.clock.advance(TimeDelta::microseconds(1));
    shop.until_order(sale.order_id, OrderStatus::Confirmed)
        .await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_pool_closes_when_its_validity_ends() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let until = shop.clock.now() + TimeDelta::days(7);
    let pool_id = shop.create_coupon_pool(until).await;
    shop.clock
        .advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    shop.until_idle().await;
    assert_eq!(shop.coupon_pool_events(pool_id).await, 1);
    shop.clock.advance(TimeDelta::seconds(1));
    eventually("the pool is closed", async || {
        (shop.coupon_pool_events(pool_id).await == 2).then_some(())
    })
    .await;
    let closed = "SELECT count(*) FROM event_store.events WHERE event_type = 'CouponPoolClosed'";
    assert_eq!(shop.number(closed).await, 1);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_of_an_earlier_runner_go_off_under_the_next_one() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let order_id = shop.place().await;
    shop.until_idle().await;
    runner.kill().await;
    shop.expire_lease().await;
    shop.clock.advance(TimeDelta::hours(2));
    let runner = shop.start();
    shop.until_order(order_id, OrderStatus::Cancelled).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_comes_after_the_order_expired_is_given_back() {
    let shop = Shop::open_hasty().await;
    let runner = shop.start();
    shop.bank.fail("inquire", "error", 1_000).await;
    let sale = shop.place_and_pay("tok_charge_then_timeout").await;
    for (inquiries, wait) in (1_u32..).zip([5, 30, 120, 600]) {
        shop.until_inquired(sale.payment_id, inquiries).await;
        shop.clock.advance(TimeDelta::seconds(wait));
    }
    shop.until_inquired(sale.payment_id, 5).await;
    shop.clock.advance(TimeDelta::minutes(3));
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    assert_eq!(
        shop.payment(sale.payment_id).await.status,
        PaymentStatus::Unknown
    );
    assert_eq!(
        shop.stock().await,
        (STOCK, 0),
        "nobody waits for an answer with the stock"
    );
    shop.bank.behave().await;
    shop.clock.advance(TimeDelta::hours(1));
    shop.until_payment(sale.payment_id, PaymentStatus::Refunded)
        .await;
    shop.assert_books_balance(&[sale]).await;
    let balance = shop.bank.balance(sale.order_id.uuid()).await;
    assert_eq!((balance.charges, balance.refunds), (1, 1));
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_expired_while_nobody_ran_is_not_charged() {
    let shop = Shop::open().await;
    let sale = shop.place_and_pay("tok_approve").await;
    shop.clock.advance(TimeDelta::hours(1));
    let runner = shop.start();
    shop.until_order(sale.order_id, OrderStatus::Cancelled)
        .await;
    for wait in [5, 30, 600] {
        shop.until_idle().await;
        shop.clock.advance(TimeDelta::seconds(wait));
    }
    shop.until_payment(sale.payment_id, PaymentStatus::Failed)
        .await;
    shop.until_idle().await;
    assert!(shop.bank.ledger().await.is_empty(), "charged for nothing");
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

//! The end: in order, within its time, and without losing anything.

use std::time::Duration;

use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use processes::ProcessesConfig;
use testkit::eventually;
use tokio::time::Instant;

use crate::stage::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_stop_is_finished_and_the_lease_given_up() {
    let shop = Shop::open().await;
    let runner = shop.start();
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    runner.stop.cancel();
    // Taken no more.
    let late = shop.place_and_pay("tok_approve").await;
    shop.gateway.let_go();
    runner.stop().await;
    assert_eq!(shop.order_status(sale.order_id).await, OrderStatus::Paid);
    assert_eq!(
        shop.payment(late.payment_id).await.status,
        PaymentStatus::Pending
    );
    assert_eq!(shop.gateway.calls().len(), 1);
    let held = "SELECT count(*) FROM event_store.leases WHERE expires_at > '-infinity'";
    assert_eq!(shop.number(held).await, 0);
    let left: Vec<_> = shop
        .actions()
        .await
        .into_iter()
        .map(|row| row.name)
        .collect();
    assert!(!left.contains(&"confirm-payment".to_owned()), "{left:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_does_not_answer_does_not_hold_up_the_stop() {
    let shop = Shop::open().await;
    let runner = shop.start_with(ProcessesConfig {
        stop_limit: Duration::from_millis(300),
        ..Shop::config()
    });
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    let began = Instant::now();
    runner.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let left = shop.actions().await;
    assert!(
        left.iter().any(|row| row.name == "confirm-payment"),
        "{left:?}"
    );
    shop.gateway.let_go();
    let runner = shop.start();
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_never_got_the_lease_stops_at_once() {
    let shop = Shop::open().await;
    let first = shop.start();
    eventually("the first has the lease", async || {
        (shop.epoch().await == 1).then_some(())
    })
    .await;
    let second = shop.start();
    second.stop().await;
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    first.stop().await;
    shop.close().await;
}

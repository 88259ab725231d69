//! Only one acts: two instances, takeovers, and a holder that does not know that it is none any more.

use std::time::Duration;

use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use processes::ProcessesConfig;
use testkit::eventually;

use crate::stage::{Blockade, Sale, Shop};

async fn sell(shop: &Shop, count: usize) -> Vec<Sale> {
    let mut sales = Vec::new();
    for _ in 0..count {
        sales.push(shop.place_and_pay("tok_approve").await);
    }
    for sale in &sales {
        shop.until_order(sale.order_id, OrderStatus::Paid).await;
    }
    sales
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_instances_one_acts_and_the_other_takes_over_at_once_when_it_stops() {
    let shop = Shop::open().await;
    let first = shop.start();
    eventually("the first has the lease", async || {
        (shop.epoch().await == 1).then_some(())
    })
    .await;
    let (second, seconds_calls) = shop.start_rival().await;
    let mut sales = sell(&shop, 10).await;
    assert_eq!(shop.gateway.calls().len(), 10);
    assert!(seconds_calls.calls().is_empty());
    first.stop().await;
    sales.extend(sell(&shop, 10).await);
    assert_eq!(shop.gateway.calls().len(), 10);
    assert_eq!(seconds_calls.calls().len(), 10);
    assert_eq!(shop.epoch().await, 2);
    shop.assert_books_balance(&sales).await;
    second.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_a_holder_that_died_runs_out_and_another_finishes_its_work() {
    let shop = Shop::open().await;
    let first = shop.start_with(Shop::config().with_lease_ttl(Duration::from_millis(1_500)));
    eventually("the first has the lease", async || {
        (shop.epoch().await == 1).then_some(())
    })
    .await;
    let (second, seconds_calls) = shop.start_rival().await;
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    first.kill().await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    assert_eq!(
        seconds_calls.calls(),
        shop.gateway.calls(),
        "the same call, the same key"
    );
    shop.assert_books_balance(&[sale]).await;
    second.stop().await;
    shop.close().await;
}

/// Renews so seldom that it does not notice for a long time that the lease is another's.
fn sleepy() -> ProcessesConfig {
    ProcessesConfig {
        lease_ttl: Duration::from_secs(120),
        lease_renew_interval: Duration::from_secs(60),
        ..Shop::config()
    }
}

/// Waits until the former holder has noticed: it asks for the lease again, in vain.
async fn until_standby(shop: &Shop) {
    let asking = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND usename = 'commerce_app'
                     AND query LIKE 'INSERT INTO event_store.leases%'
                     AND query_start > (SELECT expires_at - interval '1 hour'
                                          FROM event_store.leases WHERE holder = 'thief')";
    eventually("the former holder stands by", async || {
        (shop.number(asking).await > 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_slept_through_a_takeover_writes_no_row_and_calls_nobody() {
    let shop = Shop::open().await;
    let runner = shop.start_with(sleepy());
    shop.until_idle().await;
    let stolen = shop.steal_lease().await;
    let checkpoint = shop.checkpoint().await;
    let sale = shop.place_and_pay("tok_approve").await;
    until_standby(&shop).await;
    assert!(shop.actions().await.is_empty());
    assert_eq!(shop.checkpoint().await, checkpoint);
    assert!(shop.gateway.calls().is_empty());
    stolen.release(&shop.owner).await.unwrap();
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    assert_eq!(shop.epoch().await, 3);
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_tells_a_former_holder_is_not_written_by_it() {
    let shop = Shop::open().await;
    let runner = shop.start_with(sleepy());
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    let stolen = shop.steal_lease().await;
    let head = shop.store.log().head().await.unwrap();
    shop.gateway.let_go();
    until_standby(&shop).await;
    assert_eq!(
        shop.payment(sale.payment_id).await.status,
        PaymentStatus::Pending
    );
    assert_eq!(shop.store.log().head().await.unwrap(), head);
    let names: Vec<_> = shop
        .actions()
        .await
        .into_iter()
        .map(|row| row.name)
        .collect();
    assert!(names.contains(&"confirm-payment".to_owned()), "{names:?}");
    stolen.release(&shop.owner).await.unwrap();
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_cannot_renew_stops_by_its_own_clock() {
    let shop = Shop::open().await;
    let runner = shop.start_with(Shop::config().with_lease_ttl(Duration::from_secs(1)));
    shop.until_idle().await;
    // Nobody can touch the lease's row: neither renew it nor take it.
    let row = "BEGIN; SELECT * FROM event_store.leases FOR UPDATE";
    let blockade = Blockade::by(&shop, row).await;
    let asking = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND usename = 'commerce_app'
                     AND wait_event_type = 'Lock'
                     AND query LIKE 'INSERT INTO event_store.leases%'";
    eventually("it has given up and asks for the lease anew", async || {
        (shop.number(asking).await > 0).then_some(())
    })
    .await;
    blockade.lift().await;
    let sales = sell(&shop, 1).await;
    assert!(shop.epoch().await > 1);
    shop.assert_books_balance(&sales).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_connections_are_all_in_use_keeps_the_lease() {
    let shop = Shop::open().await;
    let ttl = Duration::from_millis(1_000);
    let runner = shop.start_with(Shop::config().with_lease_ttl(ttl));
    eventually("it has the lease", async || {
        (shop.epoch().await == 1).then_some(())
    })
    .await;
    let pool = shop.store.log().pool();
    let mut taken = Vec::new();
    let quickly = Duration::from_millis(300);
    while let Ok(Ok(connection)) = tokio::time::timeout(quickly, pool.acquire()).await {
        taken.push(connection);
    }
    // Longer than the lease: without a connection of its own it would have run out.
    tokio::time::sleep(ttl * 3).await;
    let expired: bool = sqlx::query_scalar(
        "SELECT expires_at < clock_timestamp() FROM event_store.leases WHERE name = 'processes'",
    )
    .fetch_one(&shop.owner)
    .await
    .unwrap();
    drop(taken);
    assert!(!expired);
    assert_eq!(shop.epoch().await, 1);
    runner.stop().await;
    shop.close().await;
}

//! The database comes and goes, and the metrics tell.

use std::time::Duration;

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use event_store::{EventStore, StoreConfig};
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::postgres::PgPoolOptions;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::stage::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_again_and_again_lose_nothing() {
    let shop = Shop::open().await;
    let options = shop.database.app_options().application_name("victim");
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .connect_with(options)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let store = EventStore::open(pool, StoreConfig::default(), stop.clone())
        .await
        .unwrap();
    let runner = shop.start_on(store, shop.gateways(), Shop::config());
    let mut sales = Vec::new();
    for round in 0..20 {
        sales.push(shop.place_and_pay("tok_approve").await);
        sales.push(shop.place_and_pay("tok_wrong_amount").await);
        // At a different moment of the work in each round.
        tokio::time::sleep(Duration::from_millis(round)).await;
        let broken = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'victim'";
        // A runner that has lost all of them may need a moment to connect anew.
        eventually("a connection is broken", async || {
            (shop.number(broken).await > 0).then_some(())
        })
        .await;
    }
    // What failed is tried again by and by, so the clock has to move.
    eventually("every sale has ended", async || {
        shop.clock.advance(TimeDelta::milliseconds(50));
        for sale in &sales {
            let order = shop.order_status(sale.order_id).await;
            let payment = shop.payment(sale.payment_id).await.status;
            let ended = order == OrderStatus::Paid || payment == PaymentStatus::Refunded;
            if !ended {
                return None;
            }
        }
        Some(())
    })
    .await;
    shop.until_idle().await;
    shop.assert_books_balance(&sales).await;
    runner.stop().await;
    stop.cancel();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_say_who_acts_what_waits_and_how_long_things_take() {
    // The recorder is the whole program's, tests beside this one included: so names, not values.
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let shop = Shop::open().await;
    let runner = shop.start();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    // The whole table is counted seldom, and at first.
    runner.stop().await;
    let runner = shop.start();
    shop.gateway.hold();
    shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(2).await;
    shop.clock.advance(TimeDelta::seconds(1));
    let wanted = [
        "processes_lease_held ",
        "processes_lease_takeovers_total ",
        "processes_event_lag ",
        "processes_actions_pending{name=\"expire-order\"} ",
        "processes_actions_due{name=\"confirm-payment\"} ",
        "processes_actions_oldest_due_seconds ",
        "processes_actions_parked ",
        "processes_events_parked ",
        "processes_action_duration_seconds_count{name=\"confirm-payment\",outcome=\"done\"} ",
    ];
    eventually("every metric is there", async || {
        let text = metrics.render();
        wanted.iter().all(|name| text.contains(name)).then_some(())
    })
    .await;
    shop.gateway.let_go();
    runner.stop().await;
    shop.close().await;
}

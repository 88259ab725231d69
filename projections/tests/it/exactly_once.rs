//! Each event counts once, whoever dies when.

use std::time::Duration;

use event_store::{EventLog, StoreConfig};
use projections::ProjectionsConfig;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::shop::{Shop, quick, quick_in_batches_of};

/// A process that runs the projections and can be killed.
struct Instance(Runtime);

impl Instance {
    fn start(shop: &Shop, config: ProjectionsConfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = shop.database.app_options();
        runtime.spawn(async move {
            let pool = sqlx::PgPool::connect_with(options).await.unwrap();
            let stop = CancellationToken::new();
            let log = EventLog::open(pool.clone(), &StoreConfig::default(), stop.clone())
                .await
                .unwrap();
            let _ = projections::start(pool, log, config, stop).await;
        });
        Self(runtime)
    }

    /// Nothing is finished, nothing is said good-bye to.
    fn kill(self) {
        self.0.shutdown_background();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_and_run_twice_at_once_the_rows_are_those_of_a_fresh_fold() {
    let shop = Shop::open().await;
    let kettle = shop.product("Kettle", 1_000, 1_000).await;
    let config = quick_in_batches_of(7);
    for round in 0..12_u64 {
        let first = Instance::start(&shop, config.clone());
        let second = Instance::start(&shop, config.clone());
        for order in 0..5 {
            let user = format!("user-{order}");
            let order = shop.order(&user, &[(kettle, 1)]).await;
            shop.pay(&user, order, 1_000).await;
        }
        // Anything between "not connected yet" and "in the middle of a batch".
        tokio::time::sleep(Duration::from_millis(round * 13 % 97)).await;
        first.kill();
        if round % 3 == 0 {
            // The server's side of a network that broke.
            shop.as_owner(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database()
                    AND application_name LIKE 'commerce-projection-%'",
            )
            .await;
        }
        second.kill();
    }
    shop.project();
    shop.caught_up().await;
    assert_eq!(shop.differences().await, "");
    let row = shop
        .row("SELECT count(*) AS orders FROM read_model.orders")
        .await;
    assert_eq!(row["orders"], 60);
    let row = shop
        .row("SELECT count(*) AS told FROM read_model.notifications")
        .await;
    assert_eq!(row["told"], 60);
    assert_eq!(
        shop.row("SELECT * FROM projections.parked").await,
        serde_json::Value::Null
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_takes_over_from_one_that_died() {
    let shop = Shop::open().await;
    let active = Instance::start(&shop, quick());
    shop.product("Kettle", 1_000, 1).await;
    shop.caught_up().await;
    let standby = Instance::start(&shop, quick());
    active.kill();
    shop.product("Cup", 1_000, 1).await;
    shop.caught_up().await;
    standby.kill();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_follows_the_log_even_when_no_event_is_wanted() {
    let shop = Shop::open().await;
    shop.project();
    // Nothing in here concerns coupons.
    shop.product("Kettle", 1_000, 1).await;
    shop.caught_up().await;
    let status = projections::status(&shop.app).await.unwrap();
    let coupons = status
        .iter()
        .find(|status| status.projection == "coupons")
        .unwrap();
    assert_eq!(
        (coupons.position, coupons.lag_events),
        (shop.head().await, 0)
    );
    shop.close().await;
}

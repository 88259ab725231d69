//! The role beside a running shop.

use std::time::Duration;

use auditor::{AuditorConfig, AuditorStatus};
use chrono::{TimeDelta, Utc};
use invariants::Invariant;
use testkit::{eventually, unique};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::shop::{Lived, Shop, by_hand};

fn quick() -> AuditorConfig {
    AuditorConfig {
        lease_time: Duration::from_secs(2),
        look_interval: Duration::from_millis(20),
        rest_interval: Duration::from_millis(20),
        standby_interval: Duration::from_millis(20),
        ..AuditorConfig::new(unique("auditor"))
    }
}

struct Running {
    status: AuditorStatus,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(shop: &Shop, config: AuditorConfig) -> Self {
        let (status, stop) = (AuditorStatus::default(), CancellationToken::new());
        let (pool, log) = (shop.store.log().pool().clone(), shop.store.log().clone());
        let task = auditor::start(pool, log, config, status.clone(), stop.clone());
        Self { status, stop, task }
    }

    async fn caught_up(&self, shop: &Shop) {
        eventually("the auditor catches up", async || {
            let head = shop.store.log().head().await.expect("the head");
            (self.status.position() == head).then_some(())
        })
        .await;
    }

    async fn sees(&self, invariant: Invariant) {
        eventually("the auditor sees it", async || {
            (self.status.broken() == [invariant]).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("it ends");
    }
}

#[tokio::test]
async fn it_follows_the_shop_and_sees_a_violation_that_comes_meanwhile() {
    let shop = Shop::open().await;
    let auditor = Running::start(&shop, quick()).await;
    let Lived { product, .. } = shop.live().await;
    auditor.caught_up(&shop).await;
    assert_eq!(auditor.status.broken(), []);
    let oversold = r#"{"warehouse":"seoul","delta":-99,"reason":"lost"}"#;
    shop.as_owner(&by_hand(("inventory", product), "StockAdjusted", oversold))
        .await;
    auditor.sees(Invariant::NoOversell).await;
    auditor.end().await;
    // One that starts anew reads the log from its start, and finds it again.
    let auditor = Running::start(&shop, quick()).await;
    auditor.sees(Invariant::NoOversell).await;
    auditor.end().await;
    shop.close().await;
}

#[tokio::test]
async fn it_sees_a_log_that_became_shorter() {
    let shop = Shop::open().await;
    let auditor = Running::start(&shop, quick()).await;
    shop.live().await;
    auditor.caught_up(&shop).await;
    let lost = "DELETE FROM event_store.events WHERE metadata ->> 'commandId' = (
                    SELECT metadata ->> 'commandId' FROM event_store.events
                     ORDER BY position DESC LIMIT 1)";
    shop.as_owner(lost).await;
    auditor.sees(Invariant::Dense).await;
    auditor.end().await;
    shop.close().await;
}

#[tokio::test]
async fn it_goes_on_where_it_was_after_a_moment_without_the_database() {
    let shop = Shop::open().await;
    let auditor = Running::start(&shop, quick()).await;
    let Lived { product, .. } = shop.live().await;
    let oversold = r#"{"warehouse":"seoul","delta":-99,"reason":"lost"}"#;
    shop.as_owner(&by_hand(("inventory", product), "StockAdjusted", oversold))
        .await;
    auditor.sees(Invariant::NoOversell).await;
    let head = auditor.status.position();
    shop.as_owner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    // It never looks as if all were well, and does not begin anew, however long its lease lasts.
    for _ in 0..150 {
        assert_eq!(auditor.status.broken(), [Invariant::NoOversell]);
        assert_eq!(auditor.status.position(), head);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    auditor.end().await;
    shop.close().await;
}

#[tokio::test]
async fn it_sees_an_outcome_that_is_not_there() {
    let shop = Shop::open().await;
    shop.live().await;
    shop.as_owner("DELETE FROM event_store.commands WHERE position = 2")
        .await;
    let auditor = Running::start(&shop, quick()).await;
    auditor.sees(Invariant::OutcomeStored).await;
    auditor.end().await;
    shop.close().await;
}

#[tokio::test]
async fn what_is_late_is_red_until_it_is_done() {
    let mut shop = Shop::open().await;
    let product = shop.product(10).await;
    let auditor = Running::start(&shop, quick()).await;
    shop.now = Utc::now() - TimeDelta::minutes(20);
    let order = shop.order("ann", product, None).await;
    auditor.sees(Invariant::SagasEnd).await;
    shop.cancel("ann", order).await;
    eventually("it is green again", async || {
        auditor.status.broken().is_empty().then_some(())
    })
    .await;
    auditor.end().await;
    shop.close().await;
}

async fn epoch(shop: &Shop) -> i64 {
    sqlx::query_scalar("SELECT epoch FROM event_store.leases WHERE name = 'auditor'")
        .fetch_one(&shop.owner)
        .await
        .expect("the lease")
}

#[tokio::test]
async fn of_two_one_looks_and_the_other_takes_over() {
    let shop = Shop::open().await;
    shop.live().await;
    let first = Running::start(&shop, quick()).await;
    first.caught_up(&shop).await;
    let second = Running::start(&shop, quick()).await;
    assert_eq!(epoch(&shop).await, 1, "the second stands by");
    first.end().await;
    second.caught_up(&shop).await;
    assert_eq!(epoch(&shop).await, 2);
    second.end().await;
    shop.close().await;
}

#[tokio::test]
async fn a_long_log_is_read_at_bounded_speed() {
    let shop = Shop::open().await;
    shop.live().await;
    shop.as_owner(
        "INSERT INTO event_store.events
         SELECT 'product', gen_random_uuid(), 1, event_type, event_version, payload, metadata,
                (SELECT max(position) FROM event_store.events) + n, now()
           FROM event_store.events, generate_series(1, 12000) AS n WHERE position = 1",
    )
    .await;
    let config = AuditorConfig {
        events_per_second_max: 10_000,
        ..quick()
    };
    let began = std::time::Instant::now();
    let auditor = Running::start(&shop, config).await;
    auditor.caught_up(&shop).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    auditor.end().await;
    shop.close().await;
}

#[tokio::test]
async fn it_sees_an_id_that_stands_twice() {
    let shop = Shop::open().await;
    shop.product(1).await;
    shop.as_owner(
        "UPDATE event_store.events e SET metadata = jsonb_set(e.metadata::jsonb, '{eventId}', (
             SELECT metadata::jsonb -> 'eventId' FROM event_store.events WHERE position = 1))::json
          WHERE position = 2",
    )
    .await;
    let auditor = Running::start(&shop, quick()).await;
    auditor.sees(Invariant::Dense).await;
    auditor.end().await;
    shop.close().await;
}

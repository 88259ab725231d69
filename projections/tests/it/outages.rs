//! The servers themselves go away and come back. These tests take them away from everybody, so they
//! run alone: `cargo test -p projections --test it -- --ignored --test-threads 1`, with the control
//! scripts that `./dev services env test` names.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ProductId;
use testkit::required_env;
use tokio_util::sync::CancellationToken;

use crate::kafka::{Topics, assert_complete, public_events, sent_up_to};
use crate::relay::start;
use crate::shop::Shop;

/// Takes a server away or brings it back; the variable names its control script.
async fn control(variable: &str, verb: &'static str) -> String {
    let script = required_env(variable);
    let ran = tokio::task::spawn_blocking(move || Command::new(&script).arg(verb).output());
    let output = ran.await.unwrap().unwrap();
    assert!(
        output.status.success(),
        "{verb}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn signal(pid: &str, signal: &str) {
    let (pid, signal) = (pid.to_owned(), signal.to_owned());
    let ran = tokio::task::spawn_blocking(move || {
        Command::new("kill")
            .args([signal.as_str(), pid.as_str()])
            .status()
    });
    assert!(ran.await.unwrap().unwrap().success());
}

/// Sells until told to stop, and counts.
async fn sell_until(shop: &Shop, kettle: ProductId, enough: &CancellationToken, sold: &AtomicU64) {
    while !enough.is_cancelled() {
        let number = sold.load(Ordering::Relaxed);
        let user = format!("user-{number}");
        let order = shop.order(&user, &[(kettle, 1)]).await;
        shop.pay(&user, order, 1_000).await;
        sold.fetch_add(1, Ordering::Relaxed);
        // So few that a relay on a busy machine can catch up with them.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// So long something is away, and commands never notice: meanwhile they go on.
async fn sales_go_on(sold: &AtomicU64, time: Duration) {
    let before = sold.load(Ordering::Relaxed);
    tokio::time::sleep(time).await;
    assert!(sold.load(Ordering::Relaxed) > before, "nothing was sold");
}

async fn sell_for(shop: &Shop, kettle: ProductId, time: Duration) {
    let enough = CancellationToken::new();
    let ending = async {
        tokio::time::sleep(time).await;
        enough.cancel();
    };
    let sold = AtomicU64::new(0);
    tokio::join!(sell_until(shop, kettle, &enough, &sold), ending);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes the broker away from all other tests"]
async fn the_broker_crashes_and_freezes_while_events_flow_and_each_arrives_once_in_order() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let kettle = shop.product("Kettle", 1_000, 1_000_000).await;
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    let enough = CancellationToken::new();
    let sold = AtomicU64::new(0);
    let selling = sell_until(&shop, kettle, &enough, &sold);
    let breaking = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(4)).await;
            control("TEST_KAFKA_CONTROL", "stop-immediate").await;
            sales_go_on(&sold, Duration::from_secs(3)).await;
            control("TEST_KAFKA_CONTROL", "start").await;
        }
        let pid = control("TEST_KAFKA_CONTROL", "pid").await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        signal(&pid, "-STOP").await;
        sales_go_on(&sold, Duration::from_secs(8)).await;
        signal(&pid, "-CONT").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        enough.cancel();
    };
    tokio::join!(selling, breaking);
    sent_up_to(&shop.owner, shop.head().await).await;
    assert_complete(&topics.read().await, &public_events(&shop).await);
    assert!(shop.row("SELECT * FROM relay.failures").await.is_null());
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes the database away from all other tests"]
async fn the_database_crashes_and_comes_back_and_nothing_is_lost_doubled_or_parked() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let kettle = shop.product("Kettle", 1_000, 1_000_000).await;
    shop.project();
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    for _ in 0..2 {
        sell_for(&shop, kettle, Duration::from_secs(2)).await;
        control("TEST_POSTGRES_CONTROL", "stop-immediate").await;
        control("TEST_POSTGRES_CONTROL", "start").await;
        testkit::eventually("the database answers", async || {
            sqlx::query("SELECT 1").execute(&shop.owner).await.ok()
        })
        .await;
    }
    sell_for(&shop, kettle, Duration::from_secs(2)).await;
    shop.caught_up().await;
    assert_eq!(shop.differences().await, "");
    assert!(shop.row("SELECT * FROM projections.parked").await.is_null());
    sent_up_to(&shop.owner, shop.head().await).await;
    assert_complete(&topics.read().await, &public_events(&shop).await);
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

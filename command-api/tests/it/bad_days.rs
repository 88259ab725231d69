//! PostgreSQL away: refused at once with when to try again, readiness red, recovery by itself.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{eventually, required_env};

use crate::proxy::{Proxy, Way};
use crate::shop::one_item;
use crate::world::{Settings, World};

fn postgres_port() -> u16 {
    let url = required_env("TEST_POSTGRES_URL");
    let address = url
        .rsplit('@')
        .next()
        .and_then(|rest| rest.split('/').next());
    let port = address.and_then(|address| address.rsplit(':').next());
    port.and_then(|port| port.parse().ok())
        .expect("TEST_POSTGRES_URL names a port")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_away_is_503_with_when_to_try_again_and_recovers_by_itself() {
    let proxy = Proxy::to(postgres_port()).await;
    let mut settings = Settings {
        postgres_port: Some(proxy.port()),
        ..Settings::default()
    };
    settings.store.command_timeout = Duration::from_secs(2);
    let world = World::start_with(settings).await;
    let product = world.product_with_stock(5).await;
    assert_eq!(world.get("/health/ready").await.0, 200);

    proxy.set(Way::Cut);
    let place = async || {
        let request = world.post("/orders").customer("alice").key("k");
        request.json(&one_item(&product, 1)).send().await
    };
    let started = Instant::now();
    let refused = place().await;
    assert_eq!(refused.error(), (503, "SERVICE_UNAVAILABLE"));
    assert!(refused.header("retry-after").is_some());
    assert!(started.elapsed() < Duration::from_secs(10));
    let report = eventually("readiness is red", async || {
        let (status, report) = world.get("/health/ready").await;
        (status == 503).then_some(report)
    })
    .await;
    assert_eq!(report["status"], "not_ready");
    assert_eq!(world.get("/health/live").await.0, 200, "it lives");

    proxy.set(Way::Open);
    let placed = eventually("it recovers by itself", async || {
        let answer = place().await;
        (answer.status == 201).then_some(answer)
    })
    .await;
    assert_eq!(placed.data()["status"], json!("PENDING"));
    eventually("readiness is green", async || {
        (world.get("/health/ready").await.0 == 200).then_some(())
    })
    .await;
    assert_eq!(
        world.events_of_type("OrderPlaced").await,
        1,
        "the repeats had one effect"
    );
    // A payment's outcome is followed again, too.
    let _settler = crate::settler::Settler::start(&world.store);
    let paid = world.pay("alice", &placed.id(), "tok_approve").send().await;
    assert_eq!(
        (paid.status, &paid.data()["status"]),
        (201, &json!("SUCCEEDED"))
    );
}

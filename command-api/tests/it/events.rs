//! Sending an event again whose delivery failed.

use serde_json::json;

use crate::world::World;

async fn fail(world: &World, position: i64) {
    sqlx::query("INSERT INTO relay.failures (position, topic, error) VALUES ($1, 'x', 'refused')")
        .bind(position)
        .execute(&world.owner_pool().await)
        .await
        .expect("a failure");
}

async fn is_to_be_sent(world: &World, position: i64) -> Option<bool> {
    sqlx::query_scalar("SELECT resend FROM relay.failures WHERE position = $1")
        .bind(position)
        .fetch_optional(&world.owner_pool().await)
        .await
        .expect("a row")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_event_that_failed_is_sent_again() {
    let world = World::start().await;
    world.product_with_stock(1).await;
    let resend = async |position: &str| {
        world
            .post(&format!("/events/{position}/resend"))
            .operator()
            .send()
            .await
    };
    for nowhere in ["0", "999", "-1", "x", "9223372036854775808"] {
        assert_eq!(
            resend(nowhere).await.error(),
            (404, "EVENT_NOT_FOUND"),
            "{nowhere}"
        );
    }
    assert_eq!(resend("1").await.error(), (409, "EVENT_NOT_FAILED"));
    fail(&world, 2).await;
    assert_eq!(is_to_be_sent(&world, 2).await, Some(false));
    for _ in 0..2 {
        let accepted = resend("2").await;
        assert_eq!(accepted.status, 202);
        assert_eq!(
            accepted.data(),
            &json!({ "position": 2, "delivery": "FAILED", "resend": true })
        );
        assert_eq!(is_to_be_sent(&world, 2).await, Some(true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_key_it_is_asked_for_once() {
    let world = World::start().await;
    world.product_with_stock(0).await;
    fail(&world, 1).await;
    let resend = async || {
        world
            .post("/events/1/resend")
            .operator()
            .key("k")
            .send()
            .await
    };
    let first = resend().await;
    assert_eq!((first.status, first.is_replayed()), (202, false));
    // The relay has sent it meanwhile.
    sqlx::query("DELETE FROM relay.failures")
        .execute(&world.owner_pool().await)
        .await
        .expect("sent");
    let again = resend().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &first.text));
    let other = world
        .post("/events/2/resend")
        .operator()
        .key("k")
        .send()
        .await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
}

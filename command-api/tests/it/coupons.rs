//! Claims over HTTP: first come, first served, one a user, whatever Redis does meanwhile.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::gate::Redis;
use crate::shop::a_pool;
use crate::world::{Answer, Settings, World, crowd};

/// Who got one, who was told that all are taken.
fn tally(answers: &[Answer]) -> (usize, usize) {
    let issued = answers.iter().filter(|answer| answer.status == 201).count();
    let sold_out = answers
        .iter()
        .filter(|answer| answer.error() == (409, "COUPON_SOLD_OUT"));
    (issued, sold_out.count())
}

/// Answers that are neither, for the report.
fn others(answers: &[Answer]) -> Vec<&str> {
    let is_other =
        |answer: &&Answer| !matches!(answer.error(), (201, _) | (409, "COUPON_SOLD_OUT"));
    answers
        .iter()
        .filter(is_other)
        .map(|answer| answer.text.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_takes_one_coupon_and_no_second_one() {
    let world = World::start().await;
    let pool = world.coupon_pool(2).await;
    let claim = async |key: &str| {
        let request = world.post(&format!("/coupon-pools/{pool}/coupons"));
        request.customer("alice").key(key).send().await
    };
    let issued = claim("k1").await;
    assert_eq!(issued.status, 201);
    assert_eq!(issued.data()["poolId"], json!(pool));
    assert_eq!(issued.data()["code"], issued.data()["id"]);
    assert_eq!(issued.header("location"), Some("/api/v1/coupons"));
    let size = world.log_size().await;
    let second = claim("k2").await;
    assert_eq!(second.error(), (409, "COUPON_ALREADY_ISSUED"));
    for (key, first) in [("k1", &issued), ("k2", &second)] {
        let again = claim(key).await;
        assert_eq!(
            (again.is_replayed(), &again.text),
            (true, &first.text),
            "{key}"
        );
    }
    assert_eq!(world.log_size().await, size, "the gate answered by itself");
    let world = world.restart().await;
    let request = world
        .post(&format!("/coupon-pools/{pool}/coupons"))
        .customer("alice");
    let again = request.key("k1").send().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &issued.text));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_500_users_50_get_a_coupon_and_the_others_do_not_reach_the_log() {
    // On a busy machine nobody goes past a gate that is slow, nor past claims whose commit takes long, and no place
    // is given to another meanwhile.
    let mut settings = Settings::default();
    let long = Duration::from_secs(30);
    settings.gate.redis_timeout = long;
    settings.gate.contest_wait = long;
    settings.gate.rebuild_wait = 2 * long;
    settings.gate.pending_ttl = 4 * long;
    let world = World::start_with(settings).await;
    let pool = world.coupon_pool(50).await;
    let (_, commands_before) = world.log_size().await;
    let users: Vec<String> = (0..500).map(|n| format!("user-{n}")).collect();
    let answers = crowd(users.iter().map(|user| world.claim(user, &pool))).await;
    assert_eq!(tally(&answers), (50, 450), "{:?}", others(&answers));
    assert_eq!(world.events_of_type("CouponIssued").await, 50);
    let (_, commands) = world.log_size().await;
    assert_eq!(
        commands - commands_before,
        50,
        "a refusal costs the log nothing"
    );
    let refused = answers
        .iter()
        .find(|answer| answer.status == 409)
        .expect("a refusal");
    assert_eq!(refused.json["message"], "쿠폰이 모두 소진되었습니다");
    let codes: std::collections::BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer.json["data"]["code"].as_str())
        .collect();
    assert_eq!(codes.len(), 50, "no code was given twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sold_out_refusal_is_repeated_with_the_same_bytes() {
    let world = World::start().await;
    let pool = world.coupon_pool(1).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    let path = format!("/coupon-pools/{pool}/coupons");
    let claim = async || world.post(&path).customer("bob").key("k").send().await;
    let first = claim().await;
    assert_eq!(first.error(), (409, "COUPON_SOLD_OUT"));
    let again = claim().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &first.text));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_redis_loses_everything_in_the_middle_of_a_rush_exactly_50_are_issued() {
    let world = World::start().await;
    let redis = Redis::connect().await;
    let pool = world.coupon_pool(50).await;
    let users: Vec<String> = (0..500).map(|n| format!("user-{n}")).collect();
    let rush = crowd(users.iter().map(|user| world.claim(user, &pool)));
    let losses = async {
        for _ in 0..10 {
            redis.forget(&pool).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let (answers, ()) = futures::join!(rush, losses);
    assert_eq!(tally(&answers), (50, 450), "{:?}", others(&answers));
    redis.forget(&pool).await;
    let again = crowd(users.iter().map(|user| world.claim(user, &pool))).await;
    let not_refused: Vec<_> = again.iter().filter(|answer| answer.status != 409).collect();
    assert!(
        not_refused.is_empty(),
        "nobody gets a second one: {not_refused:?}"
    );
    assert_eq!(world.events_of_type("CouponIssued").await, 50);
    assert_eq!(
        redis.gate(&pool).await,
        (50, Some(0), 0),
        "the gate is what the log is"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_is_not_open_or_not_there_is_the_aggregates_to_refuse() {
    let world = World::start().await;
    let unknown = Uuid::now_v7().to_string();
    let claim = world.claim("alice", &unknown).send().await;
    assert_eq!(claim.error(), (404, "COUPON_POOL_NOT_FOUND"));
    let redis = Redis::connect().await;
    assert_eq!(
        redis.gate(&unknown).await,
        (0, None, 0),
        "no gate for what is not there"
    );
    for (from, until) in [
        ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        ("2100-01-01T00:00:00Z", "2101-01-01T00:00:00Z"),
    ] {
        let mut body = a_pool(3);
        (body["validFrom"], body["validUntil"]) = (json!(from), json!(until));
        let pool = world
            .post("/coupon-pools")
            .operator()
            .json(&body)
            .send()
            .await
            .id();
        let path = format!("/coupon-pools/{pool}/coupons");
        let closed = world.post(&path).customer("alice").key(&pool).send().await;
        assert_eq!(closed.error(), (409, "COUPON_POOL_CLOSED"));
        assert_eq!(
            redis.gate(&pool).await,
            (0, Some(3), 0),
            "the place was given back"
        );
        let again = world.post(&path).customer("alice").key(&pool).send().await;
        assert_eq!((again.is_replayed(), &again.text), (true, &closed.text));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_log_stays_the_answer_when_the_gate_would_give_another() {
    let world = World::start().await;
    let mut body = a_pool(1);
    let soon = chrono::Utc::now() + Duration::from_secs(2);
    body["validFrom"] = json!(soon);
    let pool = world
        .post("/coupon-pools")
        .operator()
        .json(&body)
        .send()
        .await
        .id();
    let path = format!("/coupon-pools/{pool}/coupons");
    let bobs = async || world.post(&path).customer("bob").key("k").send().await;
    let too_early = bobs().await;
    assert_eq!(too_early.error(), (409, "COUPON_POOL_CLOSED"));
    testkit::eventually("the pool opens", async || {
        (world.claim("alice", &pool).send().await.status == 201).then_some(())
    })
    .await;
    let bob_with_another_key = world.claim("bob", &pool).send().await;
    assert_eq!(bob_with_another_key.error(), (409, "COUPON_SOLD_OUT"));
    let again = bobs().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &too_early.text));
}

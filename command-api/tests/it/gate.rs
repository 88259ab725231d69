//! The gate against the log: planted faults in Redis, and a Redis that is away.

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::cmd;
use deadpool_redis::{Config, Runtime};
use testkit::{eventually, redis_url};

use crate::world::{Answer, Settings, World, crowd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The test's own way to Redis.
pub(crate) struct Redis(MultiplexedConnection);

impl Redis {
    pub(crate) async fn connect() -> Self {
        let pool = Config::from_url(redis_url()).create_pool(Some(Runtime::Tokio1));
        let connection = pool.expect("a pool").get().await.expect("a connection");
        Self(MultiplexedConnection::clone(&connection))
    }

    /// What FLUSHALL would do to this pool, without doing it to other tests.
    pub(crate) async fn forget(&self, pool: &str) {
        self.run(&[
            "UNLINK",
            &members(pool),
            &count(pool),
            &pending(pool),
            &refusals(pool),
        ])
        .await;
    }

    /// Members, count and pending claims of a pool's gate.
    pub(crate) async fn gate(&self, pool: &str) -> (u32, Option<i64>, u32) {
        (
            self.ask(&["SCARD", &members(pool)]).await,
            self.ask(&["GET", &count(pool)]).await,
            self.ask(&["ZCARD", &pending(pool)]).await,
        )
    }

    async fn run(&self, words: &[&str]) {
        let _: deadpool_redis::redis::Value = self.ask(words).await;
    }

    async fn ask<T: deadpool_redis::redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let (first, rest) = words.split_first().expect("a command");
        let mut command = cmd(first);
        rest.iter().for_each(|word| {
            command.arg(*word);
        });
        command
            .query_async(&mut self.0.clone())
            .await
            .expect("Redis answers")
    }
}

fn members(pool: &str) -> String {
    format!("user:coupon:{pool}")
}

fn count(pool: &str) -> String {
    format!("coupon:{pool}:count")
}

fn pending(pool: &str) -> String {
    format!("coupon:{pool}:pending")
}

fn refusals(pool: &str) -> String {
    format!("coupon:{pool}:refusals")
}

fn ms_ago(ms: u128) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_millis();
    (now - ms).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_are_those_of_the_requirements_and_leave_after_a_while() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(3).await;
    assert_eq!(
        redis.gate(&pool).await,
        (0, None, 0),
        "a pool nobody wants has no gate"
    );
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    assert_eq!(redis.gate(&pool).await, (1, Some(2), 0));
    let is_member: u32 = redis.ask(&["SISMEMBER", &members(&pool), "alice"]).await;
    assert_eq!(is_member, 1);
    for key in [members(&pool), count(&pool)] {
        let ttl_ms: i64 = redis.ask(&["PTTL", &key]).await;
        assert!(ttl_ms > 0, "{key} stays for ever");
    }
}

/// A claim that was admitted and never reached the log, as after a crash between the two.
async fn plant_leak(redis: &Redis, pool: &str, user: &str, age_ms: u128) {
    redis.run(&["SADD", &members(pool), user]).await;
    redis.run(&["DECR", &count(pool)]).await;
    redis
        .run(&["ZADD", &pending(pool), &ms_ago(age_ms), user])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_were_lost_on_the_way_to_the_log_are_found_when_they_are_old() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(3).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    plant_leak(&redis, &pool, "ghost-1", 60_000).await;
    plant_leak(&redis, &pool, "ghost-2", 60_000).await;
    assert_eq!(
        redis.gate(&pool).await,
        (3, Some(0), 2),
        "to Redis, all are taken"
    );
    for user in ["bob", "carol"] {
        assert_eq!(world.claim(user, &pool).send().await.status, 201, "{user}");
    }
    assert_eq!(
        world.claim("dave", &pool).send().await.error(),
        (409, "COUPON_SOLD_OUT")
    );
    assert_eq!(redis.gate(&pool).await, (3, Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_cut_short_is_finished_by_its_own_user_at_once() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(2).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    plant_leak(&redis, &pool, "bob", 0).await;
    assert_eq!(
        world.claim("bob", &pool).send().await.status,
        201,
        "the last one is bob's"
    );
    assert_eq!(redis.gate(&pool).await, (2, Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_under_way_keeps_the_last_coupon_from_nobody_whom_the_log_lets_have_it() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(2).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    plant_leak(&redis, &pool, "ghost", 0).await;
    assert_eq!(
        world.claim("bob", &pool).send().await.status,
        201,
        "the ghost holds a place at the gate, and nothing in the log"
    );
    let carol = world.claim("carol", &pool).send().await;
    assert_eq!(carol.error(), (409, "COUPON_SOLD_OUT"));
    assert_eq!(world.events_of_type("CouponIssued").await, 2);
}

/// A process that cannot reach Redis, and so asks the log.
async fn past_the_gate(world: &World) -> World {
    let nobody = redis_at(1, Duration::from_millis(100));
    world.another_process_with(nobody).await
}

/// Bob's claim, under one key.
async fn bobs_claim(process: &World, pool: &str) -> Answer {
    let path = format!("/coupon-pools/{pool}/coupons");
    let request = process.post(&path).customer("bob").key("bobs-claim");
    request.send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_of_whom_redis_never_heard_gets_the_first_answer_again_when_all_are_taken() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(2).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    let elsewhere = past_the_gate(&world).await;
    let first = bobs_claim(&elsewhere, &pool).await;
    assert_eq!(first.status, 201, "past the gate");
    assert_eq!(redis.gate(&pool).await, (1, Some(1), 0), "Redis lacks bob");
    plant_leak(&redis, &pool, "carol", 0).await;
    for _ in 0..2 {
        let again = bobs_claim(&world, &pool).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        let dave = world.claim("dave", &pool).send().await;
        assert_eq!(dave.error(), (409, "COUPON_SOLD_OUT"));
    }
    let another_claim = world.claim("bob", &pool).send().await;
    assert_eq!(another_claim.error(), (409, "COUPON_ALREADY_ISSUED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_the_log_has_is_given_again_when_the_gate_would_refuse_by_itself() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(1).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    let elsewhere = past_the_gate(&world).await;
    let first = bobs_claim(&elsewhere, &pool).await;
    assert_eq!(first.error(), (409, "COUPON_SOLD_OUT"), "past the gate");
    for _ in 0..2 {
        assert_eq!(bobs_claim(&world, &pool).await.text, first.text);
        redis.forget(&pool).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_that_lost_coupons_is_not_believed() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(3).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    redis.run(&["SET", &count(&pool), "0"]).await;
    assert_eq!(
        world.claim("bob", &pool).send().await.status,
        201,
        "the log has two left"
    );
    assert_eq!(redis.gate(&pool).await, (2, Some(1), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_that_has_too_many_coupons_issues_none_of_them() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(1).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    redis.run(&["SET", &count(&pool), "1000"]).await;
    redis.run(&["SREM", &members(&pool), "alice"]).await;
    assert_eq!(
        world.claim("bob", &pool).send().await.error(),
        (409, "COUPON_SOLD_OUT")
    );
    assert_eq!(
        world.claim("alice", &pool).send().await.error(),
        (409, "COUPON_ALREADY_ISSUED")
    );
    assert_eq!(
        redis.gate(&pool).await,
        (1, Some(0), 0),
        "rebuilt after the log contradicted it"
    );
    assert_eq!(world.events_of_type("CouponIssued").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_behind_is_repaired_at_the_first_touch_after_it() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(2).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    plant_leak(&redis, &pool, "ghost", 0).await;
    let world = world.restart().await;
    assert_eq!(world.claim("bob", &pool).send().await.status, 201);
    assert_eq!(
        world.claim("carol", &pool).send().await.error(),
        (409, "COUPON_SOLD_OUT")
    );
    assert_eq!(redis.gate(&pool).await, (2, Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_gate_and_issue_exactly_what_there_is() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(20).await;
    let other = world.another_process().await;
    let users: Vec<String> = (0..200).map(|n| format!("user-{n}")).collect();
    let claims = users.iter().enumerate().map(|(n, user)| {
        let process = if n % 2 == 0 { &world } else { &other };
        process.claim(user, &pool)
    });
    let answers = crowd(claims).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        20
    );
    let refused = answers
        .iter()
        .filter(|answer| answer.error() == (409, "COUPON_SOLD_OUT"));
    assert_eq!(refused.count(), 180);
    assert_eq!(world.events_of_type("CouponIssued").await, 20);
    assert_eq!(redis.gate(&pool).await, (20, Some(0), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_thousands_of_holders_is_rebuilt_in_steps_that_end_at_once() {
    const HOLDERS: u32 = 4_500;
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(HOLDERS + 1).await;
    crate::gate::issue_directly(&world, &pool, HOLDERS).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    assert_eq!(redis.gate(&pool).await, (HOLDERS + 1, Some(0), 0));
    assert_eq!(
        world.claim("user-7", &pool).send().await.error(),
        (409, "COUPON_ALREADY_ISSUED")
    );
    assert_eq!(
        world.claim("bob", &pool).send().await.error(),
        (409, "COUPON_SOLD_OUT")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_under_way_while_the_gate_is_rebuilt_is_counted_once() {
    let (world, redis) = (World::start().await, Redis::connect().await);
    let pool = world.coupon_pool(5).await;
    let other = world.another_process().await;
    // Nothing is appended while somebody else holds the log's lock; reading goes on.
    let mut lock = world
        .owner_pool()
        .await
        .acquire()
        .await
        .expect("a connection");
    let hold = "SELECT pg_advisory_lock(7215046291174)";
    sqlx::query(hold)
        .execute(&mut *lock)
        .await
        .expect("the log's lock");
    let script = async {
        eventually("alice is admitted", async || {
            (redis.gate(&pool).await == (1, Some(4), 1)).then_some(())
        })
        .await;
        redis.forget(&pool).await;
        let bob = other.claim("bob", &pool).send();
        let release = async {
            eventually(
                "the gate is rebuilt without alice, and bob is admitted",
                async || (redis.gate(&pool).await == (1, Some(4), 1)).then_some(()),
            )
            .await;
            lock.close().await.expect("the lock is let go");
        };
        futures::join!(bob, release).0
    };
    let (alice, bob) = futures::join!(world.claim("alice", &pool).send(), script);
    assert_eq!((alice.status, bob.status), (201, 201));
    assert_eq!(redis.gate(&pool).await, (2, Some(3), 0));
}

/// Claims on the store, past the gate.
pub(crate) async fn issue_directly(world: &World, pool: &str, users: u32) {
    use chrono::Utc;
    use domain::coupon_pool::ClaimCoupon;
    use event_store::{Command, CommandId, Context, Fingerprint};

    let claims = (0..users).map(|n| {
        let operation = ClaimCoupon {
            pool_id: pool.parse().expect("a pool's id"),
            user_id: format!("user-{n}").parse().expect("a user's id"),
            now: Utc::now(),
        };
        let context = Context {
            principal: "test".to_owned(),
            correlation_id: uuid::Uuid::now_v7(),
            causation_id: None,
            occurred_at: Utc::now(),
        };
        let id = CommandId::new(uuid::Uuid::now_v7());
        world
            .store
            .execute(Command::new(id, Fingerprint::of(&[]), operation, context))
    });
    let claims: Vec<_> = claims.collect();
    let mut claims = claims.into_iter().peekable();
    while claims.peek().is_some() {
        let some: Vec<_> = claims.by_ref().take(500).collect();
        for outcome in futures::future::join_all(some).await {
            assert_eq!(outcome.expect("an outcome").status, 200);
        }
    }
}

/// A gate to a Redis at this port.
fn redis_at(port: u16, timeout: Duration) -> Settings {
    let mut settings = Settings::default();
    settings.gate.redis_url = Some(platform::config::Secret::new(format!(
        "redis://127.0.0.1:{port}"
    )));
    settings.gate.redis_timeout = timeout;
    settings
}

fn redis_port() -> u16 {
    let url = redis_url();
    let port = url
        .rsplit(':')
        .next()
        .and_then(|rest| rest.split('/').next());
    port.and_then(|port| port.parse().ok())
        .expect("TEST_REDIS_URL names a port")
}

async fn fifty_for_five(world: &World, pool: &str) {
    let users: Vec<String> = (0..50).map(|n| format!("{pool}-{n}")).collect();
    let answers = crowd(users.iter().map(|user| world.claim(user, pool))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        5
    );
    let refused = answers
        .iter()
        .filter(|answer| answer.error() == (409, "COUPON_SOLD_OUT"));
    assert_eq!(refused.count(), 45);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_the_pool_works_and_readiness_says_degraded() {
    // Nothing listens on port 1.
    let world = World::start_with(redis_at(1, Duration::from_millis(100))).await;
    let pool = world.coupon_pool(5).await;
    fifty_for_five(&world, &pool).await;
    let second = world.claim(&format!("{pool}-0"), &pool).send().await;
    assert_eq!(second.status, 409);
    let (status, report) = world.get("/health/ready").await;
    assert_eq!(
        (status, &report["status"]),
        (200, &serde_json::json!("degraded"))
    );
    assert_eq!(report["checks"]["redis"]["status"], "down");
    assert_eq!(report["checks"]["postgres"]["status"], "up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_or_breaks_off_is_gone_around_and_trusted_only_after_a_rebuild() {
    use crate::proxy::{Proxy, Way};

    let (proxy, redis) = (Proxy::to(redis_port()).await, Redis::connect().await);
    let world = World::start_with(redis_at(proxy.port(), Duration::from_millis(250))).await;
    let pool = world.coupon_pool(4).await;
    assert_eq!(world.claim("alice", &pool).send().await.status, 201);
    for (way, user) in [(Way::Clogged, "bob"), (Way::Cut, "carol")] {
        proxy.set(way);
        let started = std::time::Instant::now();
        assert_eq!(world.claim(user, &pool).send().await.status, 201, "{way:?}");
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{way:?} held the claim up"
        );
    }
    proxy.set(Way::Open);
    // The gate knows of alice only; it is rebuilt before it lets the last one through.
    eventually("Redis is asked again", async || {
        let (_, report) = world.get("/health/ready").await;
        (report["status"] == "ready").then_some(())
    })
    .await;
    assert_eq!(world.claim("dave", &pool).send().await.status, 201);
    assert_eq!(redis.gate(&pool).await, (4, Some(0), 0));
    assert_eq!(
        world.claim("erin", &pool).send().await.error(),
        (409, "COUPON_SOLD_OUT")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_without_redis_has_no_gate_and_no_check_for_it() {
    let mut settings = Settings::default();
    settings.gate.redis_url = None;
    let world = World::start_with(settings).await;
    let pool = world.coupon_pool(5).await;
    fifty_for_five(&world, &pool).await;
    let (status, report) = world.get("/health/ready").await;
    assert_eq!(
        (status, &report["status"]),
        (200, &serde_json::json!("ready"))
    );
    assert!(report["checks"]["redis"].is_null());
}

//! Waiting for positions, with a database that a test plays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

/// Longer than any of these tests should take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Short enough to wait for.
const IN_VAIN: Duration = Duration::from_millis(100);

/// A database where everything is at one position.
#[derive(Clone, Default)]
struct Database {
    position: Arc<AtomicU64>,
    is_away: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
}

impl Database {
    fn freshness(&self, wait: Duration) -> Freshness {
        let database = self.clone();
        Freshness::asking(wait, move || {
            let database = database.clone();
            async move {
                database.asked.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                if database.is_away.load(Ordering::SeqCst) {
                    return Err(ReadError::Database(sqlx::Error::PoolTimedOut));
                }
                Ok(Positions(
                    [database.position.load(Ordering::SeqCst); Source::ALL.len()],
                ))
            }
        })
    }

    fn at(&self, position: u64) {
        self.position.store(position, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn reach(freshness: &Freshness, least: u64) -> Result<Option<u64>, &'static str> {
    let reached = freshness
        .reach(MinPosition(Some(least)), &[Source::Orders])
        .await;
    reached.map_err(|error| error.code())
}

#[tokio::test]
async fn nobody_is_asked_when_nobody_wants_a_position() {
    let database = Database::default();
    let freshness = database.freshness(PATIENCE);
    let reached = freshness.reach(MinPosition(None), &[Source::Orders]).await;
    assert_eq!(reached, Ok(None));
    assert_eq!(database.asked(), 0);
}

#[tokio::test]
async fn a_position_that_is_there_costs_one_question_and_then_nobody_asks() {
    let database = Database::default();
    database.at(7);
    let freshness = database.freshness(PATIENCE);
    assert_eq!(reach(&freshness, 7).await, Ok(Some(7)));
    assert_eq!(database.asked(), 1);
    tokio::time::sleep(POLL_INTERVAL * 10).await;
    assert_eq!(database.asked(), 1, "nobody waits, and still somebody asks");
}

#[tokio::test]
async fn a_thousand_who_wait_ask_together() {
    let database = Database::default();
    let freshness = Arc::new(database.freshness(PATIENCE));
    let waiting: Vec<_> = (0..1000)
        .map(|_| {
            let freshness = Arc::clone(&freshness);
            tokio::spawn(async move { reach(&freshness, 5).await })
        })
        .collect();
    while database.asked() < 10 {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    database.at(5);
    for one in waiting {
        assert_eq!(one.await.expect("it does not panic"), Ok(Some(5)));
    }
    assert!(
        database.asked() < 1000,
        "{} questions for 1000",
        database.asked()
    );
}

#[tokio::test]
async fn what_was_seen_long_ago_does_not_count() {
    let database = Database::default();
    database.at(9);
    let freshness = database.freshness(IN_VAIN);
    assert_eq!(reach(&freshness, 9).await, Ok(Some(9)));
    // The database failed over to a replica that is behind.
    database.at(3);
    tokio::time::sleep(POLL_INTERVAL * 2).await;
    assert_eq!(reach(&freshness, 9).await, Err("NOT_CAUGHT_UP"));
    assert_eq!(reach(&freshness, 3).await, Ok(Some(3)));
}

#[tokio::test]
async fn a_position_that_does_not_come_is_refused_in_time() {
    let database = Database::default();
    let freshness = database.freshness(IN_VAIN);
    let began = Instant::now();
    assert_eq!(reach(&freshness, 1).await, Err("NOT_CAUGHT_UP"));
    assert!(began.elapsed() >= IN_VAIN);
    assert!(began.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_database_that_is_away_is_not_a_projection_that_is_behind() {
    let database = Database::default();
    database.is_away.store(true, Ordering::SeqCst);
    let freshness = database.freshness(IN_VAIN);
    assert_eq!(reach(&freshness, 1).await, Err("SERVICE_UNAVAILABLE"));
    database.is_away.store(false, Ordering::SeqCst);
    database.at(1);
    assert_eq!(reach(&freshness, 1).await, Ok(Some(1)));
}

#[test]
fn what_two_sources_have_in_common_is_the_lower_one() {
    let mut positions = Positions::default();
    positions.0[Source::Orders as usize] = 8;
    positions.0[Source::Payments as usize] = 6;
    assert_eq!(positions.common(&[Source::Orders, Source::Payments]), 6);
    assert_eq!(positions.common(&[Source::Orders]), 8);
}

//! No event is missed by whoever reads by position, and none comes out of order: 24 writers in four
//! processes, `kill -9`, rollbacks and idle transactions, one reader. Beside it a reader of a plain table with
//! a sequence, written to by the same processes in the same way, which does miss rows: so the test can see
//! it. `docs/gap-safety.md` has the figures.

mod disturbers;
mod naive;
mod writers;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use event_store::{EventLog, StoreConfig};
use sqlx::PgPool;
use testkit::{TestDatabase, eventually, eventually_within};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::writers::Crew;
use crate::shop::open_store;

/// How long it goes on; `GAP_SAFETY_SECONDS` says otherwise.
const SECONDS: u64 = 15;
/// Processes that write, with six writers each.
const PROCESSES: usize = 4;
/// The time between two kills.
const KILL_EVERY: Duration = Duration::from_millis(1_200);
/// The most events that one read takes.
const READ_MAX: usize = 500;

/// What a reader was handed, and how.
#[derive(Debug, Default)]
struct Handed {
    /// The id of the event at each position.
    events: BTreeMap<u64, String>,
    /// Events that came after a later one, or twice.
    out_of_order: u64,
    /// Positions that were passed over.
    passed_over: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_missed_or_out_of_order_where_a_naive_reader_misses_some() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    naive::install(&owner).await;
    let (stop, writing) = (CancellationToken::new(), CancellationToken::new());
    let pool = database.app_pool().await;
    let store = open_store(pool, StoreConfig::default(), &stop).await;
    writers::create_products(&store).await;
    let log = store.log().clone();
    let (said, heard) = watch::channel(0);
    let reader = tokio::spawn(read(log.clone(), said, stop.clone()));
    let naive_reader = tokio::spawn(naive::read(owner.clone(), stop.clone()));
    let disturbers = disturbers::start(&database, &writing).await;
    let mut crew = Crew::start(&database.url("commerce_app"), PROCESSES);
    eventually("every process writes", async || {
        crew.all_have_written().then_some(())
    })
    .await;

    let seconds = std::env::var("GAP_SAFETY_SECONDS").ok();
    let seconds = seconds
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(SECONDS);
    let until = tokio::time::Instant::now() + Duration::from_secs(seconds);
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(KILL_EVERY).await;
        crew.kill_one_and_start_another();
    }
    writing.cancel();
    let (kills, acknowledged) = crew.end();
    let mut disturbed = Vec::new();
    for (what, disturber) in disturbers {
        disturbed.push((what, disturber.await.unwrap()));
    }

    // What a killed process had begun may still be committed by its backend.
    quiet(&owner).await;
    let head = log.head().await.unwrap();
    eventually_within(
        Duration::from_secs(60),
        "the reader is at the end",
        async || (*heard.borrow() == head).then_some(()),
    )
    .await;
    naive::at_the_end(&owner).await;
    stop.cancel();
    let handed = reader.await.unwrap();
    let naive = naive_reader.await.unwrap();
    let naive_missed = naive::missed(&owner, &naive).await;

    let stored = stored(&owner).await;
    let missed = stored
        .keys()
        .filter(|position| !handed.events.contains_key(position));
    let (missed, events, commits) = (missed.count(), stored.len(), naive_missed.committed);
    eprintln!(
        "gap safety: {events} events by 24 writers, {kills} processes killed, {} acknowledged commands, \
         {disturbed:?}: {missed} missed, {} out of order; naive: {} of {commits} missed",
        acknowledged.len(),
        handed.out_of_order,
        naive_missed.missed
    );
    assert_eq!((missed, handed.passed_over, handed.out_of_order), (0, 0, 0));
    assert_eq!(
        handed.events, stored,
        "the same events at the same positions, and no others"
    );
    assert!(stored.keys().copied().eq(1..=head), "dense");
    let outcomes = outcomes(&owner).await;
    let lost = acknowledged
        .iter()
        .filter(|(command, position)| outcomes.get(command) != Some(position))
        .collect::<Vec<_>>();
    assert!(lost.is_empty(), "acknowledged, and not there: {lost:?}");
    assert!(kills >= 3 && events > 300, "{kills} kills, {events} events");
    let all = disturbed.iter().all(|(_, times)| *times > 0);
    assert!(all, "nobody was in the way: {disturbed:?}");
    assert!(
        naive_missed.missed > 0,
        "the naive reader missed none of {commits}: this test cannot see what it is for"
    );
    owner.close().await;
    log.pool().close().await;
    database.drop_now().await;
}

/// Follows the log as every subscriber does.
async fn read(log: EventLog, said: watch::Sender<u64>, stop: CancellationToken) -> Handed {
    let mut handed = Handed::default();
    let mut subscription = log.subscribe(0);
    let mut last = 0;
    loop {
        let events = tokio::select! {
            () = stop.cancelled() => return handed,
            events = subscription.next(READ_MAX) => events.unwrap(),
        };
        for event in events {
            if event.position <= last {
                handed.out_of_order += 1;
            } else {
                handed.passed_over += event.position - last - 1;
                last = event.position;
            }
            let id = event.metadata.event_id.to_string();
            handed.events.insert(event.position, id);
        }
        said.send_replace(last);
    }
}

/// Waits until no backend of the writers is in a transaction any more.
async fn quiet(owner: &PgPool) {
    eventually("the backends are done", async || {
        let busy: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND usename = 'commerce_app'
                AND (state <> 'idle' OR xact_start IS NOT NULL)",
        )
        .fetch_one(owner)
        .await
        .unwrap();
        (busy == 0).then_some(())
    })
    .await;
}

/// The outcomes as they stand: where each command ended.
async fn outcomes(owner: &PgPool) -> HashMap<Uuid, u64> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT command_id, position FROM event_store.commands")
            .fetch_all(owner)
            .await
            .unwrap();
    rows.into_iter()
        .map(|(command, position)| (command, u64::try_from(position).unwrap()))
        .collect()
}

/// The log as it stands.
async fn stored(owner: &PgPool) -> BTreeMap<u64, String> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT position, metadata ->> 'eventId' FROM event_store.events")
            .fetch_all(owner)
            .await
            .unwrap();
    rows.into_iter()
        .map(|(position, id)| (u64::try_from(position).unwrap(), id))
        .collect()
}

//! Every key of the run again: the same bytes as before, and nothing happens but what a company tells of meanwhile (one
//! that was not heard comes again after a minute), and what comes of looks at companies whose time has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use platform::Role;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::acknowledged::{NOTICES, SAGAS, Stored};
use super::history::{Asked, History};
use super::sagas::LOOKS;
use crate::error::ChaosError;
use crate::output::progress;
use crate::shop::Shop;
use crate::shoppers::{Client, Told, Wire, client};

/// Requests at once.
const AT_ONCE: usize = 24;
/// How long an answer may take now that all is quiet.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether a step is under way.
const REST_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) async fn check(
    shop: &Shop,
    wire: &Arc<Wire>,
    pool: &PgPool,
    history: &History,
    stored: &Stored,
) -> Result<Vec<Check>, ChaosError> {
    let mut same = Check::new("every key, sent again, gets the same bytes");
    let mut idle = Check::new("sending every key again changes nothing");
    let before = Before::read(pool).await?;
    let shopper = client(shop, wire, "repeat", Role::Customer)?;
    // What was never answered and never happened would happen now.
    let again = history
        .requests
        .iter()
        .filter(|(id, asked)| !asked.answers.is_empty() || stored.outcomes.contains_key(*id));
    let mut sent = futures::stream::iter(again)
        .map(|(id, asked)| repeat(shop, &shopper, id, asked))
        .buffer_unordered(AT_ONCE);
    let mut count = 0_u64;
    while let Some((asked, told)) = sent.try_next().await? {
        count += 1;
        if count.is_multiple_of(100) {
            progress(format_args!("sending every key again: {count}"));
        }
        let first = asked.answers.first();
        let repeats = |told: &Told| first.is_none_or(|first| told.repeats(first, &asked.request));
        let holds = told.as_ref().is_some_and(repeats);
        same.look(holds, || {
            let (user, path, key) = (&asked.request.user, &asked.request.path, &asked.request.key);
            format!("{user} {path} {key}: {first:?}, and now {told:?}")
        });
    }
    let since = Since::read(pool, &before).await?;
    idle.looked_at = count;
    for (events, of) in [
        (since.by_notices, "what companies told of meanwhile"),
        (since.by_looks, "of looks whose time had come"),
    ] {
        if events > 0 {
            idle.details.push(format!("{events} events are {of}"));
        }
    }
    for other in since.others {
        idle.look(false, || other);
    }
    Ok(vec![same, idle])
}

async fn repeat<'a>(
    shop: &Shop,
    shopper: &Client,
    id: &Uuid,
    asked: &'a Asked,
) -> Result<(&'a Asked, Option<Told>), ChaosError> {
    let request = &asked.request;
    let role = if request.operator {
        Role::Operator
    } else {
        Role::Customer
    };
    let client = Client {
        user: request.user.clone(),
        operator: request.operator,
        fresh_ids: request.fresh_ids,
        token: shop.token(&request.user, role)?,
        ..shopper.clone()
    };
    let mut random = StdRng::seed_from_u64(id.as_u64_pair().0);
    let told = client.ask(request, PATIENCE, &mut random).await?;
    Ok((asked, told))
}

/// How it stood at a moment when nothing was under way.
struct Before {
    head: i64,
    /// The looks that wait for their time: the events that they follow from, and when they are due.
    looks: (Vec<Uuid>, Vec<DateTime<Utc>>),
}

impl Before {
    async fn read(pool: &PgPool) -> Result<Self, ChaosError> {
        let started = Instant::now();
        loop {
            if let Some(before) = Self::at_rest(pool).await? {
                return Ok(before);
            }
            if started.elapsed() > PATIENCE {
                let never = format!(
                    "within {PATIENCE:?} there was no moment without a saga's step under way"
                );
                return Err(ChaosError::said(never));
            }
            tokio::time::sleep(REST_INTERVAL).await;
        }
    }

    /// `None` while a step is under way, or an event is not taken in.
    async fn at_rest(pool: &PgPool) -> Result<Option<Self>, ChaosError> {
        type Row = (i64, bool, Vec<Uuid>, Vec<DateTime<Utc>>);
        let (head, is_busy, causes, due): Row = sqlx::query_as(
            "WITH log AS (SELECT coalesce(max(position), 0) AS head FROM event_store.events),
                  looks AS (SELECT causation_id, due_at FROM processes.actions WHERE name = ANY ($1))
             SELECT head,
                    EXISTS (SELECT FROM processes.actions WHERE due_at <= now() AND parked_at IS NULL)
                    OR head <> coalesce((SELECT position FROM event_store.checkpoints
                                          WHERE subscriber = 'processes'), 0),
                    ARRAY (SELECT causation_id FROM looks ORDER BY causation_id, due_at),
                    ARRAY (SELECT due_at FROM looks ORDER BY causation_id, due_at)
               FROM log",
        )
        .bind(LOOKS)
        .fetch_one(pool)
        .await?;
        let looks = (causes, due);
        Ok((!is_busy).then_some(Self { head, looks }))
    }
}

/// What has happened since.
#[derive(Debug, PartialEq, Eq)]
struct Since {
    /// A company's notice, and what came of asking it.
    by_notices: usize,
    /// What followed from a look whose time had come.
    by_looks: usize,
    /// Each that should not have happened.
    others: Vec<String>,
}

impl Since {
    async fn read(pool: &PgPool, before: &Before) -> Result<Self, ChaosError> {
        let events: Vec<(String, bool, bool)> = sqlx::query_as(
            "WITH RECURSIVE since AS (
                 SELECT position, aggregate_type, aggregate_id, event_type,
                        (metadata ->> 'eventId')::uuid AS event_id,
                        (metadata ->> 'causationId')::uuid AS causation_id,
                        metadata ->> 'correlationId' AS belongs_to, metadata ->> 'principal' AS principal
                   FROM event_store.events WHERE position > $1),
             looked AS (
                 SELECT event_id FROM since
                   JOIN unnest($3::uuid[], $4::timestamptz[]) AS look (cause, due_at)
                     ON cause = causation_id AND due_at <= clock_timestamp() AND principal = $5
                  UNION
                 SELECT since.event_id FROM since JOIN looked ON since.causation_id = looked.event_id)
             SELECT concat_ws(' ', position, aggregate_type || '/' || aggregate_id, event_type, 'by', principal),
                    coalesce(belongs_to IN (SELECT belongs_to FROM since WHERE starts_with(principal, $2)), false),
                    coalesce(event_id IN (SELECT event_id FROM looked), false)
               FROM since ORDER BY position",
        )
        .bind(before.head)
        .bind(NOTICES)
        .bind(&before.looks.0)
        .bind(&before.looks.1)
        .bind(SAGAS)
        .fetch_all(pool)
        .await?;
        let mut since = Self {
            by_notices: 0,
            by_looks: 0,
            others: Vec::new(),
        };
        for event in events {
            match event {
                (_, true, _) => since.by_notices += 1,
                (_, false, true) => since.by_looks += 1,
                (what, false, false) => since.others.push(what),
            }
        }
        Ok(since)
    }
}

#[cfg(test)]
mod tests {
    use testkit::TestDatabase;

    use super::*;

    /// An event of the quiet by this principal, in this correlation, which followed from this event.
    async fn happens(
        pool: &PgPool,
        position: i64,
        principal: &str,
        correlation: Uuid,
        cause: Option<Uuid>,
    ) {
        let planted = sqlx::query(
            "INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                                             event_version, payload, metadata, recorded_at)
             VALUES ($1, 'payment', 'p', $1, 'PaymentInquiryRequested', 1, '{}',
                     json_build_object('eventId', $4::uuid, 'principal', $2::text, 'correlationId', $3::uuid,
                                       'causationId', $5::uuid), now())",
        )
        .bind(position)
        .bind(principal)
        .bind(correlation)
        .bind(id_of(position))
        .bind(cause)
        .execute(pool)
        .await;
        planted.expect("an event");
    }

    fn id_of(position: i64) -> Uuid {
        Uuid::from_u128(1_000 + u128::from(position.unsigned_abs()))
    }

    fn counted(since: &Since) -> (usize, usize, usize) {
        (since.by_notices, since.by_looks, since.others.len())
    }

    #[tokio::test]
    async fn what_a_company_tells_late_is_no_effect_of_a_repeat_and_all_else_is() {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        let (old, notice, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        // A notice of the run itself excuses nothing that its correlation does now.
        happens(&pool, 1, "webhook/nice", old, None).await;
        happens(&pool, 2, "webhook/nice", notice, None).await;
        happens(&pool, 3, "processes", notice, None).await;
        let before = Before {
            head: 1,
            looks: (vec![], vec![]),
        };
        let since = Since::read(&pool, &before).await.expect("an answer");
        assert_eq!(counted(&since), (2, 0, 0));
        for (position, principal, correlation) in [
            (4, "shopper-1", other),
            (5, "processes", old),
            (6, "shopper-1", other),
        ] {
            happens(&pool, position, principal, correlation, None).await;
            let others = usize::try_from(position - 3).expect("a count");
            let since = Since::read(&pool, &before).await.expect("an answer");
            assert_eq!(counted(&since), (2, 0, others));
        }
    }

    #[tokio::test]
    async fn what_follows_from_a_look_that_fell_due_is_no_effect_of_a_repeat_and_all_else_is() {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        let [due, early, other] = [1, 2, 3].map(Uuid::from_u128);
        for (cause, name, due_in) in [
            (due, "inquire-deposit", "1 second"),
            (early, "inquire-late", "1 hour"),
            (other, "expire-order", "1 second"),
        ] {
            let planted = sqlx::query(
                "INSERT INTO processes.actions
                        (action_id, name, lane, action, due_at, correlation_id, causation_id)
                 VALUES ($1, $2, 'commands', '{}', now() + $3::interval, $1, $1)",
            );
            let planted = planted.bind(cause).bind(name).bind(due_in).execute(&pool);
            planted.await.expect("a step");
        }
        let before = Before::read(&pool).await.expect("an answer");
        testkit::eventually("the step is due, and under way", async || {
            let rest = Before::at_rest(&pool).await.expect("an answer");
            rest.is_none().then_some(())
        })
        .await;
        for (position, principal, cause, wanted) in [
            (1, "processes", due, (0, 1, 0)),
            (2, "processes", id_of(1), (0, 2, 0)),
            (3, "shopper-1", due, (0, 2, 1)),
            (4, "processes", early, (0, 2, 2)),
            (5, "processes", other, (0, 2, 3)),
        ] {
            happens(&pool, position, principal, due, Some(cause)).await;
            let since = Since::read(&pool, &before).await.expect("an answer");
            assert_eq!(counted(&since), wanted, "{since:?}");
        }
        let since = Since::read(&pool, &before).await.expect("an answer");
        let shoppers = "3 payment/p PaymentInquiryRequested by shopper-1";
        assert_eq!(since.others[0], shoppers);
    }
}

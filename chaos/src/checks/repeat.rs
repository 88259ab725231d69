//! Every key of the run again: the same bytes as before, and nothing happens but what a company tells of meanwhile:
//! one that was not heard comes again after a minute.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use platform::Role;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::acknowledged::{NOTICES, Stored};
use super::history::{Asked, History};
use crate::error::ChaosError;
use crate::output::progress;
use crate::shop::Shop;
use crate::shoppers::{Client, Told, Wire, client};

/// Requests at once.
const AT_ONCE: usize = 24;
/// How long an answer may take now that all is quiet.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn check(
    shop: &Shop,
    wire: &Arc<Wire>,
    pool: &PgPool,
    history: &History,
    stored: &Stored,
) -> Result<Vec<Check>, ChaosError> {
    let mut same = Check::new("every key, sent again, gets the same bytes");
    let mut idle = Check::new("sending every key again changes nothing");
    let before = head(pool).await?;
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
    let since = Since::read(pool, before).await?;
    idle.looked_at = count;
    if since.by_notices > 0 {
        idle.details.push(format!(
            "{} events are what companies told of meanwhile",
            since.by_notices
        ));
    }
    if since.others > 0 {
        idle.look(false, || {
            format!(
                "the log was at {before} before, and has {} events more",
                since.others
            )
        });
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

/// What has happened since.
#[derive(Debug, PartialEq, Eq)]
struct Since {
    /// A company's notice, and what came of asking it.
    by_notices: i64,
    others: i64,
}

impl Since {
    async fn read(pool: &PgPool, before: i64) -> Result<Self, ChaosError> {
        let (by_notices, others) = sqlx::query_as(
            "WITH since AS (
                 SELECT metadata ->> 'correlationId' AS belongs_to, metadata ->> 'principal' AS principal
                   FROM event_store.events WHERE position > $1),
             marked AS (
                 SELECT belongs_to IN (SELECT belongs_to FROM since WHERE starts_with(principal, $2)) AS is_noticed
                   FROM since)
             SELECT count(*) FILTER (WHERE is_noticed), count(*) FILTER (WHERE is_noticed IS NOT TRUE) FROM marked",
        )
        .bind(before)
        .bind(NOTICES)
        .fetch_one(pool)
        .await?;
        Ok(Self { by_notices, others })
    }
}

async fn head(pool: &PgPool) -> Result<i64, ChaosError> {
    Ok(
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM event_store.events")
            .fetch_one(pool)
            .await?,
    )
}

#[cfg(test)]
mod tests {
    use testkit::TestDatabase;

    use super::*;

    /// An event of the quiet by this principal, in this correlation.
    async fn happens(pool: &PgPool, position: i64, principal: &str, correlation: Uuid) {
        let planted = sqlx::query(
            "INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                                             event_version, payload, metadata, recorded_at)
             VALUES ($1, 'payment', 'p', $1, 'PaymentInquiryRequested', 1, '{}',
                     json_build_object('principal', $2::text, 'correlationId', $3::uuid), now())",
        )
        .bind(position)
        .bind(principal)
        .bind(correlation)
        .execute(pool)
        .await;
        planted.expect("an event");
    }

    #[tokio::test]
    async fn what_a_company_tells_late_is_no_effect_of_a_repeat_and_all_else_is() {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        let (old, notice, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        // A notice of the run itself excuses nothing that its correlation does now.
        happens(&pool, 1, "webhook/nice", old).await;
        happens(&pool, 2, "webhook/nice", notice).await;
        happens(&pool, 3, "processes", notice).await;
        let since = Since::read(&pool, 1).await.expect("an answer");
        let (by_notices, others) = (2, 0);
        assert_eq!(since, Since { by_notices, others });
        for (position, principal, correlation) in [
            (4, "shopper-1", other),
            (5, "processes", old),
            (6, "shopper-1", other),
        ] {
            happens(&pool, position, principal, correlation).await;
            let others = position - 3;
            let since = Since::read(&pool, 1).await.expect("an answer");
            assert_eq!(since, Since { by_notices, others });
        }
    }
}

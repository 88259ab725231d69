//! Every key of the run again: the same bytes as before, and nothing happens.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use platform::Role;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::acknowledged::Stored;
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
    let after = head(pool).await?;
    idle.looked_at = count;
    if before != after {
        idle.look(false, || {
            format!("the log was at {before} before, and at {after} after")
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

async fn head(pool: &PgPool) -> Result<i64, ChaosError> {
    Ok(
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM event_store.events")
            .fetch_one(pool)
            .await?,
    )
}

//! Ids of events: no two are the same.

use event_store::StoreError;
use invariants::{Invariant, Violation};
use sqlx::PgPool;
use uuid::Uuid;

/// Which events may have another's id.
pub(crate) enum Suspects<'a> {
    /// Those with one of these ids.
    Some(&'a [Uuid]),
    All,
}

/// The ids that stand twice, among the suspects and among the events of these commands.
pub(crate) async fn standing_twice(
    pool: &PgPool,
    suspects: Suspects<'_>,
    commands: &[Uuid],
) -> Result<Vec<Violation>, StoreError> {
    let text = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<_>>();
    let some = match suspects {
        Suspects::Some([]) if commands.is_empty() => return Ok(Vec::new()),
        Suspects::Some(ids) => Some(text(ids)),
        Suspects::All => None,
    };
    let twice: Vec<(String, i64)> = sqlx::query_as(
        "SELECT metadata ->> 'eventId', max(position) FROM event_store.events
          WHERE $1::text[] IS NULL OR metadata ->> 'eventId' = ANY ($1)
             OR metadata ->> 'commandId' = ANY ($2)
          GROUP BY metadata ->> 'eventId' HAVING count(*) > 1 AND metadata ->> 'eventId' IS NOT NULL",
    )
    .bind(some)
    .bind(text(commands))
    .fetch_all(pool)
    .await?;
    let twice = twice.into_iter().map(|(id, position)| Violation {
        invariant: Invariant::Dense,
        position: u64::try_from(position).ok(),
        stream: None,
        evidence: format!("event id {id} stands twice"),
    });
    Ok(twice.collect())
}

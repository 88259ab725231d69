//! Streams whose saga waits for a person, as the sagas' own tables say.

use invariants::Violation;
use sqlx::PgPool;

/// What waits for a person: something that names the stream's id, and why.
#[derive(Debug)]
pub(crate) struct Excuses(Vec<(String, String)>);

impl Excuses {
    /// Reads the parked actions, and the events that the sagas could not read.
    pub(crate) async fn read(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let parked = sqlx::query_as(
            "SELECT action::text, name || ' is parked: ' || coalesce(last_error, 'no reason')
               FROM processes.actions WHERE parked_at IS NOT NULL
             UNION ALL
             SELECT e.aggregate_id, 'the sagas cannot read its event at ' || p.position || ': ' || p.error
               FROM processes.parked_events p JOIN event_store.events e USING (position)",
        );
        Ok(Self(parked.fetch_all(pool).await?))
    }

    /// Why this one is no violation but waits for a person, if so.
    pub(crate) fn of(&self, violation: &Violation) -> Option<&str> {
        let id = violation.stream.as_deref()?.split_once('/')?.1;
        let excuse = self.0.iter().find(|(names, _)| names.contains(id));
        excuse.map(|(_, why)| why.as_str())
    }
}

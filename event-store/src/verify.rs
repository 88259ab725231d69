//! Proving that the log is what it promises to be.

use sqlx::PgPool;

use crate::error::StoreError;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// How many events were looked at.
    pub events: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which promise is broken.
    pub invariant: &'static str,
    /// Where, and how.
    pub evidence: String,
}

/// The most findings of one kind that are listed.
const FINDINGS_MAX: i64 = 20;

/// Looks at the whole log: positions are dense, every stream is dense, every event's command is there,
/// and every event's id is its own.
///
/// # Errors
/// The database is away.
pub async fn verify(pool: &PgPool) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let (count, first, last): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0)
           FROM event_store.events",
    )
    .fetch_one(pool)
    .await?;
    report.events = crate::recorded::unsigned(count, "count")?;
    if first != 1 || last != count {
        report.findings.push(Finding {
            invariant: "positions are dense",
            evidence: format!("{count} events from position {first} to {last}"),
        });
    }
    let checks: [(&'static str, &'static str); 3] = [
        (
            "every stream is dense",
            "SELECT aggregate_type || '/' || aggregate_id || ': ' || count(*) || ' events from '
                    || min(sequence) || ' to ' || max(sequence)
               FROM event_store.events GROUP BY aggregate_type, aggregate_id
             HAVING min(sequence) <> 1 OR max(sequence) <> count(*) LIMIT $1",
        ),
        (
            "every event's command is stored",
            "SELECT 'position ' || e.position FROM event_store.events e
              WHERE NOT EXISTS (SELECT FROM event_store.commands c
                                 WHERE c.command_id::text = lower(e.metadata ->> 'commandId')) LIMIT $1",
        ),
        (
            "every event's id is its own",
            "SELECT 'id ' || coalesce(metadata ->> 'eventId', '(none)') || ' at positions '
                    || string_agg(position::text, ', ' ORDER BY position)
               FROM event_store.events GROUP BY metadata ->> 'eventId'
             HAVING count(*) > 1 LIMIT $1",
        ),
    ];
    for (invariant, query) in checks {
        let rows: Vec<String> = sqlx::query_scalar(query)
            .bind(FINDINGS_MAX)
            .fetch_all(pool)
            .await?;
        report
            .findings
            .extend(rows.into_iter().map(|evidence| Finding {
                invariant,
                evidence,
            }));
    }
    Ok(report)
}

//! What the migration came to, read from what it remembers.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::copy::{Subject, progress};
use crate::error::LegacyMigrationError;
use crate::steps::Step;
use crate::target::Target;

/// The whole of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Each step that was begun, in order.
    pub steps: Vec<StepReport>,
    /// Each kind of row.
    pub subjects: Vec<SubjectReport>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// As it is typed.
    pub step: &'static str,
    /// When it was first begun.
    pub started_at: DateTime<Utc>,
    /// When it was done; `None`: interrupted, or under way.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it found.
    pub details: Option<Value>,
}

/// One kind of row.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectReport {
    /// `METHOD`, `PAYMENT`, `HISTORY`, `ORDER` (orders that point at a payment), `PAYMENT_ORDER` (payments
    /// that name an order; carried with the payment).
    pub subject: &'static str,
    /// Rows that are in the new schema.
    pub carried: i64,
    /// Bodies in which a card number or a security code was cut out.
    pub masked: i64,
    /// Rows that could not be carried over, by reason.
    pub rejected: BTreeMap<String, i64>,
}

/// Reads it.
pub(crate) async fn read(target: &Target) -> Result<Report, LegacyMigrationError> {
    let mut known = target.steps().await?;
    let steps = Step::ALL.into_iter().filter_map(|step| {
        known.remove(step.name()).map(|state| StepReport {
            step: step.name(),
            started_at: state.started_at,
            finished_at: state.finished_at,
            details: state.details,
        })
    });
    let steps = steps.collect();
    let rejected: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT subject, reason, count(*) FROM payment.legacy_rejects GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&target.payment)
    .await
    .map_err(LegacyMigrationError::Target)?;
    let mut subjects = Vec::new();
    for subject in Subject::ALL {
        let position = progress(target, subject).await?;
        let own = rejected.iter().filter(|(of, _, _)| of == subject.name());
        subjects.push(SubjectReport {
            subject: subject.name(),
            carried: position.map_or(0, |position| position.carried),
            masked: position.map_or(0, |position| position.masked),
            rejected: own.map(|(_, reason, n)| (reason.clone(), *n)).collect(),
        });
    }
    Ok(Report { steps, subjects })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let name = step.step;
            match step.finished_at {
                Some(at) => {
                    let took_ms = (at - step.started_at).num_milliseconds();
                    writeln!(f, "{name:<18} done at {}, {took_ms} ms", at.format("%F %T"))?;
                }
                None => writeln!(f, "{name:<18} begun, not done")?,
            }
            for dependent in dependents_of(step) {
                writeln!(f, "  {dependent}")?;
            }
        }
        for subject in &self.subjects {
            let rejected: i64 = subject.rejected.values().sum();
            let (name, carried, masked) = (subject.subject, subject.carried, subject.masked);
            writeln!(
                f,
                "{name:<18} {carried} carried over, {rejected} rejected, {masked} bodies masked"
            )?;
            for (reason, rows) in &subject.rejected {
                writeln!(f, "  {reason:<24} {rows}")?;
            }
        }
        Ok(())
    }
}

fn dependents_of(step: &StepReport) -> Vec<String> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let all = step
        .details
        .as_ref()
        .and_then(|d| d["dependents"].as_array());
    all.into_iter()
        .flatten()
        .map(|dependent| {
            let stands = match dependent["blocks"].as_bool() {
                Some(true) => ": stands in the way of drop",
                Some(false) | None => "",
            };
            format!(
                "{} {}{stands}",
                text(dependent, "kind"),
                text(dependent, "name")
            )
        })
        .collect()
}

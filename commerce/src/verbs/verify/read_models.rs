//! What follows from the log: snapshots, read models and the payment ledger's tables, folded afresh and compared.

use std::time::Duration;

use invariants::Invariant;
use projections::Comparison;

use super::report::Report;
use super::{Verification, ledger_tables};
use crate::error::CommerceError;
use crate::meter::Meter;

/// How long an event may wait for a read model.
pub(super) const BEHIND_MAX: Duration = Duration::from_secs(60);

pub(super) async fn check_snapshots(
    verification: &Verification,
    report: &mut Report,
) -> Result<(), CommerceError> {
    let found = auditor::verify_snapshots(&verification.owner).await?;
    if found.violations.is_empty() {
        let (compared, ignored) = (found.compared, found.ignored);
        let looked_at = format!("{compared} compared, {ignored} of another version ignored");
        report.holds(Invariant::Snapshots, looked_at);
    } else {
        let count = u64::try_from(found.violations.len()).unwrap_or(u64::MAX);
        let evidence = found.violations.iter().map(ToString::to_string);
        report.broken(Invariant::Snapshots, count, evidence);
    }
    Ok(())
}

pub(super) async fn check(
    verification: &Verification,
    report: &mut Report,
) -> Result<(), CommerceError> {
    let Verification {
        owner, app, log, ..
    } = verification;
    // What a read model has may well be right, and still be from yesterday.
    for behind in projections::behind(owner, BEHIND_MAX).await? {
        report.broken(Invariant::Projections, 1, [behind.to_string()]);
    }
    let mut meter: Option<(&str, Meter)> = None;
    let on_progress = |progress: projections::Progress| {
        let name = progress.projection;
        if meter.as_ref().is_none_or(|(of, _)| *of != name) {
            meter = Some((name, Meter::new(name)));
        }
        if let Some((_, meter)) = &mut meter {
            meter.at(progress.position, progress.head);
        }
    };
    let comparisons = projections::verify(owner, app, log, None, on_progress).await?;
    drop(meter);
    for comparison in &comparisons {
        if let Some(trouble) = trouble(comparison) {
            report.broken(Invariant::Projections, 1, [trouble]);
        }
    }
    let mut names: Vec<&str> = comparisons
        .iter()
        .map(|compared| compared.projection)
        .collect();
    names.extend(ledger_tables::check(verification, report).await?);
    report.holds(Invariant::Projections, names.join(", "));
    Ok(())
}

/// What is wrong with a read model, if it is.
fn trouble(comparison: &Comparison) -> Option<String> {
    let name = comparison.projection;
    if !comparison.same_version {
        return Some(format!(
            "projection {name} was not compared: the live generation has the shape of another version of \
             the program; `commerce rebuild {name}` makes one that can be"
        ));
    }
    if comparison.live_parked > 0 {
        let parked = comparison.live_parked;
        return Some(format!(
            "projection {name} has not taken in {parked} events, which are parked"
        ));
    }
    (!comparison.is_same()).then(|| format!("projection {name}: {comparison}"))
}

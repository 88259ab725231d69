//! What follows from the log: snapshots and read models, folded afresh and compared.

use invariants::Invariant;
use projections::Comparison;

use super::Verification;
use super::report::Report;
use crate::error::CommerceError;

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
    let comparisons = projections::verify(owner, app, log, None, |_| {}).await?;
    for comparison in &comparisons {
        if let Some(trouble) = trouble(comparison) {
            report.broken(Invariant::Projections, 1, [trouble]);
        }
    }
    let names: Vec<&str> = comparisons
        .iter()
        .map(|compared| compared.projection)
        .collect();
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

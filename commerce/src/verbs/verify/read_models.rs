//! What follows from the log: snapshots and read models, folded afresh and compared.

use std::time::Duration;

use chrono::Utc;
use invariants::Invariant;
use payment_ledger::LedgerComparison;
use projections::Comparison;

use super::Verification;
use super::report::Report;
use crate::error::CommerceError;
use crate::meter::Meter;

/// How long an event may wait for a read model.
const BEHIND_MAX: Duration = Duration::from_secs(60);
/// Which saved payment methods users have, for the order service.
const USER_METHODS: &str = "main.user_payment_method_mapping";

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
    let Verification { owner, log, .. } = verification;
    let transactions = payment_ledger::verify_transactions(owner, log).await?;
    if is_kept("payment.transactions", &transactions, verification, report).await? {
        names.push("payment.transactions");
    }
    let methods = payment_ledger::verify_user_methods(owner, log).await?;
    if is_kept(USER_METHODS, &methods, verification, report).await? {
        names.push(USER_METHODS);
    }
    report.holds(Invariant::Projections, names.join(", "));
    Ok(())
}

/// Reports what differs between a table of the ledger's and the log. Whether the table is kept at all.
async fn is_kept(
    table: &str,
    found: &LedgerComparison,
    verification: &Verification,
    report: &mut Report,
) -> Result<bool, CommerceError> {
    if !found.is_same() {
        let evidence = found.told.iter();
        let evidence = evidence.map(|told| format!("{table}: {told}"));
        report.broken(Invariant::Projections, found.differences, evidence);
    }
    if found.position == 0 {
        report.note(format!(
            "{table} is not kept: the role that does has never run"
        ));
        return Ok(false);
    }
    let next = verification.log.read(found.position, 1).await?;
    let waits = next
        .first()
        .map(|next| (Utc::now() - next.recorded_at).to_std().unwrap_or_default());
    if let Some(waits) = waits.filter(|waits| *waits > BEHIND_MAX) {
        let (position, waits_s) = (found.position, waits.as_secs());
        let behind =
            format!("{table} stands at {position}, and the next event has waited {waits_s} s");
        report.broken(Invariant::Projections, 1, [behind]);
    }
    let sums = [found.rows.to_string(), found.sums.clone()];
    let sums: Vec<String> = sums.into_iter().filter(|sum| !sum.is_empty()).collect();
    report.note(format!("{table}: {}", sums.join("; ")));
    Ok(true)
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

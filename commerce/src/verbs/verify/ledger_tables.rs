//! The payment ledger's tables beside the log, each where its service has it.

use chrono::Utc;
use event_store::with_causes;
use invariants::Invariant;
use payment_ledger::{Ledger, LedgerComparison, LedgerError, TableComparison};

use super::Verification;
use super::read_models::BEHIND_MAX;
use super::report::Report;
use crate::database;
use crate::error::CommerceError;

/// Compares them, and reports what differs. The tables that were compared.
pub(super) async fn check(
    verification: &Verification,
    report: &mut Report,
) -> Result<Vec<&'static str>, CommerceError> {
    let mut names = Vec::new();
    for ledger in Ledger::ALL {
        let found = match compare(verification, ledger).await {
            Ok(found) => found,
            // A ledger that cannot be looked at may be wrong: what the others show is not all of the invariant.
            Err(
                error @ (CommerceError::DatabaseAway { .. }
                | CommerceError::Ledger(LedgerError::Database(_))),
            ) => {
                let (tables, why) = (ledger.tables().join(", "), with_causes(&error));
                report.not_checked(Invariant::Projections, format!("{tables}: {why}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        for table in &found.tables {
            tell(table, found.position, report);
        }
        if found.position > 0 {
            look_behind(verification, ledger, &found, report).await?;
            names.extend(ledger.tables());
        }
    }
    Ok(names)
}

async fn compare(
    verification: &Verification,
    ledger: Ledger,
) -> Result<LedgerComparison, CommerceError> {
    let Verification {
        config, owner, log, ..
    } = verification;
    let reader = database::ledger_pool(config, owner, ledger).await?;
    Ok(payment_ledger::verify(&reader, log, ledger).await?)
}

/// What came of one table.
fn tell(found: &TableComparison, position: u64, report: &mut Report) {
    let table = found.table;
    if !found.is_same() {
        let evidence = found.told.iter();
        let evidence = evidence.map(|told| format!("{table}: {told}"));
        report.broken(Invariant::Projections, found.differences, evidence);
    }
    if position == 0 {
        report.note(format!(
            "{table} is not kept: the role that does has never run in this database"
        ));
        return;
    }
    let sums = [found.rows.to_string(), found.sums.clone()];
    let sums: Vec<String> = sums.into_iter().filter(|sum| !sum.is_empty()).collect();
    report.note(format!("{table}: {}", sums.join("; ")));
}

/// What a table has may well be right, and still be from yesterday.
async fn look_behind(
    verification: &Verification,
    ledger: Ledger,
    found: &LedgerComparison,
    report: &mut Report,
) -> Result<(), CommerceError> {
    let next = verification.log.read(found.position, 1).await?;
    let waits = next
        .first()
        .map(|next| (Utc::now() - next.recorded_at).to_std().unwrap_or_default());
    if let Some(waits) = waits.filter(|waits| *waits > BEHIND_MAX) {
        let (position, waits_s) = (found.position, waits.as_secs());
        let tables = ledger.tables().join(", ");
        let behind =
            format!("{tables} stand at {position}, and the next event has waited {waits_s} s");
        report.broken(Invariant::Projections, 1, [behind]);
    }
    Ok(())
}

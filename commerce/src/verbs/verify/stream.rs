//! The topics beside the log.

use invariants::Invariant;
use platform::shutdown::CancellationToken;
use projections::relay::{self, RelayConfig};

use super::Verification;
use super::report::Report;

pub(super) async fn check(
    verification: &Verification,
    config: Option<&RelayConfig>,
    report: &mut Report,
) {
    let Some(config) = config else {
        report.not_checked(Invariant::Kafka, "KAFKA_BROKERS is not set".to_owned());
        return;
    };
    let stop = CancellationToken::new();
    let audited = relay::audit(&verification.owner, &verification.log, config, &stop).await;
    let found = match audited {
        Ok(found) => found,
        Err(error) => return report.not_checked(Invariant::Kafka, error.to_string()),
    };
    if found.troubles > 0 {
        report.broken(Invariant::Kafka, found.troubles, found.listed);
        return;
    }
    if let Some(topic) = found.shortened.first() {
        let why = format!("{topic} has lost its oldest records: nobody can say what they were");
        return report.not_checked(Invariant::Kafka, why);
    }
    let (records, repeats, cursor) = (found.records, found.repeats, found.cursor);
    let looked_at = format!(
        "{records} records, {repeats} of them repeats, of the events up to {cursor}; {} refused",
        found.refused
    );
    report.holds(Invariant::Kafka, looked_at);
}

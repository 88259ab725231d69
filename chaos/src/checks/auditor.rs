//! The auditor that ran beside the shop: it has read the whole log again since its last start, and found nothing.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::Check;
use crate::error::ChaosError;
use crate::output::progress;
use crate::shop::Shop;

/// How long it may take to read the log: it does so at bounded speed.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Waits until one of the auditors is at the log's end, and asks it what it found.
pub(crate) async fn found_nothing(shop: &Shop, pool: &PgPool) -> Result<Check, ChaosError> {
    let started = Instant::now();
    loop {
        let head: i64 =
            sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM event_store.events")
                .fetch_one(pool)
                .await?;
        let mut furthest = 0.0;
        for url in &shop.auditor_urls {
            let page = reqwest::get(format!("{url}/metrics")).await?;
            let audit = Audit::read(&page.text().await?);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            if audit.position >= head as f64 && head > 0 {
                return Ok(audit.judged());
            }
            furthest = audit.position.max(furthest);
        }
        if started.elapsed() > PATIENCE {
            let mut check = Check::new(NAME);
            check.look(false, || format!("it is at {furthest} of {head}"));
            return Ok(check);
        }
        progress(format_args!(
            "quiet: the auditor is at {furthest} of {head}"
        ));
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

const NAME: &str = "the auditor beside the shop finds every invariant to hold";

/// What an auditor says of itself.
#[derive(Debug, Default)]
struct Audit {
    position: f64,
    /// Whether each invariant holds, and the lines that say that one was broken.
    holds: Vec<(String, bool)>,
    violations: Vec<String>,
}

impl Audit {
    /// From a page of metrics.
    fn read(page: &str) -> Self {
        let mut audit = Self::default();
        for line in page.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let value: f64 = value.parse().unwrap_or(f64::NAN);
            if name == "auditor_position" {
                audit.position = value;
            } else if name.starts_with("auditor_invariant_holds{") {
                audit.holds.push((name.to_owned(), value > 0.5));
            } else if name.starts_with("auditor_violations_total{") && value != 0.0 {
                audit.violations.push(line.to_owned());
            }
        }
        audit
    }

    fn judged(self) -> Check {
        let mut check = Check::new(NAME);
        for (name, holds) in self.holds {
            check.look(holds, || name);
        }
        for line in self.violations {
            check.look(false, || line);
        }
        check
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# TYPE auditor_position gauge
auditor_position 311096
auditor_invariant_holds{invariant=\"no oversell\"} 1
auditor_invariant_holds{invariant=\"the log is dense\"} 1
";

    #[test]
    fn an_auditor_that_found_nothing_holds_and_any_violation_breaks_it() {
        let audit = Audit::read(PAGE);
        assert!(audit.position > 311_095.0);
        let check = audit.judged();
        assert!(check.holds(), "{check:?}");
        assert_eq!(check.looked_at, 2);
        for more in [
            "auditor_invariant_holds{invariant=\"one coupon a user\"} 0",
            "auditor_violations_total{invariant=\"no oversell\"} 3",
            "auditor_invariant_holds{invariant=\"garbled\"} ?",
        ] {
            let check = Audit::read(&format!("{PAGE}{more}\n")).judged();
            assert_eq!(check.broken, 1, "{more}");
        }
    }

    #[test]
    fn a_process_without_an_audit_proves_nothing() {
        assert!(
            !Audit::read("process_start_time_seconds 1\n")
                .judged()
                .holds()
        );
    }
}

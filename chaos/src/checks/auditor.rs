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
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Waits until one of the auditors is at the log's end, and asks it what it found.
pub(crate) async fn found_nothing(shop: &Shop, pool: &PgPool) -> Result<Check, ChaosError> {
    let started = Instant::now();
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(ANSWER_LIMIT)
        .build()?;
    loop {
        let head: i64 =
            sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM event_store.events")
                .fetch_one(pool)
                .await?;
        let mut audits = Vec::new();
        for url in &shop.auditor_urls {
            // One that does not answer may not be the one that looks.
            if let Ok(page) = page(&http, url).await {
                audits.push(Audit::read(&page));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let done = audits.iter().position(|audit| audit.is_done(head as f64));
        if let Some(done) = done {
            return Ok(audits.swap_remove(done).judged());
        }
        if started.elapsed() > PATIENCE {
            let mut check = Check::new(NAME);
            check.look(false, || format!("the log is at {head}: {audits:?}"));
            return Ok(check);
        }
        progress(format_args!("quiet: the auditor reads, up to {head}"));
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

async fn page(http: &reqwest::Client, url: &str) -> Result<String, reqwest::Error> {
    let page = http.get(format!("{url}/metrics")).send().await?;
    page.error_for_status()?.text().await
}

/// Steps may be late while the runners die every few seconds: what counts is that nothing is late in the end.
const LATE: &str = "sagas-end";
const NAME: &str = "the auditor beside the shop finds every invariant to hold";

/// What an auditor says of itself.
#[derive(Debug, Default)]
struct Audit {
    position: f64,
    /// Whether each invariant holds, and the lines that say that one was broken.
    holds: Vec<(String, f64)>,
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
                audit.holds.push((name.to_owned(), value));
            } else if name.starts_with("auditor_violations_total{")
                && !name.contains(LATE)
                && value != 0.0
            {
                audit.violations.push(line.to_owned());
            }
        }
        audit
    }

    /// Whether it has seen all of the log, says of every invariant what it found, and finds nothing late any more.
    fn is_done(&self, head: f64) -> bool {
        let says = |(name, value): &(String, f64)| {
            !value.is_nan() && (*value > 0.5 || !name.contains(LATE))
        };
        head > 0.0 && self.position >= head && self.holds.iter().all(says)
    }

    fn judged(self) -> Check {
        let mut check = Check::new(NAME);
        for (name, holds) in self.holds {
            check.look(holds > 0.5, || name);
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
        assert!(audit.is_done(311_096.0) && !audit.is_done(311_097.0));
        let unknown = format!("{PAGE}auditor_invariant_holds{{invariant=\"sagas-end\"}} NaN\n");
        assert!(!Audit::read(&unknown).is_done(311_096.0));
        let late = unknown.replace("NaN", "0");
        assert!(
            !Audit::read(&late).is_done(311_096.0),
            "it looks again soon"
        );
        let before = "auditor_violations_total{invariant=\"sagas-end\"} 7\n";
        let late_once = Audit::read(&format!("{PAGE}{before}"));
        assert!(late_once.judged().holds(), "late once, and done since");
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

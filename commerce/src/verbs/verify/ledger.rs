//! The payments beside the mock gateway's ledger.

use std::collections::HashMap;
use std::time::Duration;

use auditor::Pass;
use domain::{Currency, PaymentId};
use invariants::{Invariant, LedgerEntry, Violation};
use serde::Deserialize;
use uuid::Uuid;

use super::Verification;
use super::report::Report;
use crate::error::CommerceError;

/// The longest wait for a page of the ledger.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the two are compared: money that is on its way is known to one side first, and to the other a
/// moment later. What disagrees every time is a violation.
const ROUNDS: usize = 4;
/// The time between two comparisons.
const PAUSE: Duration = Duration::from_secs(1);

/// Why the ledger could not be read.
#[derive(Debug, thiserror::Error)]
enum LedgerError {
    #[error("the gateway does not answer: {0}")]
    Away(#[from] reqwest::Error),
    #[error("the gateway charged in {0}, which the shop does not know")]
    Currency(String),
}

#[derive(Deserialize)]
struct Page {
    entries: Vec<Entry>,
    next: Option<usize>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
enum Entry {
    Charge(Charge),
    /// A refund is also counted on its charge.
    Refund {},
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Charge {
    merchant_key: Uuid,
    amount: i64,
    refunded_amount: i64,
    currency: String,
}

/// Compares, and reports what disagrees for good.
pub(super) async fn check(
    verification: &Verification,
    pass: &mut Pass,
    report: &mut Report,
) -> Result<(), CommerceError> {
    let Some(url) = &verification.ledger else {
        let why = "no --ledger and no MOCK_GATEWAY_URL".to_owned();
        report.not_checked(Invariant::GatewayLedger, why);
        return Ok(());
    };
    let mut lasting: Option<HashMap<Option<String>, Violation>> = None;
    let mut payments = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let ledger = match read(url).await {
            Ok(ledger) => ledger,
            Err(error) => {
                report.not_checked(Invariant::GatewayLedger, error.to_string());
                return Ok(());
            }
        };
        payments = ledger.len();
        // Whatever the gateway did was asked for by an event that stands in the log by now.
        pass.follow(verification.log.head().await?).await?;
        let found = pass.compare(&ledger).into_iter();
        let found = found.map(|violation| (violation.stream.clone(), violation));
        let found: HashMap<_, _> = match &lasting {
            None => found.collect(),
            Some(before) => found
                .filter(|(stream, _)| before.contains_key(stream))
                .collect(),
        };
        let agrees = found.is_empty();
        lasting = Some(found);
        if agrees {
            break;
        }
    }
    let mut lasting: Vec<Violation> = lasting.unwrap_or_default().into_values().collect();
    lasting.sort_by(|one, other| one.stream.cmp(&other.stream));
    if lasting.is_empty() {
        report.holds(Invariant::GatewayLedger, format!("{payments} payments"));
    } else {
        let count = u64::try_from(lasting.len()).unwrap_or(u64::MAX);
        let evidence = lasting.iter().take(20).map(ToString::to_string);
        report.broken(Invariant::GatewayLedger, count, evidence);
    }
    Ok(())
}

/// The whole ledger, page by page.
async fn read(url: &str) -> Result<Vec<LedgerEntry>, LedgerError> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
    let mut entries = Vec::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let page = format!("{}/ledger?after={from}", url.trim_end_matches('/'));
        let answer = client.get(page).send().await?.error_for_status()?;
        let page: Page = answer.json().await?;
        for entry in page.entries {
            if let Entry::Charge(charge) = entry {
                entries.push(charge.entry()?);
            }
        }
        after = page.next;
    }
    Ok(entries)
}

impl Charge {
    fn entry(self) -> Result<LedgerEntry, LedgerError> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|_| LedgerError::Currency(self.currency.clone()))?;
        Ok(LedgerEntry {
            payment_id: PaymentId::new(self.merchant_key),
            charged: self.amount,
            refunded: self.refunded_amount,
            currency,
        })
    }
}

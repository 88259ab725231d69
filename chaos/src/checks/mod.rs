//! What must hold after a run, whatever was done to the shop.

mod acknowledged;
mod auditor;
mod history;
mod repeat;
mod sagas;
mod secrets;
mod wallet;

use serde::Serialize;

use crate::error::ChaosError;
use crate::journal::Journal;
use crate::servers::Servers;
use crate::shop::Shop;
use crate::shoppers::Wire;

/// Pieces of evidence that a check shows; it counts all.
const EVIDENCE_MAX: usize = 5;

/// What one check found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// How much was looked at: a check of nothing proves nothing.
    pub(crate) looked_at: u64,
    pub(crate) broken: u64,
    pub(crate) evidence: Vec<String>,
    /// What was looked at, where that is worth a line.
    pub(crate) details: Vec<String>,
}

impl Check {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            looked_at: 0,
            broken: 0,
            evidence: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Nothing is broken, of something: a check of nothing proves nothing.
    pub(crate) fn holds(&self) -> bool {
        self.broken == 0 && self.looked_at > 0
    }

    pub(crate) fn look(&mut self, holds: bool, evidence: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !holds {
            self.broken += 1;
            if self.evidence.len() < EVIDENCE_MAX {
                self.evidence.push(evidence());
            }
        }
    }
}

/// The invariants that `commerce verify` looks at.
const INVARIANTS: u64 = 15;
/// What it says of the payment service's transactions, before how many there are.
const TRANSACTIONS: &str = "payment.transactions: ";

/// Waits for quiet, and makes all checks.
pub(crate) async fn make(
    shop: &Shop,
    servers: &Servers,
    journal: &Journal,
    wire: &std::sync::Arc<Wire>,
) -> Result<Vec<Check>, ChaosError> {
    let pool = servers.owner_pool();
    let sagas = sagas::ended(&pool).await?;
    let sent = sagas::sent(&pool).await?;
    let fed = sagas::fed(&pool).await?;
    let kept = sagas::kept(&pool).await?;
    let lines = journal.read()?;
    let history = history::History::of(lines);
    let stored = acknowledged::Stored::read(&pool).await?;
    let audited = auditor::found_nothing(shop, &pool).await?;
    let mut checks = vec![sagas, sent, fed, kept, audited];
    checks.extend(acknowledged::check(&history, &stored));
    checks.extend(repeat::check(shop, wire, &pool, &history, &stored).await?);
    let wallets = wallet::Wallets::read(&pool).await?;
    checks.push(wallets.check(&history));
    checks.push(secrets::hidden(&shop.folder, &pool).await?);
    checks.push(verify(shop).await);
    Ok(checks)
}

/// The program's own proof: the log and every invariant, the gate, the gateway's ledger, Kafka, the read
/// models. What it could not look at counts as broken: here everything is there.
async fn verify(shop: &Shop) -> Check {
    let mut check = Check::new("commerce verify: every invariant holds");
    match shop.run_verb("verify", &[]).await {
        Ok(said) => {
            for line in said.lines().map(str::trim) {
                let mut words = line.split_whitespace();
                let is_verdict = words.next().is_some_and(|word| word.parse::<u8>().is_ok());
                if is_verdict && let Some(verdict) = words.nth(1) {
                    check.look(verdict == "holds", || line.to_owned());
                }
                check.details.push(line.to_owned());
            }
            let verdicts = check.looked_at;
            let is_kept = said.lines().any(|line| {
                let rest = line.split_once(TRANSACTIONS).map(|(_, rest)| rest);
                let count = rest.and_then(|rest| rest.split(';').next()?.parse::<u64>().ok());
                count.is_some_and(|count| count > 0)
            });
            check.look(is_kept, || "it compared no payment.transactions".to_owned());
            if verdicts < INVARIANTS {
                check.look(false, || {
                    format!("it looked at {verdicts} invariants: {said}")
                });
            }
        }
        Err(error) => check.look(false, || error.to_string()),
    }
    check
}

//! What must hold after a run, whatever was done to the shop.

mod acknowledged;
mod auditor;
mod history;
mod refunds;
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
/// The tables of which it says how many rows it compared.
const LEDGER_TABLES: [&str; 5] = [
    "payment.transactions",
    "payment.transaction_history",
    "main.order_payment_mapping",
    "main.payment_states",
    "main.user_payment_method_mapping",
];

const VERIFY: &str = "commerce verify: every invariant holds";

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
    let refunds = refunds::Refunds::read(&pool, &shop.folder, &wire.chronicle).await?;
    checks.push(refunds.check(&history));
    checks.extend(secrets::hidden(&shop.folder, &pool).await?);
    checks.push(verify(shop).await);
    Ok(checks)
}

/// The program's own proof: the log and every invariant, the gate, the gateway's ledger, Kafka, the read
/// models. What it could not look at counts as broken: here everything is there.
async fn verify(shop: &Shop) -> Check {
    match shop.run_verb("verify", &[]).await {
        Ok(said) => verified(&said),
        Err(error) => {
            let mut check = Check::new(VERIFY);
            check.look(false, || error.to_string());
            check
        }
    }
}

/// What `commerce verify` said when it had found nothing.
fn verified(said: &str) -> Check {
    let mut check = Check::new(VERIFY);
    for line in said.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let is_verdict = words.next().is_some_and(|word| word.parse::<u8>().is_ok());
        if is_verdict && let Some(verdict) = words.nth(1) {
            check.look(verdict == "holds", || line.to_owned());
        }
        check.details.push(line.to_owned());
    }
    let verdicts = check.looked_at;
    for table in LEDGER_TABLES {
        check.look(compared(said, table) > 0, || {
            format!("it compared no {table}")
        });
    }
    if verdicts < INVARIANTS {
        check.look(false, || {
            format!("it looked at {verdicts} invariants: {said}")
        });
    }
    check
}

/// How many rows of a table it compared.
fn compared(said: &str, table: &str) -> u64 {
    let lines = said.lines().filter_map(|line| {
        let (before, rest) = line.split_once(table)?;
        let is_whole = before.is_empty() || before.ends_with(' ');
        let count = rest.strip_prefix(": ").filter(|_| is_whole)?;
        count.split(';').next()?.trim().parse().ok()
    });
    lines.max().unwrap_or(0)
}

#[cfg(test)]
mod tests;

//! The shop's payments beside a gateway's own ledger.

use std::collections::HashMap;

use domain::{Currency, PaymentId};
use foldhash::fast::FixedState;

use crate::invariant::{Invariant, Violation};
use crate::shop::Shop;

/// What a gateway says of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Which payment.
    pub payment_id: PaymentId,
    /// What it charged; 0 when it declined.
    pub charged: i64,
    /// What it gave back.
    pub refunded: i64,
    /// In which currency.
    pub currency: Currency,
}

impl Shop {
    /// What the shop and the gateway do not agree on: every payment of either side, by id, amount and
    /// state. Money that is under way (an outcome that is not known yet, a refund not done) may be ahead
    /// on the gateway's side, never behind.
    ///
    /// # Errors
    /// Nothing fails; the violations are the answer.
    #[must_use]
    pub fn compare(&self, ledger: impl IntoIterator<Item = LedgerEntry>) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut seen: HashMap<u64, (), FixedState> = HashMap::default();
        for entry in ledger {
            let id = entry.payment_id;
            if seen.insert(Self::ledger_key(id), ()).is_some() {
                found.push(disagree(id, "the gateway lists it twice".to_owned()));
            }
            let (
                LedgerEntry {
                    charged,
                    refunded,
                    currency,
                    ..
                },
                ours,
            ) = (entry, self.paid(id));
            let gateway =
                format!("the gateway charged {charged} {currency} and gave {refunded} back");
            let Some((captured, back, ours_in, settled)) = ours else {
                if charged != 0 || refunded != 0 {
                    found.push(disagree(
                        id,
                        format!("{gateway}, the shop knows of no such payment"),
                    ));
                }
                continue;
            };
            let agrees = if settled {
                charged == captured && refunded == back
            } else {
                charged >= captured && refunded >= back
            };
            if !agrees || (charged != 0 && ours_in != currency) {
                let still = if settled { "" } else { " so far" };
                let shop = format!("the shop has {captured} {ours_in} and {back} back{still}");
                found.push(disagree(id, format!("{gateway}, {shop}")));
            }
        }
        found.extend(self.missing_from(|key| seen.contains_key(&key)));
        found
    }
}

fn disagree(id: PaymentId, evidence: String) -> Violation {
    Violation {
        invariant: Invariant::GatewayLedger,
        position: None,
        stream: Some(format!("payment/{id}")),
        evidence,
    }
}

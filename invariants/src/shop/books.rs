//! The shop's money in sum: each won that was captured is somewhere.

use domain::Currency;

use crate::invariant::{Invariant, Violation};

/// Money in one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What gateways charged.
    pub captured: i128,
    /// What went back.
    pub refunded: i128,
    /// What is to go back and has not yet.
    pub owed: i128,
    /// What sold orders cost.
    pub kept: i128,
}

impl Totals {
    /// What was captured and is nowhere.
    fn gap(self) -> i128 {
        self.captured - self.refunded - self.owed - self.kept
    }
}

/// Money of all currencies.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// By currency: the totals, and the gap that was reported last.
    by_currency: [(Totals, i128); CURRENCIES.len()],
}

const CURRENCIES: [Currency; 4] = [Currency::Krw, Currency::Usd, Currency::Eur, Currency::Jpy];

fn place(currency: Currency) -> usize {
    match currency {
        Currency::Krw => 0,
        Currency::Usd => 1,
        Currency::Eur => 2,
        Currency::Jpy => 3,
    }
}

impl Money {
    pub(super) fn totals(&self, currency: Currency) -> Totals {
        self.by_currency
            .get(place(currency))
            .map_or_else(Totals::default, |(totals, _)| *totals)
    }

    pub(super) fn change(&mut self, currency: Currency, change: impl FnOnce(&mut Totals)) {
        if let Some((totals, _)) = self.by_currency.get_mut(place(currency)) {
            change(totals);
        }
    }

    /// What is wrong that was not reported before.
    pub(super) fn check(&mut self, position: u64) -> Vec<Violation> {
        let mut found = Vec::new();
        for (currency, (totals, reported)) in CURRENCIES.into_iter().zip(&mut self.by_currency) {
            let gap = totals.gap();
            if gap != *reported {
                *reported = gap;
                let evidence = format!(
                    "{currency}: {} captured, but {} given back, {} owed and {} kept for sold orders",
                    totals.captured, totals.refunded, totals.owed, totals.kept
                );
                found.push(Violation {
                    invariant: Invariant::Money,
                    position: Some(position),
                    stream: None,
                    evidence,
                });
            }
        }
        found
    }
}

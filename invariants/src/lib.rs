//! What must hold, whatever happened: the shop's invariants as a fold over recorded events.
//!
//! [`Shop`] keeps books of its own and calls none of the domain's rules, so that a rule that is wrong
//! cannot also be its own judge. It is cheap enough to look at every prefix of a log, and small enough for
//! a long one: what has ended is kept in sixteen bytes ([`Shop`] says the bound).
//!
//! ```text
//! for each event, in order:   shop.apply(&event)   → violations that one event shows
//! after a command's last one: shop.commit()        → violations that only a whole command can show
//! now and then:               shop.at_rest(now)    → what should have ended by then
//! beside a gateway's ledger:  shop.compare(ledger) → money that only one side knows of
//! ```
//!
//! [`Outcomes`] matches the events' commands with the stored outcomes, in bounded memory too.

mod invariant;
mod ledger;
mod outcomes;
mod shop;

pub use invariant::{Invariant, Violation};
pub use ledger::LedgerEntry;
pub use outcomes::Outcomes;
pub use shop::{Shop, Totals, Unread};

#[cfg(test)]
mod tests;

//! 9: the gateway's ledger.

use domain::Currency;

use super::story::{Story, TOTAL, payment};
use crate::{Invariant, LedgerEntry};

fn entry(number: u32, charged: i64, refunded: i64) -> LedgerEntry {
    LedgerEntry {
        payment_id: payment(number),
        charged,
        refunded,
        currency: Currency::Krw,
    }
}

/// 1 is sold, 2 was given back, 3 is under way, 4 was declined, 5 is open and paid.
fn shop() -> Story {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    story.place(2).pay(2).cancel_paid(2).refund(2);
    story.place(3).start_payment(3);
    story.place(4).start_payment(4).decline(4);
    story.place(5).pay(5);
    assert_eq!(story.violations(), []);
    story
}

fn ledger() -> Vec<LedgerEntry> {
    vec![
        entry(1, TOTAL, 0),
        entry(2, TOTAL, TOTAL),
        entry(3, TOTAL, 0),
        entry(4, 0, 0),
        entry(5, TOTAL, 0),
    ]
}

#[test]
fn a_ledger_that_agrees_has_no_violation() {
    assert_eq!(shop().shop.compare(ledger()), []);
}

#[test]
fn what_only_one_side_knows_is_seen_either_way() {
    let shop = shop().shop;
    for number in [1, 2, 5] {
        let without = ledger()
            .into_iter()
            .filter(|e| e.payment_id != payment(number));
        let found = shop.compare(without);
        assert_eq!(found.len(), 1, "{number}");
        assert_eq!(found[0].invariant, Invariant::GatewayLedger);
        let tail = format!(
            "{:012x}",
            payment(number).uuid().as_u128() & 0xFFFF_FFFF_FFFF
        );
        assert!(found[0].to_string().contains(&tail), "{}", found[0]);
    }
    let mut with = ledger();
    with.push(entry(9, TOTAL, 0));
    assert_eq!(shop.compare(with).len(), 1);
}

#[test]
fn amounts_and_states_that_differ_are_seen() {
    let shop = shop().shop;
    for wrong in [
        entry(1, TOTAL + 1, 0),
        entry(1, TOTAL, TOTAL),
        entry(2, TOTAL, 0),
        entry(4, TOTAL, 0),
        LedgerEntry {
            currency: Currency::Usd,
            ..entry(5, TOTAL, 0)
        },
    ] {
        let mut changed = ledger();
        changed.retain(|entry| entry.payment_id != wrong.payment_id);
        changed.push(wrong);
        assert_eq!(shop.compare(changed).len(), 1, "{wrong:?}");
    }
}

#[test]
fn a_payment_that_is_listed_twice_is_seen() {
    let mut twice = ledger();
    twice.push(entry(1, TOTAL, 0));
    assert_eq!(shop().shop.compare(twice).len(), 1);
}

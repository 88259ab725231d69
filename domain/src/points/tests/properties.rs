//! The laws of points over random histories. `PROPTEST_CASES` says over how many; `./dev` runs few, and
//! a million ran in release before the rules were first used.

use proptest::prelude::*;

use super::book::BookLot;
use super::chance::{Account, deeds, years};
use crate::mothers::at;
use crate::points::PointsCommand;

/// The numbers of a lot that no order ever touched.
fn untouched(earned: i64, withdrawn: i64, lapsed: bool) -> BookLot {
    let left = earned - withdrawn;
    BookLot {
        earned,
        taken_back: withdrawn,
        expired: if lapsed { left } else { 0 },
        remaining: if lapsed { 0 } else { left },
        ..BookLot::default()
    }
}

/// What operators took from each lot.
fn withdrawn(account: &Account, lot: crate::ids::LotId) -> i64 {
    let lot = &account.book.lots[&lot];
    // With all orders refunded an order's lot was taken back whole; the rest was an operator.
    lot.taken_back
}

/// Does all of them in the order that these keys give; every one must be accepted.
fn refund(account: &mut Account, keys: &[u16]) -> Result<(), String> {
    let mut refunds: Vec<(u16, PointsCommand)> = account
        .refunds()
        .into_iter()
        .enumerate()
        .map(|(place, refund)| (keys.get(place % keys.len()).copied().unwrap_or(0), refund))
        .collect();
    refunds.sort_by_key(|(key, _)| *key);
    for (_, refund) in refunds {
        if !account.asks(refund.clone())? {
            return Err(format!("{refund:?} is refused"));
        }
    }
    Ok(())
}

fn keys() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 61)
}

proptest! {
    /// The law of every lot, the balance, the order of spending, the limits of lines and the repeats are
    /// looked at after each command, by the book.
    #[test]
    fn every_lot_adds_up_at_every_moment(deeds in deeds(true)) {
        prop_assert_eq!(Account::after(&deeds).map(|_| ()), Ok(()));
    }

    #[test]
    fn what_is_forgotten_in_the_course_of_years_was_closed(deeds in years()) {
        prop_assert_eq!(Account::after(&deeds).map(|_| ()), Ok(()));
    }

    #[test]
    fn refunding_everything_leaves_what_there_would_be_without_the_orders(
        deeds in deeds(false),
        keys in keys(),
    ) {
        let mut account = Account::after(&deeds).unwrap();
        account.pays_everything().unwrap();
        prop_assert_eq!(refund(&mut account, &keys), Ok(()));
        let mut never = Account::default();
        never.now = account.now;
        for command in &account.accepted {
            match command {
                PointsCommand::Adjust { .. } => {
                    prop_assert_eq!(never.asks(command.clone()), Ok(true));
                }
                PointsCommand::Expire { .. } => {
                    prop_assert_eq!(never.asks(command.clone()), Ok(true));
                }
                PointsCommand::Earn { .. }
                | PointsCommand::Hold { .. }
                | PointsCommand::Spend { .. }
                | PointsCommand::Release { .. }
                | PointsCommand::Return { .. }
                | PointsCommand::TakeBack { .. } => {}
            }
        }
        for (id, lot) in &account.book.lots {
            let expected = match never.book.lots.get(id) {
                Some(lot) => lot.clone(),
                // Of an order: it earned, and all of it was taken back.
                None => BookLot { earned: lot.earned, taken_back: lot.earned, ..BookLot::default() },
            };
            prop_assert_eq!(lot, &expected);
        }
        prop_assert_eq!(account.state.balance(), never.state.balance());
        prop_assert_eq!(account.state.spendable(account.now), never.state.spendable(account.now));
    }

    /// With corrections downwards the account without the orders would have been corrected elsewhere; so
    /// each lot is compared with what it had and what operators took from it.
    #[test]
    fn refunding_everything_leaves_each_lot_with_what_operators_left_it(
        deeds in deeds(true),
        keys in keys(),
    ) {
        let mut account = Account::after(&deeds).unwrap();
        account.pays_everything().unwrap();
        prop_assert_eq!(refund(&mut account, &keys), Ok(()));
        for (id, lot) in &account.book.lots {
            let terms = &account.book.terms[id];
            let taken = withdrawn(&account, *id);
            let expected = if terms.order.is_some() {
                BookLot {
                    earned: lot.earned,
                    taken_back: taken,
                    owed: taken - lot.earned,
                    ..BookLot::default()
                }
            } else {
                untouched(lot.earned, taken, terms.lapsed)
            };
            prop_assert_eq!(lot, &expected);
        }
    }

    #[test]
    fn the_order_of_refunds_and_expiries_makes_no_difference_in_the_end(
        deeds in deeds(true),
        one in keys(),
        other in keys(),
        late in any::<bool>(),
    ) {
        let mut account = Account::after(&deeds).unwrap();
        account.pays_everything().unwrap();
        account.now = at(100_000);
        let mut twin = account.clone();
        let expire = |account: &mut Account| -> Result<(), String> {
            let lots: Vec<_> = account.book.lots.keys().copied().collect();
            for lot_id in lots {
                account.asks(PointsCommand::Expire { lot_id, now: account.now })?;
            }
            Ok(())
        };
        prop_assert_eq!(expire(&mut account), Ok(()));
        prop_assert_eq!(refund(&mut account, &one), Ok(()));
        if late {
            prop_assert_eq!(refund(&mut twin, &other), Ok(()));
            prop_assert_eq!(expire(&mut twin), Ok(()));
        } else {
            prop_assert_eq!(expire(&mut twin), Ok(()));
            prop_assert_eq!(refund(&mut twin, &other), Ok(()));
        }
        prop_assert_eq!(account.book.lots, twin.book.lots);
        prop_assert_eq!(account.state.balance(), twin.state.balance());
    }
}

/// Histories must reach what the laws are about, or they prove nothing.
#[test]
fn the_histories_reach_debts_expiries_and_allocations_over_several_lots() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = [0_u32; 6];
    for _ in 0..500 {
        let deeds = deeds(true).new_tree(&mut runner).unwrap().current();
        let mut account = Account::after(&deeds).unwrap();
        let lots = || account.book.lots.values();
        seen[0] += u32::from(lots().any(|lot| lot.owed > 0));
        seen[1] += u32::from(lots().any(|lot| lot.expired > 0));
        seen[2] += u32::from(account.book.balance() < 0);
        seen[3] += u32::from(lots().any(|lot| lot.spent > 0 && lot.taken_back > 0));
        let holds = account.accepted.iter();
        let holds = holds.filter(|command| matches!(command, PointsCommand::Hold { .. }));
        seen[4] += u32::from(holds.count() > 1);
        account.pays_everything().unwrap();
        seen[5] += u32::from(account.refunds().len() > 4);
    }
    for (place, count) in seen.iter().enumerate() {
        assert!(*count >= 10, "{place}: {seen:?}");
    }
}

//! What an account forgets, and when: nothing that may still matter.

use crate::decider::Decider as _;
use crate::mothers::{at, line_points, lot_id, order_id, points, refund_id};
use crate::points::{PointAccount, PointsCommand, PointsError, PointsState, RETURNABLE_DAYS};

const DAY_MINUTES: i64 = 24 * 60;

/// An account, command by command.
#[derive(Default)]
struct Account(PointsState);

impl Account {
    #[track_caller]
    fn does(&mut self, command: PointsCommand) -> usize {
        let events = PointAccount::decide(&self.0, command).unwrap();
        for event in &events {
            PointAccount::evolve(&mut self.0, event);
        }
        events.len()
    }

    /// An order earns on a day, valid for a year.
    fn earns(&mut self, number: u32, day: i64, earned: i64) {
        self.does(PointsCommand::Earn {
            order_id: order_id(number),
            lot_id: lot_id(number),
            lines: line_points(&[(number, earned)]),
            now: at(day * DAY_MINUTES),
            expires_at: at((day + 365) * DAY_MINUTES),
        });
    }

    fn holds(&mut self, number: u32, day: i64, amount: i64) {
        self.does(PointsCommand::Hold {
            order_id: order_id(number),
            amount: points(amount),
            lines: line_points(&[(number, amount)]),
            now: at(day * DAY_MINUTES),
        });
    }

    fn expires(&mut self, number: u32, day: i64) -> usize {
        self.does(PointsCommand::Expire {
            lot_id: lot_id(number),
            now: at(day * DAY_MINUTES),
        })
    }

    fn refund(&self, number: u32, amount: i64) -> Result<usize, PointsError> {
        let command = PointsCommand::Return {
            order_id: order_id(number),
            refund_id: refund_id(1),
            lines: line_points(&[(number, amount)]),
        };
        PointAccount::decide(&self.0, command).map(|events| events.len())
    }
}

/// Order 1 earned 10 on the first day; order 2 spent them on day 10.
fn spent() -> Account {
    let mut account = Account::default();
    account.earns(1, 0, 10);
    account.holds(2, 10, 10);
    account.does(PointsCommand::Spend {
        order_id: order_id(2),
    });
    account
}

#[test]
fn points_come_back_for_two_years_and_no_longer() {
    let mut account = spent();
    account.expires(1, 365);
    account.earns(3, 10 + RETURNABLE_DAYS, 5);
    assert_eq!(account.refund(2, 10), Ok(1));
    account.earns(4, 11 + RETURNABLE_DAYS, 5);
    let refused = account.refund(2, 10).unwrap_err();
    assert_eq!(refused.code(), "POINTS_NOT_RETURNABLE");
    assert_eq!(account.0.lot(lot_id(1)), None, "and its lot is forgotten");
    assert_eq!(account.0.balance(), 10);
}

#[test]
fn a_lot_of_which_nothing_remains_waits_for_what_may_come_back() {
    let mut account = spent();
    assert_eq!(account.expires(1, 365), 1, "it expires, though it is empty");
    account.does(PointsCommand::Return {
        order_id: order_id(2),
        refund_id: refund_id(1),
        lines: line_points(&[(2, 10)]),
    });
    let lot = account.0.lot(lot_id(1)).unwrap();
    assert_eq!((lot.expired, lot.remaining), (points(10), points(0)));
}

#[test]
fn a_lot_that_is_forgotten_does_not_expire() {
    let mut account = Account::default();
    account.earns(1, 0, 10);
    account.expires(1, 365);
    account.earns(2, 1 + RETURNABLE_DAYS, 5);
    assert_eq!(account.0.lot(lot_id(1)), None);
    assert_eq!(account.expires(1, 2 + RETURNABLE_DAYS), 0);
}

#[test]
fn what_an_order_holds_is_never_forgotten() {
    let mut account = Account::default();
    account.earns(1, 0, 10);
    account.holds(2, 10, 10);
    account.earns(3, 3 * RETURNABLE_DAYS, 5);
    assert_eq!(account.0.held_by(order_id(2)), line_points(&[(2, 10)]));
    let release = PointsCommand::Release {
        order_id: order_id(2),
    };
    assert_eq!(account.does(release), 1);
}

#[test]
fn a_debt_is_never_forgotten() {
    let mut account = spent();
    account.does(PointsCommand::TakeBack {
        order_id: order_id(1),
        refund_id: refund_id(1),
        lines: line_points(&[(1, 4)]),
    });
    account.earns(3, 3 * RETURNABLE_DAYS, 5);
    assert_eq!(account.0.owed(), points(4));
    assert_eq!(account.0.balance(), 1);
}

#[test]
fn a_payment_from_too_many_lots_is_refused() {
    let mut account = Account::default();
    for number in 1..=2_001 {
        account.earns(number, 0, 1);
    }
    assert_eq!(account.0.spendable(at(1)), points(2_001));
    let hold = |amount| PointsCommand::Hold {
        order_id: order_id(9_999),
        amount: points(amount),
        lines: line_points(&[(91, amount)]),
        now: at(1),
    };
    let refused = PointAccount::decide(&account.0, hold(2_001)).unwrap_err();
    assert_eq!(refused, PointsError::TooScattered { max: 2_000 });
    assert_eq!(account.does(hold(2_000)), 1);
}

#[test]
fn a_clock_that_was_set_back_forgets_nothing_and_forgives_nothing() {
    let mut account = spent();
    account.earns(3, 2 * RETURNABLE_DAYS, 5);
    let forgotten = account.0.lots().count();
    account.earns(4, 20, 5);
    assert_eq!(account.0.lots().count(), forgotten + 1);
    assert!(account.refund(2, 10).is_err());
}

/// Two orders a day for four years: what is kept does not grow with the years.
#[test]
fn an_account_with_many_orders_stays_as_small_as_its_last_years() {
    const ORDERS_A_DAY: u32 = 2;
    let mut account = Account::default();
    let mut number = 0;
    let mut sizes = Vec::new();
    for day in 0..4 * 365 {
        for _ in 0..ORDERS_A_DAY {
            number += 1;
            if day > 0 {
                account.holds(number, day, 1);
                account.does(PointsCommand::Spend {
                    order_id: order_id(number),
                });
            }
            account.earns(number, day, 3);
        }
        if let Some(old) = number
            .checked_sub(365 * ORDERS_A_DAY)
            .filter(|old| *old > 0)
        {
            for lot in old..old + ORDERS_A_DAY {
                account.expires(lot, day);
            }
        }
        if day % 365 == 364 {
            sizes.push(account.0.lots().count());
        }
    }
    let bound = usize::try_from((RETURNABLE_DAYS + 365) * i64::from(ORDERS_A_DAY)).unwrap();
    assert!(sizes[3] <= bound, "{sizes:?}, at most {bound}");
    assert!(sizes[3] < sizes[2] + 365, "{sizes:?}");
}

//! Random histories of an account: whatever may be asked, in any order, with clocks that run late.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;

use super::book::Book;
use crate::decider::Decider as _;
use crate::ids::{LotId, OrderId};
use crate::mothers::{adjustment_id, at, line_points, lot_id, order_id, points, refund_id, user};
use crate::points::{LinePoints, PointAccount, Points, PointsCommand, PointsState};
use crate::sharing::share;

/// Orders of a history.
const ORDERS: u32 = 5;
/// Lines of each order.
const LINES: u32 = 3;

/// One thing that is asked of the account. Orders and lines are numbers from 0; sixths are of what can be
/// spent, returned or taken back just then, so that seven of them are too many.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Earn(u32, [i64; 3], i64),
    /// So many sixths, shared over the lines by these weights.
    Hold(u32, i64, [i64; 3]),
    Spend(u32),
    Release(u32),
    Return(u32, u32, i64),
    TakeBack(u32, u32, i64),
    /// The timer of one of the lots fires, perhaps too early.
    Expire(usize),
    /// The timer of one of the lots fires in time, however long that takes.
    Due(usize),
    Pass(i64),
    Give(i64, i64),
    Withdraw(i64),
}

/// So many points, few of them often.
fn few() -> impl Strategy<Value = i64> {
    prop_oneof![0..4_i64, 1..30_i64, 1..120_i64]
}

fn shares() -> impl Strategy<Value = [i64; 3]> {
    [few(), few(), few()]
}

fn deed(withdrawals: bool, pass: std::ops::Range<i64>) -> impl Strategy<Value = Deed> {
    let order = || 0..ORDERS;
    let line = || 0..LINES;
    prop_oneof![
        3 => (order(), shares(), 1..60_i64).prop_map(|(o, s, valid)| Deed::Earn(o, s, valid)),
        4 => (order(), 0..8_i64, shares()).prop_map(|(o, p, s)| Deed::Hold(o, p, s)),
        3 => order().prop_map(Deed::Spend),
        1 => order().prop_map(Deed::Release),
        3 => (order(), line(), 0..8_i64).prop_map(|(o, l, p)| Deed::Return(o, l, p)),
        4 => (order(), line(), 0..8_i64).prop_map(|(o, l, p)| Deed::TakeBack(o, l, p)),
        2 => any::<usize>().prop_map(Deed::Expire),
        1 => any::<usize>().prop_map(Deed::Due),
        2 => pass.prop_map(Deed::Pass),
        2 => (1..150_i64, 1..60_i64).prop_map(|(p, valid)| Deed::Give(p, valid)),
        1 => few().prop_map(move |p| if withdrawals { Deed::Withdraw(p) } else { Deed::Give(p + 1, 60) }),
    ]
}

/// Up to sixty deeds, minutes apart.
pub(super) fn deeds(withdrawals: bool) -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(deed(withdrawals, 1..10), 1..60)
}

/// Up to forty deeds, months apart.
pub(super) fn years() -> impl Strategy<Value = Vec<Deed>> {
    const MONTHS_MAX_MINUTES: i64 = 400 * 24 * 60;
    prop::collection::vec(deed(true, 1..MONTHS_MAX_MINUTES), 1..40)
}

/// An account, what the book says of it, and what was asked of it.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) state: PointsState,
    pub(super) book: Book,
    pub(super) now: DateTime<Utc>,
    /// What took effect.
    pub(super) accepted: Vec<PointsCommand>,
    lots: Vec<LotId>,
    ids: u32,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            state: PointsState::default(),
            book: Book::default(),
            now: at(0),
            accepted: Vec::new(),
            lots: Vec::new(),
            ids: 0,
        }
    }
}

impl Account {
    /// An account to which all of this happened.
    pub(super) fn after(deeds: &[Deed]) -> Result<Self, String> {
        let mut account = Self::default();
        for deed in deeds {
            account.does(deed)?;
        }
        Ok(account)
    }

    fn does(&mut self, deed: &Deed) -> Result<(), String> {
        let command = self.command(deed);
        let made = match &command {
            Some(PointsCommand::Earn { lot_id, .. }) => Some(*lot_id),
            Some(PointsCommand::Adjust { adjustment_id, .. }) => {
                Some(LotId::new(adjustment_id.uuid()))
            }
            _ => None,
        };
        if let Some(command) = command {
            self.asks(command)?;
        }
        self.lots
            .extend(made.filter(|id| self.book.lots.contains_key(id)));
        Ok(())
    }

    /// Asks something; what is refused changes nothing. Says whether it was accepted.
    pub(super) fn asks(&mut self, command: PointsCommand) -> Result<bool, String> {
        let Ok(events) = PointAccount::decide(&self.state, command.clone()) else {
            return Ok(false);
        };
        for event in &events {
            PointAccount::evolve(&mut self.state, event);
            self.book
                .post(event)
                .map_err(|wrong| format!("{wrong} after {event:?}"))?;
        }
        self.book.agrees(&self.state, self.now)?;
        let again = PointAccount::decide(&self.state, command.clone());
        if again.is_ok_and(|events| !events.is_empty()) {
            return Err(format!("{command:?} takes effect twice"));
        }
        if !events.is_empty() {
            self.accepted.push(command);
        }
        Ok(true)
    }

    fn command(&mut self, deed: &Deed) -> Option<PointsCommand> {
        self.ids += 1;
        let (id, now) = (self.ids, self.now);
        let until = |valid: &i64| now + Duration::minutes(*valid);
        Some(match deed {
            Deed::Earn(order, shares, valid) => PointsCommand::Earn {
                order_id: order_id(*order),
                lot_id: lot_id(id),
                lines: lines(*order, shares),
                now,
                expires_at: until(valid),
            },
            Deed::Hold(order, sixths, weights) => {
                let amount = sixths_of(self.state.spendable(now), *sixths);
                let shares = share(amount, weights).ok()?;
                PointsCommand::Hold {
                    order_id: order_id(*order),
                    amount: points(amount),
                    lines: lines(*order, &shares),
                    now,
                }
            }
            Deed::Spend(order) => PointsCommand::Spend {
                order_id: order_id(*order),
            },
            Deed::Release(order) => PointsCommand::Release {
                order_id: order_id(*order),
            },
            Deed::Return(order, line, sixths) => {
                let line = self
                    .state
                    .returnable(order_id(*order))
                    .into_iter()
                    .nth(usize::try_from(*line).ok()?)?;
                let back = sixths_of(line.points, *sixths);
                refund(order_id(*order), refund_id(id), line, back, true)
            }
            Deed::TakeBack(order, line, sixths) => {
                let line = self
                    .state
                    .takeable(order_id(*order))
                    .into_iter()
                    .nth(usize::try_from(*line).ok()?)?;
                let back = sixths_of(line.points, *sixths);
                refund(order_id(*order), refund_id(id), line, back, false)
            }
            Deed::Expire(number) => PointsCommand::Expire {
                lot_id: self.a_lot(*number)?,
                now,
            },
            Deed::Due(number) => {
                let lot_id = self.a_lot(*number)?;
                self.now = now.max(self.book.terms[&lot_id].expires_at);
                PointsCommand::Expire {
                    lot_id,
                    now: self.now,
                }
            }
            Deed::Pass(minutes) => {
                self.now += Duration::minutes(*minutes);
                return None;
            }
            Deed::Give(number, valid) => self.adjust(id, *number, Some(until(valid))),
            Deed::Withdraw(number) => self.adjust(id, -number, None),
        })
    }

    fn a_lot(&self, number: usize) -> Option<LotId> {
        let place = number.checked_rem(self.lots.len())?;
        self.lots.get(place).copied()
    }

    fn adjust(&self, id: u32, delta: i64, expires_at: Option<DateTime<Utc>>) -> PointsCommand {
        PointsCommand::Adjust {
            adjustment_id: adjustment_id(id),
            delta,
            reason: "chance".to_owned(),
            by: user("olga"),
            expires_at,
            now: self.now,
        }
    }

    /// Every hold is paid, so that only refunds are left.
    pub(super) fn pays_everything(&mut self) -> Result<(), String> {
        for order in 0..ORDERS {
            self.does(&Deed::Spend(order))?;
        }
        Ok(())
    }

    /// Refunds that give back all that came of all orders, each line in up to two parts.
    pub(super) fn refunds(&self) -> Vec<PointsCommand> {
        let mut refunds = Vec::new();
        let mut next = self.ids;
        for order in (0..ORDERS).map(order_id) {
            for (line, back) in parts(&self.state.returnable(order)) {
                next += 1;
                let refund_id = refund_id(next);
                refunds.push(refund(order, refund_id, line, back, true));
            }
            for (line, back) in parts(&self.state.takeable(order)) {
                next += 1;
                let refund_id = refund_id(next);
                refunds.push(refund(order, refund_id, line, back, false));
            }
        }
        refunds
    }
}

fn refund(
    order_id: OrderId,
    refund_id: crate::ids::RefundId,
    line: LinePoints,
    back: i64,
    spent: bool,
) -> PointsCommand {
    let lines = vec![LinePoints {
        points: points(back),
        ..line
    }];
    if spent {
        PointsCommand::Return {
            order_id,
            refund_id,
            lines,
        }
    } else {
        PointsCommand::TakeBack {
            order_id,
            refund_id,
            lines,
        }
    }
}

/// Each line's points in up to two parts.
fn parts(of: &[LinePoints]) -> Vec<(LinePoints, i64)> {
    let halves = |line: &LinePoints| {
        let half = line.points.get() / 2;
        [(*line, half), (*line, line.points.get() - half)]
    };
    let parts = of.iter().flat_map(halves);
    parts.filter(|(_, number)| *number > 0).collect()
}

/// Sixths of so many; seven are one too many.
fn sixths_of(of: Points, sixths: i64) -> i64 {
    if sixths > 6 {
        of.get() + 1
    } else {
        of.get() * sixths / 6
    }
}

fn lines(order: u32, shares: &[i64]) -> Vec<LinePoints> {
    let numbered = (0..LINES).zip(shares);
    let numbered: Vec<(u32, i64)> = numbered
        .map(|(line, number)| (order * LINES + line, *number))
        .collect();
    line_points(&numbered)
}

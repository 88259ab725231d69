//! Points: what every lot must add up to, where points may be taken from, and where they go back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::points::{GivenBack, LinePoints, LotPoints, PointsEvent};
use domain::{LotId, OrderItemId, UserId};

use super::closed::key;
use super::{At, Shop};
use crate::invariant::{Invariant, Violation};

/// A user's points; lots and lines by the last bits of their ids.
#[derive(Debug, Default)]
pub(super) struct Account {
    sequence: u64,
    lots: BTreeMap<u64, Lot>,
    /// The lots that have points left, those that expire first in front: of two, the older.
    open: BTreeSet<(DateTime<Utc>, u64, u64)>,
    /// By line and lot: what orders took and has not come back.
    taken: BTreeMap<(u64, u64), i64>,
    /// By line: what orders earned and was not taken back.
    earned: BTreeMap<u64, i64>,
    remaining: i64,
    owed: i64,
}

/// A lot, recomputed from the events' own numbers.
#[derive(Clone, Copy, Debug)]
struct Lot {
    number: u64,
    expires_at: DateTime<Utc>,
    lapsed: bool,
    earned: i64,
    spent: i64,
    expired: i64,
    taken_back: i64,
    remaining: i64,
    owed: i64,
}

impl Lot {
    fn of(earned: i64, expires_at: DateTime<Utc>, number: u64) -> Self {
        Self {
            number,
            expires_at,
            lapsed: false,
            earned,
            spent: 0,
            expired: 0,
            taken_back: 0,
            remaining: earned,
            owed: 0,
        }
    }

    /// What is wrong with its numbers.
    fn wrong(&self) -> Option<&'static str> {
        let numbers = [
            self.earned,
            self.spent,
            self.expired,
            self.taken_back,
            self.remaining,
            self.owed,
        ];
        let out = self.spent + self.expired + self.taken_back + self.remaining;
        if numbers.iter().any(|number| *number < 0) {
            Some("a number is below zero")
        } else if self.earned + self.owed != out {
            Some("earned + owed is not spent + expired + taken back + remaining")
        } else if self.owed > 0 && self.remaining > 0 {
            Some("it owes and has some left")
        } else if self.lapsed && self.remaining > 0 {
            Some("something outlived its expiry")
        } else {
            None
        }
    }
}

/// What is wrong, in words, so far.
type Wrong = Vec<String>;

impl Shop {
    pub(super) fn points_event(&mut self, at: At<'_>, id: UserId, event: &PointsEvent) {
        self.points_of_order(at, event);
        let account = self.accounts.entry(id).or_default();
        self.found.extend(account.follow(at));
        let mut wrong = Wrong::new();
        account.take_in(event, &mut wrong);
        let wrong = wrong.into_iter();
        let wrong = wrong.map(|evidence| at.violation(Invariant::PointLots, evidence));
        self.found.extend(wrong);
    }

    /// What an event moves between an account and an order.
    fn points_of_order(&mut self, at: At<'_>, event: &PointsEvent) {
        let (order_id, moved) = match event {
            PointsEvent::PointsHeld {
                order_id, points, ..
            } => (*order_id, points.get()),
            PointsEvent::PointsReleased {
                order_id, points, ..
            }
            | PointsEvent::PointsReturned {
                order_id, points, ..
            } => (*order_id, -points.get()),
            PointsEvent::PointsSpent { order_id, .. } => (*order_id, 0),
            PointsEvent::PointsEarned { .. }
            | PointsEvent::PointsTakenBack { .. }
            | PointsEvent::PointsExpired { .. }
            | PointsEvent::PointsAdjusted { .. } => return,
        };
        if let Some(order) = self.open_order(at, order_id) {
            order.points_taken += moved;
            order.points_spent |= matches!(event, PointsEvent::PointsSpent { .. });
        }
    }

    /// A user's points: what remains in all lots, less what is owed.
    #[must_use]
    pub fn points(&self, user_id: &UserId) -> i64 {
        let account = self.accounts.get(user_id);
        account.map_or(0, |account| account.remaining - account.owed)
    }
}

impl Account {
    /// Counts an event of it.
    pub(super) fn follow(&mut self, at: At<'_>) -> Option<Violation> {
        let gap = at.gap_after(self.sequence);
        self.sequence = at.sequence;
        gap
    }

    /// When the lot expires that should have expired first.
    pub(super) fn first_expiry(&self) -> Option<DateTime<Utc>> {
        self.open.first().map(|(expires_at, ..)| *expires_at)
    }

    fn take_in(&mut self, event: &PointsEvent, wrong: &mut Wrong) {
        match event {
            PointsEvent::PointsEarned {
                lot_id,
                points,
                lines,
                expires_at,
                ..
            } => {
                adds_up(
                    points.get(),
                    lines.iter().map(|line| line.points.get()),
                    wrong,
                );
                self.open_lot(*lot_id, points.get(), *expires_at, wrong);
                for line in lines {
                    let line_key = key(line.order_item_id.uuid());
                    if self.earned.insert(line_key, line.points.get()).is_some() {
                        wrong.push(format!("line {} earned twice", line.order_item_id));
                    }
                }
            }
            PointsEvent::PointsHeld {
                points,
                allocations,
                held_at,
                ..
            } => {
                // One lot may pay several lines.
                let mut by_lot: BTreeMap<LotId, i64> = BTreeMap::new();
                for part in allocations {
                    let number = part.points.get();
                    *by_lot.entry(part.lot_id).or_default() += number;
                    let taken = self.taken.entry(of(part.order_item_id, part.lot_id));
                    *taken.or_default() += number;
                }
                let parts = by_lot.iter().map(|(lot_id, number)| (*lot_id, *number));
                self.withdraw(points.get(), parts.collect(), *held_at, wrong);
                for (lot_id, number) in by_lot {
                    self.lot(lot_id, wrong, |lot| lot.spent += number);
                }
            }
            // What orders hold is spent from the lots' point of view.
            PointsEvent::PointsSpent { .. } => {}
            PointsEvent::PointsReleased {
                points,
                allocations,
                ..
            }
            | PointsEvent::PointsReturned {
                points,
                allocations,
                ..
            } => {
                let parts = allocations.iter().map(|part| part.points.get());
                adds_up(points.get(), parts, wrong);
                for part in allocations {
                    self.come_back(part, wrong);
                }
            }
            PointsEvent::PointsTakenBack {
                lot_id,
                points,
                lines,
                unexpired,
                owed,
                ..
            } => {
                adds_up(
                    points.get(),
                    lines.iter().map(|line| line.points.get()),
                    wrong,
                );
                let (points, unexpired, owed) = (points.get(), unexpired.get(), owed.get());
                self.lot(*lot_id, wrong, |lot| {
                    lot.taken_back += points;
                    lot.expired -= unexpired;
                    lot.owed += owed;
                    lot.remaining -= points - unexpired - owed;
                });
                for line in lines {
                    self.unearn(line, wrong);
                }
            }
            PointsEvent::PointsExpired {
                lot_id,
                points,
                expired_at,
            } => {
                let points = points.get();
                let mut early = None;
                self.lot(*lot_id, wrong, |lot| {
                    lot.remaining -= points;
                    lot.expired += points;
                    lot.lapsed = true;
                    early = (*expired_at < lot.expires_at).then_some(lot.expires_at);
                });
                if let Some(expires_at) = early {
                    wrong.push(format!("lot {lot_id} expired before {expires_at}"));
                }
            }
            PointsEvent::PointsAdjusted {
                delta,
                lots,
                adjusted_at,
                expires_at,
                ..
            } => self.adjust(*delta, lots, (*adjusted_at, *expires_at), wrong),
        }
    }

    fn adjust(
        &mut self,
        delta: i64,
        lots: &[LotPoints],
        (adjusted_at, expires_at): (DateTime<Utc>, Option<DateTime<Utc>>),
        wrong: &mut Wrong,
    ) {
        let parts = lots.iter().map(|part| (part.lot_id, part.points.get()));
        if let Some(expires_at) = expires_at {
            adds_up(delta, parts.clone().map(|(_, points)| points), wrong);
            for (lot_id, points) in parts {
                self.open_lot(lot_id, points, expires_at, wrong);
            }
            return;
        }
        self.withdraw(-delta, parts.clone().collect(), adjusted_at, wrong);
        for (lot_id, points) in parts {
            self.lot(lot_id, wrong, |lot| lot.taken_back += points);
        }
    }

    fn open_lot(
        &mut self,
        lot_id: LotId,
        points: i64,
        expires_at: DateTime<Utc>,
        wrong: &mut Wrong,
    ) {
        let number = u64::try_from(self.lots.len()).unwrap_or(u64::MAX);
        let lot = Lot::of(points, expires_at, number);
        let lot_key = key(lot_id.uuid());
        if self.lots.insert(lot_key, lot).is_some() {
            wrong.push(format!("lot {lot_id} was there already"));
            return;
        }
        self.remaining += points;
        self.open.insert((expires_at, number, lot_key));
    }

    /// Points leave what remains: no more than the balance, none of a lot whose time is over, and none of one
    /// while an earlier one has some. Where they went is the caller's to note.
    fn withdraw(
        &mut self,
        points: i64,
        parts: Vec<(LotId, i64)>,
        now: DateTime<Utc>,
        wrong: &mut Wrong,
    ) {
        adds_up(points, parts.iter().map(|(_, points)| *points), wrong);
        let over = self.open.iter().take_while(|(until, ..)| *until <= now);
        let over = over.filter_map(|(_, _, lot)| self.lots.get(lot));
        let over: i64 = over.map(|lot| lot.remaining).sum();
        let spendable = (self.remaining - over - self.owed).max(0);
        if points > spendable {
            wrong.push(format!("{points} taken, {spendable} could be"));
        }
        let mut last = None;
        for (lot_id, points) in parts {
            let lot_key = key(lot_id.uuid());
            let Some(lot) = self.lots.get_mut(&lot_key) else {
                wrong.push(format!("lot {lot_id} never was"));
                continue;
            };
            if lot.expires_at <= now || lot.lapsed {
                wrong.push(format!("lot {lot_id} was spent after its time"));
            }
            last = last.max(Some((lot.expires_at, lot.number)));
            lot.remaining -= points;
            self.remaining -= points;
            if lot.remaining == 0 {
                self.open.remove(&(lot.expires_at, lot.number, lot_key));
            }
        }
        let alive = self.open.iter().find(|(until, ..)| *until > now);
        if let (Some((until, number, lot)), Some(last)) = (alive, last)
            && (*until, *number) < last
        {
            let evidence = format!("lot …{lot:016x} expires sooner, at {until}, and has some left");
            wrong.push(evidence);
        }
    }

    fn come_back(&mut self, part: &GivenBack, wrong: &mut Wrong) {
        let (points, repaid, expired) = (part.points.get(), part.repaid.get(), part.expired.get());
        let mut early = false;
        self.lot(part.lot_id, wrong, |lot| {
            early = expired > 0 && !lot.lapsed;
            lot.spent -= points;
            lot.owed -= repaid;
            lot.expired += expired;
            lot.remaining += points - repaid - expired;
        });
        if early {
            wrong.push(format!("points of lot {} expired early", part.lot_id));
        }
        let taken_key = of(part.order_item_id, part.lot_id);
        let taken = self.taken.get(&taken_key).copied().unwrap_or_default();
        if points > taken {
            let (line, lot) = (part.order_item_id, part.lot_id);
            wrong.push(format!(
                "{points} of lot {lot} back for line {line}, {taken} were out"
            ));
        }
        if taken > points {
            self.taken.insert(taken_key, taken - points);
        } else {
            self.taken.remove(&taken_key);
        }
    }

    fn unearn(&mut self, line: &LinePoints, wrong: &mut Wrong) {
        let line_key = key(line.order_item_id.uuid());
        let left = self.earned.entry(line_key).or_default();
        *left -= line.points.get();
        if *left < 0 {
            let (over, line) = (-*left, line.order_item_id);
            wrong.push(format!("line {line} lost {over} more than it earned"));
        }
    }

    /// Changes a lot, with the sums over all of them, and looks at it.
    fn lot(&mut self, lot_id: LotId, wrong: &mut Wrong, change: impl FnOnce(&mut Lot)) {
        let lot_key = key(lot_id.uuid());
        let Some(lot) = self.lots.get_mut(&lot_key) else {
            wrong.push(format!("lot {lot_id} never was"));
            return;
        };
        let before = *lot;
        change(lot);
        self.remaining += lot.remaining - before.remaining;
        self.owed += lot.owed - before.owed;
        let place = (lot.expires_at, lot.number, lot_key);
        if lot.remaining > 0 {
            self.open.insert(place);
        } else {
            self.open.remove(&place);
        }
        if let Some(why) = lot.wrong() {
            wrong.push(format!("lot {lot_id}: {why}: {lot:?}"));
        }
    }
}

/// A line's points of a lot.
fn of(line: OrderItemId, lot: LotId) -> (u64, u64) {
    (key(line.uuid()), key(lot.uuid()))
}

fn adds_up(points: i64, parts: impl Iterator<Item = i64>, wrong: &mut Wrong) {
    let sum: i64 = parts.sum();
    if sum != points {
        wrong.push(format!("the parts of {points} points are {sum}"));
    }
}

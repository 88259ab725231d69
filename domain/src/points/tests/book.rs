//! An account kept by hand from the numbers in its events. It knows no rule but the law of lots, and
//! says of each event whether it may have happened.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::ids::{LotId, OrderId, OrderItemId};
use crate::points::{GivenBack, LotPoints, PointsEvent, PointsState};

/// A lot in the book.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BookLot {
    pub(crate) earned: i64,
    pub(crate) spent: i64,
    pub(crate) expired: i64,
    pub(crate) taken_back: i64,
    pub(crate) remaining: i64,
    pub(crate) owed: i64,
}

/// What does not change of a lot, and its place among the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) order: Option<OrderId>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) number: usize,
    pub(crate) lapsed: bool,
}

/// The whole account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    pub(crate) lots: BTreeMap<LotId, BookLot>,
    pub(crate) terms: BTreeMap<LotId, Terms>,
    /// By order, line and lot: what was taken and came back.
    taken: BTreeMap<(OrderId, OrderItemId, LotId), (i64, i64)>,
    /// By order and line: what was earned and taken back.
    earned: BTreeMap<(OrderId, OrderItemId), (i64, i64)>,
}

impl Book {
    /// Writes an event down.
    pub(crate) fn post(&mut self, event: &PointsEvent) -> Result<(), String> {
        match event {
            PointsEvent::PointsEarned {
                order_id,
                lot_id,
                points,
                lines,
                expires_at,
                ..
            } => {
                self.open(*lot_id, points.get(), Some(*order_id), *expires_at)?;
                for line in lines {
                    let key = (*order_id, line.order_item_id);
                    self.earned.insert(key, (line.points.get(), 0));
                }
                let sum: i64 = lines.iter().map(|line| line.points.get()).sum();
                ensure(sum == points.get(), || format!("{sum} of {points} earned"))?;
            }
            PointsEvent::PointsHeld {
                order_id,
                points,
                allocations,
                held_at,
            } => {
                let parts = allocations.iter().map(|part| LotPoints {
                    lot_id: part.lot_id,
                    points: part.points,
                });
                self.withdraw(&parts.collect::<Vec<_>>(), points.get(), *held_at)?;
                for part in allocations {
                    self.lot(part.lot_id)?.spent += part.points.get();
                    let key = (*order_id, part.order_item_id, part.lot_id);
                    self.taken.insert(key, (part.points.get(), 0));
                }
            }
            PointsEvent::PointsSpent { .. } => {}
            PointsEvent::PointsReleased {
                order_id,
                allocations,
                points,
            }
            | PointsEvent::PointsReturned {
                order_id,
                allocations,
                points,
                ..
            } => {
                let sum: i64 = allocations.iter().map(|part| part.points.get()).sum();
                ensure(sum == points.get(), || format!("{sum} of {points} back"))?;
                for part in allocations {
                    self.come_back(*order_id, part)?;
                }
            }
            PointsEvent::PointsTakenBack {
                order_id,
                lot_id,
                points,
                lines,
                unexpired,
                owed,
                ..
            } => {
                let lot = self.lot(*lot_id)?;
                lot.taken_back += points.get();
                lot.expired -= unexpired.get();
                lot.owed += owed.get();
                lot.remaining -= points.get() - unexpired.get() - owed.get();
                for line in lines {
                    let key = (*order_id, line.order_item_id);
                    let of = self
                        .earned
                        .get_mut(&key)
                        .ok_or("a line that never earned")?;
                    of.1 += line.points.get();
                    let (earned, back) = *of;
                    ensure(back <= earned, || format!("{back} of {earned} taken back"))?;
                }
            }
            PointsEvent::PointsExpired { lot_id, points, .. } => {
                let lot = self.lot(*lot_id)?;
                lot.remaining -= points.get();
                lot.expired += points.get();
                ensure(lot.remaining == 0, || format!("{lot:?} is left"))?;
                if let Some(terms) = self.terms.get_mut(lot_id) {
                    terms.lapsed = true;
                }
            }
            PointsEvent::PointsAdjusted {
                delta,
                lots,
                adjusted_at,
                expires_at,
                ..
            } => match expires_at {
                Some(expires_at) => {
                    for part in lots {
                        self.open(part.lot_id, part.points.get(), None, *expires_at)?;
                    }
                }
                None => {
                    self.withdraw(lots, -delta, *adjusted_at)?;
                    for part in lots {
                        self.lot(part.lot_id)?.taken_back += part.points.get();
                    }
                }
            },
        }
        self.lots.iter().try_for_each(|(id, lot)| lot.check(*id))
    }

    /// Σ remaining − Σ owed.
    pub(crate) fn balance(&self) -> i64 {
        self.lots.values().map(|lot| lot.remaining - lot.owed).sum()
    }

    fn spendable(&self, now: DateTime<Utc>) -> i64 {
        let over = self.lots.iter();
        let over = over.filter(|(id, _)| self.terms[*id].expires_at <= now);
        let over: i64 = over.map(|(_, lot)| lot.remaining).sum();
        (self.balance() - over).max(0)
    }

    /// The state of the rules says the same; what it forgot is closed.
    pub(crate) fn agrees(&self, state: &PointsState, now: DateTime<Utc>) -> Result<(), String> {
        for (id, lot) in &self.lots {
            let Some(kept) = state.lot(*id) else {
                ensure(lot.remaining == 0 && lot.owed == 0, || {
                    format!("{id} is forgotten with {lot:?}")
                })?;
                continue;
            };
            let kept = BookLot {
                earned: kept.earned.get(),
                spent: kept.spent.get(),
                expired: kept.expired.get(),
                taken_back: kept.taken_back.get(),
                remaining: kept.remaining.get(),
                owed: kept.owed.get(),
            };
            ensure(kept == *lot, || format!("{id}: {kept:?}, not {lot:?}"))?;
        }
        let (balance, spendable) = (state.balance(), state.spendable(now).get());
        ensure(balance == self.balance(), || format!("balance {balance}"))?;
        ensure(spendable == self.spendable(now), || {
            format!("{spendable} spendable, not {}", self.spendable(now))
        })
    }

    fn open(
        &mut self,
        id: LotId,
        points: i64,
        order: Option<OrderId>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), String> {
        let lot = BookLot {
            earned: points,
            remaining: points,
            ..BookLot::default()
        };
        let number = self.lots.len();
        let terms = Terms {
            order,
            expires_at,
            number,
            lapsed: false,
        };
        self.terms.insert(id, terms);
        ensure(self.lots.insert(id, lot).is_none(), || {
            format!("{id} twice")
        })
    }

    /// Points leave what remains: never more than can be spent, none of a lot whose time is over, and none
    /// of a lot that expires later than one that has some left.
    fn withdraw(
        &mut self,
        parts: &[LotPoints],
        points: i64,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let (spendable, sum) = (
            self.spendable(now),
            parts.iter().map(|part| part.points.get()).sum::<i64>(),
        );
        ensure(sum == points && sum <= spendable, || {
            format!("{sum} of {points} withdrawn, {spendable} spendable")
        })?;
        for part in parts {
            self.lot(part.lot_id)?.remaining -= part.points.get();
        }
        let rank = |id: &LotId| (self.terms[id].expires_at, self.terms[id].number);
        let last = parts.iter().map(|part| rank(&part.lot_id)).max();
        for (id, lot) in &self.lots {
            let alive = self.terms[id].expires_at > now && !self.terms[id].lapsed;
            let used = parts.iter().any(|part| part.lot_id == *id);
            ensure(alive || !used, || format!("{id} is spent after its time"))?;
            let earlier = alive && Some(rank(id)) < last;
            ensure(!earlier || lot.remaining == 0, || {
                format!("{id} expires earlier and has {} left", lot.remaining)
            })?;
        }
        Ok(())
    }

    fn come_back(&mut self, order_id: OrderId, part: &GivenBack) -> Result<(), String> {
        let lapsed = self
            .terms
            .get(&part.lot_id)
            .is_some_and(|terms| terms.lapsed);
        let lot = self.lot(part.lot_id)?;
        lot.spent -= part.points.get();
        lot.owed -= part.repaid.get();
        lot.expired += part.expired.get();
        let rest = part.points.get() - part.repaid.get() - part.expired.get();
        lot.remaining += rest;
        ensure(!lapsed || rest == 0, || format!("{rest} of an expired lot"))?;
        ensure(lapsed || part.expired.is_zero(), || {
            "expires early".to_owned()
        })?;
        let key = (order_id, part.order_item_id, part.lot_id);
        let of = self
            .taken
            .get_mut(&key)
            .ok_or("never taken from this lot")?;
        of.1 += part.points.get();
        let (taken, back) = *of;
        ensure(back <= taken, || format!("{back} of {taken} came back"))
    }

    fn lot(&mut self, id: LotId) -> Result<&mut BookLot, String> {
        self.lots.get_mut(&id).ok_or(format!("{id} never was"))
    }
}

impl BookLot {
    /// The law of lots.
    fn check(&self, id: LotId) -> Result<(), String> {
        let sides = (
            self.earned + self.owed,
            self.spent + self.expired + self.taken_back + self.remaining,
        );
        let least = [
            self.earned,
            self.spent,
            self.expired,
            self.taken_back,
            self.remaining,
            self.owed,
        ];
        let whole = sides.0 == sides.1 && least.iter().all(|number| *number >= 0);
        let law = whole && (self.owed == 0 || self.remaining == 0);
        ensure(law, || format!("{id} is {self:?}"))
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

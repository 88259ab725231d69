//! What an event makes of an account's row, its lots' and its allocations'. The events say all numbers, so
//! there is no rule here.

use chrono::{DateTime, Utc};
use domain::points::{GivenBack, Points, PointsEvent};
use domain::{LotId, OrderId};
use uuid::Uuid;

use super::rows::{AccountRow, AllocationRow, LotRow};
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

/// An allocation's key.
pub(super) type Part = (Uuid, Uuid, Uuid);

/// The rows that a batch changes.
pub(super) struct Books {
    pub(super) accounts: Rows<String, AccountRow>,
    pub(super) lots: Rows<Uuid, LotRow>,
    pub(super) allocations: Rows<Part, AllocationRow>,
}

impl Books {
    pub(super) fn fold(
        &mut self,
        user_id: &str,
        event: &Event,
        points_event: &PointsEvent,
    ) -> Result<(), ProjectionError> {
        self.account(user_id, event, |_| {})?;
        match points_event {
            PointsEvent::PointsEarned {
                order_id,
                lot_id,
                points,
                earned_at,
                expires_at,
                ..
            } => {
                let times = (*earned_at, *expires_at);
                let row = LotRow {
                    order_id: Some(order_id.uuid()),
                    ..lot_row(user_id, event, *lot_id, "ORDER", *points, times)
                };
                self.open(user_id, event, row)
            }
            PointsEvent::PointsHeld {
                order_id,
                allocations,
                ..
            } => {
                for part in allocations {
                    let points = part.points.get();
                    self.lot(user_id, event, part.lot_id, |lot| {
                        lot.remaining -= points;
                        lot.spent += points;
                    })?;
                    let key = key(*order_id, part.order_item_id.uuid(), part.lot_id);
                    let row = AllocationRow {
                        order_id: key.0,
                        order_item_id: key.1,
                        lot_id: key.2,
                        user_id: user_id.to_owned(),
                        state: "HELD".to_owned(),
                        points,
                        returned: 0,
                    };
                    // An order whose hold was released may hold once more: the row is its latest hold.
                    self.allocations.add(key, row);
                }
                Ok(())
            }
            PointsEvent::PointsSpent { order_id, .. } => {
                self.allocations_of(*order_id, |row| {
                    if row.state == "HELD" {
                        "SPENT".clone_into(&mut row.state);
                    }
                });
                Ok(())
            }
            PointsEvent::PointsReleased {
                order_id,
                allocations,
                ..
            } => {
                for part in allocations {
                    self.give_back(user_id, event, part)?;
                    let row = self.allocation(*order_id, part)?;
                    "RELEASED".clone_into(&mut row.state);
                }
                Ok(())
            }
            PointsEvent::PointsReturned {
                order_id,
                allocations,
                ..
            } => {
                for part in allocations {
                    self.give_back(user_id, event, part)?;
                    let row = self.allocation(*order_id, part)?;
                    row.returned += part.points.get();
                }
                Ok(())
            }
            PointsEvent::PointsTakenBack {
                lot_id,
                points,
                unexpired,
                owed,
                ..
            } => {
                let (points, unexpired, owed) = (points.get(), unexpired.get(), owed.get());
                self.lot(user_id, event, *lot_id, |lot| {
                    lot.taken_back += points;
                    lot.expired -= unexpired;
                    lot.owed += owed;
                    lot.remaining -= points - unexpired - owed;
                })
            }
            PointsEvent::PointsExpired {
                lot_id,
                points,
                expired_at,
            } => self.lot(user_id, event, *lot_id, |lot| {
                lot.remaining -= points.get();
                lot.expired += points.get();
                lot.lapsed_at = Some(*expired_at);
            }),
            PointsEvent::PointsAdjusted {
                adjustment_id,
                lots,
                adjusted_at,
                expires_at,
                ..
            } => {
                for part in lots {
                    let points = part.points.get();
                    if let Some(expires_at) = expires_at {
                        let times = (*adjusted_at, *expires_at);
                        let lot = (part.lot_id, "ADJUSTMENT", part.points);
                        let row = LotRow {
                            adjustment_id: Some(adjustment_id.uuid()),
                            ..lot_row(user_id, event, lot.0, lot.1, lot.2, times)
                        };
                        self.open(user_id, event, row)?;
                    } else {
                        self.lot(user_id, event, part.lot_id, |lot| {
                            lot.remaining -= points;
                            lot.taken_back += points;
                        })?;
                    }
                }
                Ok(())
            }
        }
    }

    fn open(&mut self, user_id: &str, event: &Event, row: LotRow) -> Result<(), ProjectionError> {
        let (id, earned) = (row.id, row.earned);
        if !self.lots.add(id, row) {
            return Err(ProjectionError::Poison(format!(
                "lot {id} is there already"
            )));
        }
        self.account(user_id, event, |account| account.remaining += earned)
    }

    fn give_back(
        &mut self,
        user_id: &str,
        event: &Event,
        part: &GivenBack,
    ) -> Result<(), ProjectionError> {
        let (points, repaid) = (part.points.get(), part.repaid.get());
        let expired = part.expired.get();
        self.lot(user_id, event, part.lot_id, |lot| {
            lot.spent -= points;
            lot.owed -= repaid;
            lot.expired += expired;
            lot.remaining += points - repaid - expired;
        })
    }

    /// Changes a lot, and its account by as much.
    fn lot(
        &mut self,
        user_id: &str,
        event: &Event,
        lot_id: LotId,
        change: impl FnOnce(&mut LotRow),
    ) -> Result<(), ProjectionError> {
        let id = lot_id.uuid();
        let lot = self.lots.change(&id).ok_or_else(|| missing("lot", id))?;
        let before = (lot.remaining, lot.owed);
        change(lot);
        lot.updated_at = event.at();
        let (remaining, owed) = (lot.remaining - before.0, lot.owed - before.1);
        self.account(user_id, event, |account| {
            account.remaining += remaining;
            account.owed += owed;
        })
    }

    fn account(
        &mut self,
        user_id: &str,
        event: &Event,
        change: impl FnOnce(&mut AccountRow),
    ) -> Result<(), ProjectionError> {
        let account = self.accounts.change_or(&user_id.to_owned(), || AccountRow {
            user_id: user_id.to_owned(),
            remaining: 0,
            owed: 0,
            updated_at: event.at(),
            version: 0,
        });
        change(account);
        account.updated_at = event.at();
        account.version = event.version()?;
        Ok(())
    }

    fn allocation(
        &mut self,
        order_id: OrderId,
        part: &GivenBack,
    ) -> Result<&mut AllocationRow, ProjectionError> {
        let key = key(order_id, part.order_item_id.uuid(), part.lot_id);
        self.allocations
            .change(&key)
            .ok_or_else(|| missing("allocation of order", order_id))
    }

    fn allocations_of(&mut self, order_id: OrderId, change: impl Fn(&mut AllocationRow)) {
        let order_id = order_id.uuid();
        for key in self.allocations.keys_where(|key| key.0 == order_id) {
            if let Some(row) = self.allocations.change(&key) {
                change(row);
            }
        }
    }
}

fn key(order_id: OrderId, order_item_id: Uuid, lot_id: LotId) -> Part {
    (order_id.uuid(), order_item_id, lot_id.uuid())
}

fn lot_row(
    user_id: &str,
    event: &Event,
    lot_id: LotId,
    origin: &str,
    points: Points,
    (earned_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> LotRow {
    LotRow {
        id: lot_id.uuid(),
        user_id: user_id.to_owned(),
        origin: origin.to_owned(),
        order_id: None,
        adjustment_id: None,
        earned: points.get(),
        spent: 0,
        expired: 0,
        taken_back: 0,
        remaining: points.get(),
        owed: 0,
        earned_at,
        expires_at,
        lapsed_at: None,
        updated_at: event.at(),
    }
}

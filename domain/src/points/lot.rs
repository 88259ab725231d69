//! One lot: its numbers, and what each kind of movement does to them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::amount::Points;
use crate::ids::{AdjustmentId, OrderId};

/// Where a lot came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LotOrigin {
    /// A confirmed order earned it.
    Order(OrderId),
    /// An operator gave it.
    Adjustment(AdjustmentId),
}

/// Points that were earned at once and expire at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lot {
    /// Where it came from.
    pub origin: LotOrigin,
    /// How many there were.
    pub earned: Points,
    /// How many orders took, held or spent.
    pub spent: Points,
    /// How many expired.
    pub expired: Points,
    /// How many refunds or operators took back.
    pub taken_back: Points,
    /// How many are left.
    pub remaining: Points,
    /// How many were taken back that were not there any more.
    pub owed: Points,
    /// Since when.
    pub earned_at: DateTime<Utc>,
    /// Until when: at this moment they are no longer spent.
    pub expires_at: DateTime<Utc>,
    /// Whether its time has come and was taken in: from then on what comes back expires at once.
    pub lapsed: bool,
    /// Its number among the account's lots, from 1: of two that expire together, the older goes first.
    pub(super) number: u64,
    /// For how many things it must be kept: the order that earned it, and each allocation of an order
    /// that may still come back.
    pub(super) claims: u32,
}

/// Where points go that come back to a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back {
    pub(super) repaid: Points,
    pub(super) expired: Points,
}

/// Where points are found that are taken back from a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) unexpired: Points,
    pub(super) owed: Points,
}

impl Lot {
    /// How its points are ranked: who is less is spent first.
    pub(super) fn rank(&self) -> (DateTime<Utc>, u64) {
        (self.expires_at, self.number)
    }

    /// Whether it need not be kept.
    pub(super) fn is_closed(&self) -> bool {
        self.claims == 0 && self.remaining.is_zero() && self.owed.is_zero()
    }

    /// An order takes some.
    pub(super) fn take(&mut self, points: Points) {
        self.remaining.lower(points);
        self.spent.raise(points);
    }

    /// Where points would go that come back: the debt first; the rest remains, or expires at once.
    pub(super) fn where_back(&self, points: Points) -> Back {
        let repaid = points.min(self.owed);
        let rest = points.less(repaid);
        let expired = if self.lapsed { rest } else { Points::ZERO };
        Back { repaid, expired }
    }

    /// Points come back.
    pub(super) fn give_back(&mut self, points: Points, back: Back) {
        self.spent.lower(points);
        self.owed.lower(back.repaid);
        self.expired.raise(back.expired);
        self.remaining
            .raise(points.less(back.repaid).less(back.expired));
    }

    /// Where points would be found that are taken back: what remains first, then what expired; the rest
    /// is owed.
    pub(super) fn where_found(&self, points: Points) -> Found {
        let missing = points.less(self.remaining);
        let unexpired = missing.min(self.expired);
        let owed = missing.less(unexpired);
        Found { unexpired, owed }
    }

    /// Points are taken back.
    pub(super) fn take_back(&mut self, points: Points, found: Found) {
        self.taken_back.raise(points);
        self.expired.lower(found.unexpired);
        self.owed.raise(found.owed);
        self.remaining
            .lower(points.less(found.unexpired).less(found.owed));
    }

    /// Its time has come.
    pub(super) fn expire(&mut self, points: Points) {
        self.remaining.lower(points);
        self.expired.raise(points);
        self.lapsed = true;
    }
}

//! How many points a purchase earns.

use chrono::{DateTime, Duration, Utc};

use super::CURRENCY;
use super::amount::Points;
use super::events::LinePoints;
use crate::ids::OrderItemId;
use crate::money::Currency;
use crate::sharing::share;

/// Hundredths of a percent in the whole.
const BASIS_POINTS: i128 = 10_000;

/// What becomes of the fraction of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Nothing: in the shop's favour.
    #[default]
    Floor,
    /// From a half on, a whole point.
    HalfUp,
    /// A whole point.
    Ceil,
}

/// What purchases earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarningPolicy {
    /// Hundredths of a percent of the money paid; 0: no points.
    pub rate_bps: u32,
    /// What becomes of the fraction of a point.
    pub rounding: Rounding,
    /// How long the points are valid.
    pub valid_for: Duration,
}

impl Default for EarningPolicy {
    /// One percent, rounded down, for a year.
    fn default() -> Self {
        Self {
            rate_bps: 100,
            rounding: Rounding::Floor,
            valid_for: Duration::days(365),
        }
    }
}

impl EarningPolicy {
    /// When points that are earned now expire.
    #[must_use]
    pub fn expiry(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(self.valid_for).unwrap_or(now)
    }

    /// What the lines of an order earn, each with the money that was paid for it in minor units: the rate
    /// times their sum, rounded once, and shared over the lines by their money. Nothing in another currency
    /// than the points'.
    #[must_use]
    pub fn earns(&self, currency: Currency, lines: &[(OrderItemId, i64)]) -> Vec<LinePoints> {
        if currency != CURRENCY {
            return vec![];
        }
        let weights: Vec<i64> = lines.iter().map(|(_, paid)| *paid).collect();
        let whole = self.of(weights.iter().copied().fold(0, i64::saturating_add));
        // Lines for which nothing was paid have nothing to share.
        let Ok(parts) = share(whole.get(), &weights) else {
            return vec![];
        };
        let lines = lines.iter().zip(parts);
        let lines = lines.filter_map(|((order_item_id, _), part)| {
            Some(LinePoints {
                order_item_id: *order_item_id,
                points: Points::new(part).ok()?,
            })
        });
        lines.collect()
    }

    /// The rate of an amount in minor units, as whole points.
    fn of(&self, paid: i64) -> Points {
        let exact = i128::from(paid.max(0)) * i128::from(self.rate_bps);
        let up = match self.rounding {
            Rounding::Floor => 0,
            Rounding::HalfUp => BASIS_POINTS / 2,
            Rounding::Ceil => BASIS_POINTS - 1,
        };
        let whole = i64::try_from((exact + up) / BASIS_POINTS);
        whole
            .ok()
            .and_then(|whole| Points::new(whole).ok())
            .unwrap_or(Points::MAX)
    }
}

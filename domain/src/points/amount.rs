//! How many points: never negative, never absurdly many, with checked arithmetic only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most points that one amount may hold: as many as the largest amount of money has minor units.
const POINTS_MAX: i64 = 9_999_999_999_999;

/// A count of points, from 0 to [`Points::MAX`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "i64", into = "i64")]
pub struct Points(i64);

/// Why a number is not a count of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("points are a whole number from 0 to {POINTS_MAX}")]
pub struct PointsRangeError;

impl Points {
    /// None.
    pub const ZERO: Self = Self(0);
    /// The most.
    pub const MAX: Self = Self(POINTS_MAX);

    /// So many points.
    ///
    /// # Errors
    /// Below zero, or more than [`Points::MAX`].
    pub fn new(points: i64) -> Result<Self, PointsRangeError> {
        if (0..=POINTS_MAX).contains(&points) {
            Ok(Self(points))
        } else {
            Err(PointsRangeError)
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// More than [`Points::MAX`].
    pub fn plus(self, other: Self) -> Result<Self, PointsRangeError> {
        // Neither is above POINTS_MAX, so an i64 holds their sum.
        Self::new(self.0 + other.0)
    }

    /// The difference.
    ///
    /// # Errors
    /// Below zero.
    pub fn minus(self, other: Self) -> Result<Self, PointsRangeError> {
        Self::new(self.0 - other.0)
    }

    /// The sum of several.
    ///
    /// # Errors
    /// More than [`Points::MAX`].
    pub fn sum(points: impl IntoIterator<Item = Self>) -> Result<Self, PointsRangeError> {
        points
            .into_iter()
            .try_fold(Self::ZERO, |sum, points| sum.plus(points))
    }

    /// What is left of these when `other` are gone: none when there are not so many.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }

    /// For folds, which are total: raised, at most to the bound.
    pub(super) fn raise(&mut self, by: Self) {
        self.0 = (self.0 + by.0).min(POINTS_MAX);
    }

    /// For folds, which are total: lowered, at most to nothing.
    pub(super) fn lower(&mut self, by: Self) {
        *self = self.less(by);
    }
}

impl TryFrom<i64> for Points {
    type Error = PointsRangeError;
    fn try_from(points: i64) -> Result<Self, PointsRangeError> {
        Self::new(points)
    }
}

impl From<Points> for i64 {
    fn from(points: Points) -> Self {
        points.0
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

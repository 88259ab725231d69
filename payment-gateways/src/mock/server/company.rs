//! The companies that the mock can be.

use serde::{Deserialize, Serialize};

/// A company.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Company {
    /// The one with the tokens: entries of before there were others are its.
    #[default]
    Mock,
    /// Toss Payments.
    Toss,
    /// NICE Payments.
    Nice,
}

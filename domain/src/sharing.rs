//! Sharing a whole number over weights, to the last unit: the largest-remainder rule (Hamilton's, in
//! apportionment).
//!
//! Each part is first the exact share rounded down; the units that are left go, one each, to the parts
//! that lost most by the rounding, and of two that lost the same to the earlier. So the parts sum to the
//! whole, none is a full unit away from its exact share, and the same input gives the same parts for ever.

use std::cmp::Reverse;

/// Why something cannot be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharingError {
    /// The whole or a weight is below zero.
    #[error("neither the whole nor a weight may be negative")]
    Negative,
    /// There is something to share, and no weight above zero to give it to.
    #[error("there is nobody to share {0} with")]
    NoWeights(i64),
}

/// The parts of `whole` by `weights`, in their order. Units are the caller's: minor units of money, or
/// points. A weight of zero gets nothing.
///
/// # Errors
/// A negative number; or a whole that is not zero when no weight is above zero.
pub fn share(whole: i64, weights: &[i64]) -> Result<Vec<i64>, SharingError> {
    if whole < 0 || weights.iter().any(|weight| *weight < 0) {
        return Err(SharingError::Negative);
    }
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return if whole == 0 {
            Ok(vec![0; weights.len()])
        } else {
            Err(SharingError::NoWeights(whole))
        };
    }
    // Both factors are below 2⁶³, so their product fits an i128; and a part is at most the whole.
    let exact = weights
        .iter()
        .map(|weight| i128::from(whole) * i128::from(*weight));
    let mut parts: Vec<i64> = exact
        .clone()
        .map(|exact| i64::try_from(exact / total).unwrap_or(whole))
        .collect();
    let left = whole - parts.iter().sum::<i64>();
    let mut losses: Vec<(Reverse<i128>, usize)> = exact
        .enumerate()
        .map(|(place, exact)| (Reverse(exact % total), place))
        .collect();
    losses.sort_unstable();
    let left = usize::try_from(left).unwrap_or(0);
    for (_, place) in losses.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;

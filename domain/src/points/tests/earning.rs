//! What purchases earn.

use proptest::prelude::*;

use crate::ids::OrderItemId;
use crate::money::Currency;
use crate::mothers::{at, line_points, order_item_id};
use crate::points::{EarningPolicy, Points, Rounding};

fn policy(rate_bps: u32, rounding: Rounding) -> EarningPolicy {
    EarningPolicy {
        rate_bps,
        rounding,
        ..EarningPolicy::default()
    }
}

/// Lines 1, 2, … for which so much was paid.
fn lines(paid: &[i64]) -> Vec<(OrderItemId, i64)> {
    let paid = (1..).zip(paid);
    paid.map(|(n, paid)| (order_item_id(n), *paid)).collect()
}

#[test]
fn a_fraction_of_a_point_is_rounded_as_configured() {
    for (paid, floor, half_up, ceil) in [
        (10_000, 100, 100, 100),
        (9_949, 99, 99, 100),
        (9_950, 99, 100, 100),
        (1, 0, 0, 1),
        (0, 0, 0, 0),
    ] {
        for (rounding, expected) in [
            (Rounding::Floor, floor),
            (Rounding::HalfUp, half_up),
            (Rounding::Ceil, ceil),
        ] {
            let earned = policy(100, rounding).earns(Currency::Krw, &lines(&[paid]));
            assert_eq!(earned, line_points(&[(1, expected)]), "{paid} {rounding:?}");
        }
    }
}

#[test]
fn the_points_of_an_order_are_shared_over_its_lines_by_what_was_paid_for_them() {
    let lines = lines(&[750, 2_250, 0]);
    let earned = policy(100, Rounding::Floor).earns(Currency::Krw, &lines);
    assert_eq!(earned, line_points(&[(1, 8), (2, 22), (3, 0)]));
}

#[test]
fn nothing_is_earned_at_no_rate_or_in_another_currency() {
    let none = policy(0, Rounding::Ceil).earns(Currency::Krw, &lines(&[9_999]));
    assert_eq!(none, line_points(&[(1, 0)]));
    let dollars = policy(100, Rounding::Ceil).earns(Currency::Usd, &lines(&[9_999]));
    assert_eq!(dollars, vec![]);
}

#[test]
fn points_are_valid_for_so_many_days() {
    let expiry = EarningPolicy::default().expiry(at(0));
    assert_eq!(expiry, at(365 * 24 * 60));
}

proptest! {
    #[test]
    fn the_lines_earn_just_the_rate_of_what_was_paid(
        paid in prop::collection::vec(0..1_000_000_i64, 1..8),
        rate_bps in 0..10_001_u32,
    ) {
        let whole: i64 = paid.iter().sum();
        let earned = policy(rate_bps, Rounding::Floor).earns(Currency::Krw, &lines(&paid));
        let sum = Points::sum(earned.iter().map(|line| line.points)).unwrap();
        prop_assert_eq!(sum.get(), whole * i64::from(rate_bps) / 10_000);
    }
}

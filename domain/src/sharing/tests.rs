//! The parts are the whole, and nobody is treated worse than the rule says.

use proptest::prelude::*;

use super::*;

#[test]
fn the_units_that_rounding_leaves_go_to_the_largest_remainders() {
    assert_eq!(share(10, &[1, 1, 1]), Ok(vec![4, 3, 3]));
    assert_eq!(share(11, &[1, 1, 1]), Ok(vec![4, 4, 3]));
    assert_eq!(share(100, &[1, 2, 4]), Ok(vec![14, 29, 57]));
    assert_eq!(share(1, &[1, 3, 3]), Ok(vec![0, 1, 0]));
}

#[test]
fn a_weight_of_zero_gets_nothing() {
    assert_eq!(share(5, &[0, 3, 0]), Ok(vec![0, 5, 0]));
    assert_eq!(share(0, &[0, 0]), Ok(vec![0, 0]));
    assert_eq!(share(0, &[]), Ok(vec![]));
}

#[test]
fn what_nobody_may_have_is_not_shared() {
    assert_eq!(share(1, &[0, 0]), Err(SharingError::NoWeights(1)));
    assert_eq!(share(1, &[]), Err(SharingError::NoWeights(1)));
    assert_eq!(share(-1, &[1]), Err(SharingError::Negative));
    assert_eq!(share(1, &[1, -1]), Err(SharingError::Negative));
}

#[test]
fn the_largest_numbers_are_shared_exactly() {
    let most = i64::MAX;
    assert_eq!(share(most, &[most, most]), Ok(vec![most / 2 + 1, most / 2]));
    assert_eq!(share(most, &[most]), Ok(vec![most]));
}

/// Small ones, where ties are frequent, and the largest that there are.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![0..10_i64, 0..100_000_i64, 0..=i64::MAX]
}

proptest! {
    #[test]
    fn the_parts_sum_to_the_whole_and_none_is_a_unit_off(
        whole in number(),
        weights in prop::collection::vec(number(), 1..20),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = share(whole, &weights).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        let sum: i128 = parts.iter().map(|part| i128::from(*part)).sum();
        prop_assert_eq!(sum, i128::from(whole));
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(whole) * i128::from(*weight);
            let floor = exact / total;
            let ceiling = floor + i128::from(exact % total != 0);
            prop_assert!((floor..=ceiling).contains(&i128::from(*part)));
        }
    }

    #[test]
    fn a_larger_weight_never_gets_less_nor_an_earlier_equal_one(
        whole in number(),
        weights in prop::collection::vec(0..5_i64, 1..20),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = share(whole, &weights).unwrap();
        for (later, (part, weight)) in parts.iter().zip(&weights).enumerate() {
            for (earlier_part, earlier_weight) in parts.iter().zip(&weights).take(later) {
                if earlier_weight >= weight {
                    prop_assert!(earlier_part >= part);
                } else {
                    prop_assert!(earlier_part <= part);
                }
            }
        }
    }
}

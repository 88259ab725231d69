//! Points: exact and bounded.

use crate::mothers::points;
use crate::points::{Points, PointsRangeError};

#[test]
fn points_are_neither_negative_nor_more_than_money_could_be() {
    assert_eq!(Points::new(-1), Err(PointsRangeError));
    assert_eq!(Points::new(i64::MIN), Err(PointsRangeError));
    assert_eq!(Points::new(Points::MAX.get() + 1), Err(PointsRangeError));
    assert_eq!(Points::new(9_999_999_999_999), Ok(Points::MAX));
    assert!(serde_json::from_str::<Points>("-1").is_err());
    assert_eq!(serde_json::to_string(&points(7)).unwrap(), "7");
}

#[test]
fn arithmetic_that_leaves_the_bounds_is_an_error() {
    assert_eq!(Points::MAX.plus(points(1)), Err(PointsRangeError));
    assert_eq!(points(1).minus(points(2)), Err(PointsRangeError));
    assert_eq!(points(2).minus(points(1)), Ok(points(1)));
    assert_eq!(Points::sum([points(2), points(3)]), Ok(points(5)));
    assert_eq!(Points::sum([Points::MAX; 3]), Err(PointsRangeError));
    assert_eq!(points(1).less(points(2)), Points::ZERO);
}

#[test]
fn a_fold_stays_within_the_bounds() {
    let mut most = Points::MAX;
    most.raise(points(1));
    assert_eq!(most, Points::MAX);
    let mut none = points(1);
    none.lower(points(2));
    assert_eq!(none, Points::ZERO);
}

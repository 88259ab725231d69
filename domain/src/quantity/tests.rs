//! Quantities within their bounds.

use proptest::prelude::*;

use super::*;

#[test]
fn a_quantity_is_at_least_one_and_never_absurd() {
    assert_eq!(Quantity::new(0), Err(QuantityError));
    assert_eq!(Quantity::new(Quantity::MAX + 1), Err(QuantityError));
    assert_eq!(Quantity::new(1).map(Quantity::get), Ok(1));
    assert_eq!(
        Quantity::new(Quantity::MAX).map(Quantity::get),
        Ok(1_000_000)
    );
}

#[test]
fn two_quantities_that_are_too_many_together_are_refused() {
    let most = Quantity::new(Quantity::MAX).unwrap();
    let one = Quantity::new(1).unwrap();
    assert_eq!(most.plus(one), Err(QuantityError));
    assert_eq!(one.plus(one).map(Quantity::get), Ok(2));
}

#[test]
fn a_quantity_out_of_bounds_does_not_parse() {
    for json in ["0", "-1", "1000001", "1.5", "\"1\"", "4294967297"] {
        assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
    }
    assert_eq!(
        serde_json::to_string(&Quantity::new(7).unwrap()).unwrap(),
        "7"
    );
}

proptest! {
    #[test]
    fn a_quantity_survives_json(pieces in 1..=Quantity::MAX) {
        let quantity = Quantity::new(pieces).unwrap();
        let json = serde_json::to_string(&quantity).unwrap();
        prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
        prop_assert_eq!(quantity.to_string(), pieces.to_string());
    }
}

//! Paying an order with a saved payment method.

use super::deeds::{TEA, pay, place};
use super::shop::Shop;
use crate::checkout::{RequestPayment, RetrySchedule};
use crate::mothers::{at, method_id, payment_id, user};
use crate::payment::{Payment, PaymentError};
use crate::payment_method::{
    DeletePaymentMethod, DeletionReason, MethodKind, PaymentMethodError, RegistrationAnswer,
    RequestPaymentMethod, SettleRegistration,
};

fn request(number: u32) -> RequestPaymentMethod {
    RequestPaymentMethod {
        user_id: user("ann"),
        method_id: method_id(number),
        gateway: "toss".to_owned(),
        auth_token: "auth".to_owned(),
    }
}

fn registered(number: u32) -> SettleRegistration {
    SettleRegistration {
        user_id: user("ann"),
        method_id: method_id(number),
        answer: RegistrationAnswer::Kept {
            kind: MethodKind::Card,
            card_company: None,
            card_last4: None,
        },
        now: at(0),
        attempts: RetrySchedule::default(),
    }
}

fn deleted(number: u32) -> DeletePaymentMethod {
    DeletePaymentMethod {
        user_id: user("ann"),
        method_id: method_id(number),
        reason: DeletionReason::Requested,
    }
}

/// Ann's order of this number, paid by her method of that one.
fn by_method(order: u32, method: u32) -> RequestPayment {
    RequestPayment {
        token: String::new(),
        method_id: Some(method_id(method)),
        ..pay(order, order, "ann")
    }
}

fn shop() -> Shop {
    let mut shop = Shop::open();
    shop.does(&request(1));
    shop.does(&registered(1));
    shop.does(&place(1, "ann", &[(TEA, 1)]));
    shop
}

#[test]
fn a_saved_method_is_charged_by_its_own_gateway_and_named_in_the_event() {
    let mut shop = shop();
    shop.does(&by_method(1, 1));
    let payment = shop.state::<Payment>(payment_id(1));
    let payment = payment.requested().unwrap();
    assert_eq!(payment.method_id, Some(method_id(1)));
    assert_eq!(
        (payment.gateway.as_str(), payment.token.as_str()),
        ("toss", "")
    );
}

#[test]
fn a_method_that_is_deleted_unknown_or_anothers_is_not_found() {
    let not_found = PaymentMethodError::NotFound.into();
    let mut shop = shop();
    assert_eq!(shop.refuses(&by_method(1, 2)), not_found);
    shop.does(&place(2, "bob", &[(TEA, 1)]));
    let bobs = RequestPayment {
        user_id: user("bob"),
        ..by_method(2, 1)
    };
    assert_eq!(shop.refuses(&bobs), not_found);
    shop.does(&deleted(1));
    assert_eq!(shop.refuses(&by_method(1, 1)), not_found);
}

#[test]
fn a_method_on_its_way_is_not_charged() {
    let mut shop = shop();
    shop.does(&request(2));
    let refused = shop.refuses(&by_method(1, 2));
    assert_eq!(refused, PaymentMethodError::NotActive.into());
}

#[test]
fn a_token_beside_a_method_is_refused() {
    let mut shop = shop();
    let both = RequestPayment {
        token: "tok_approve".to_owned(),
        ..by_method(1, 1)
    };
    let refused = shop.refuses(&both);
    let both = PaymentError::Invalid {
        field: "paymentMethodId",
        reason: "instead of a token, not beside it",
    };
    assert_eq!(refused, both.into());
}

//! Every refusal of the business as HTTP: one exhaustive match, so that a new one cannot be forgotten.

use actix_web::http::StatusCode;
use domain::checkout::CheckoutError;
use domain::coupon_pool::CouponPoolError;
use domain::inventory::InventoryError;
use domain::order::OrderError;
use domain::payment::PaymentError;
use domain::payment_method::PaymentMethodError;
use domain::points::PointsError;
use domain::product::ProductError;
use domain::{MoneyError, Quantity, Rejection};
use platform::{ApiError, Detail};

/// The field of an order or a payment that names a coupon.
const COUPON_CODE: &str = "couponCode";

/// The refusal as an error. Its code is the refusal's own.
pub(crate) fn to_error(rejection: &Rejection) -> ApiError {
    match rejection {
        Rejection::Order(error) => order(error),
        Rejection::Inventory(error) => inventory(error),
        Rejection::CouponPool(error) => coupon_pool(error),
        Rejection::Payment(error) => payment(error),
        Rejection::PaymentMethod(error) => payment_method(error),
        Rejection::Points(error) => points(error),
        Rejection::Product(error) => product(error),
        Rejection::Checkout(error) => checkout(error),
    }
}

fn order(error: &OrderError) -> ApiError {
    let code = error.code();
    match error {
        OrderError::NotFound => ApiError::not_found(code),
        OrderError::AlreadyPlaced => ApiError::conflict(code),
        OrderError::BadLines { max } => {
            invalid("items", "TOO_MANY", format!("1 to {max} products"))
        }
        OrderError::BadTotal(cause) => bad_total(cause),
        OrderError::NotPayable { .. }
        | OrderError::NotCancellable { .. }
        | OrderError::NotRefundable { .. }
        | OrderError::NothingLeft
        | OrderError::RefundTooLarge { .. }
        | OrderError::TooManyRefunds { .. }
        | OrderError::WrongStatus { .. } => ApiError::conflict(code).with_message(sentence(error)),
        OrderError::TooManyPieces { index, left } => {
            let item = detail(format!("items[{index}].quantity"), code);
            let item = item.with_message(format!("at most {left}"));
            ApiError::conflict(code).with_detail(item)
        }
        OrderError::BadRefund { field, reason } => invalid(field, "INVALID_VALUE", *reason),
        OrderError::TooManyPoints { payable } => {
            let message = format!("at most {}", payable.amount());
            invalid("points", "OUT_OF_RANGE", message)
        }
        OrderError::NoSuchRefund => ApiError::not_found(code),
        OrderError::AlreadyDiscounted => bad_request(code).with_detail(detail(COUPON_CODE, code)),
        OrderError::AlreadyCancelled => bad_request(code),
    }
}

fn bad_total(cause: &MoneyError) -> ApiError {
    let code = match cause {
        MoneyError::Negative | MoneyError::TooLarge => "OUT_OF_RANGE",
        MoneyError::CurrencyMismatch | MoneyError::UnknownCurrency => "INVALID_VALUE",
    };
    invalid("items", code, format!("the order's total: {cause}"))
}

fn inventory(error: &InventoryError) -> ApiError {
    let code = error.code();
    match error {
        InventoryError::InsufficientStock { .. } | InventoryError::BelowReserved { .. } => {
            ApiError::conflict(code).with_message(sentence(error))
        }
        InventoryError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
        InventoryError::TooMuchStock { .. } => {
            invalid("quantity", "OUT_OF_RANGE", error.to_string())
        }
        InventoryError::NoSuchReservation => ApiError::conflict(code),
    }
}

fn coupon_pool(error: &CouponPoolError) -> ApiError {
    let code = error.code();
    match error {
        CouponPoolError::NotFound => ApiError::not_found(code),
        CouponPoolError::AlreadyExists
        | CouponPoolError::SoldOut
        | CouponPoolError::AlreadyIssued
        | CouponPoolError::Closed => ApiError::conflict(code),
        CouponPoolError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
        // These name a coupon in a body: what is wrong is the request.
        CouponPoolError::CouponNotFound
        | CouponPoolError::AlreadyUsed
        | CouponPoolError::Expired
        | CouponPoolError::DoesNotFit(_) => {
            bad_request(code).with_detail(detail(COUPON_CODE, code))
        }
    }
}

fn payment(error: &PaymentError) -> ApiError {
    let code = error.code();
    match error {
        PaymentError::NotFound | PaymentError::NoSuchRefund => ApiError::not_found(code),
        PaymentError::AlreadyRequested => ApiError::conflict(code),
        PaymentError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
        PaymentError::AlreadySettled { .. }
        | PaymentError::NothingToRefund { .. }
        | PaymentError::RefundNeedsNoAccount
        | PaymentError::RefundNotRetryable
        | PaymentError::RefundTooLarge { .. } => {
            ApiError::conflict(code).with_message(sentence(error))
        }
    }
}

fn payment_method(error: &PaymentMethodError) -> ApiError {
    let code = error.code();
    match error {
        PaymentMethodError::NotFound => ApiError::not_found(code),
        PaymentMethodError::NotActive | PaymentMethodError::AlreadyExists => {
            ApiError::conflict(code)
        }
        PaymentMethodError::TooMany { .. } => {
            ApiError::conflict(code).with_message(sentence(error))
        }
        PaymentMethodError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
    }
}

fn points(error: &PointsError) -> ApiError {
    let code = error.code();
    match error {
        PointsError::Insufficient { .. }
        | PointsError::NotReturnable { .. }
        | PointsError::NotEarned { .. }
        | PointsError::TooScattered { .. } => {
            ApiError::conflict(code).with_message(sentence(error))
        }
        PointsError::AlreadyHeld
        | PointsError::NoSuchHold
        | PointsError::AlreadySpent
        | PointsError::LotExists
        | PointsError::OutOfRange(_) => ApiError::conflict(code),
        PointsError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
    }
}

fn product(error: &ProductError) -> ApiError {
    let code = error.code();
    match error {
        ProductError::NotFound => ApiError::not_found(code),
        ProductError::AlreadyExists | ProductError::NotOnSale => ApiError::conflict(code),
        ProductError::NeverOnSale => ApiError::conflict(code).with_message(sentence(error)),
        ProductError::Invalid { field, reason } => invalid(*field, "INVALID_VALUE", *reason),
        ProductError::Stale { .. } => {
            ApiError::new(StatusCode::PRECONDITION_FAILED, code).with_message(sentence(error))
        }
    }
}

fn checkout(error: &CheckoutError) -> ApiError {
    match error {
        CheckoutError::Item {
            index, rejection, ..
        } => {
            let inner = to_error(rejection);
            let item = detail(format!("items[{index}]"), inner.code());
            let item = item.with_message(sentence(rejection));
            ApiError::new(inner.status(), inner.code()).with_detail(item)
        }
        CheckoutError::TooMany { index, .. } => {
            let field = format!("items[{index}].quantity");
            let message = format!("the lines of one product together: 1 to {}", Quantity::MAX);
            invalid(field, "OUT_OF_RANGE", message)
        }
    }
}

fn bad_request(code: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, code)
}

fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::validation(vec![detail(field, code).with_message(message)])
}

fn detail(field: impl Into<String>, code: &'static str) -> Detail {
    Detail::new(field, code)
}

/// What the refusal says, as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use domain::order::OrderStatus;
    use domain::points::{Points, PointsRangeError};
    use domain::{OrderItemId, ProductId};
    use platform::Language;
    use uuid::Uuid;

    use super::*;

    fn status_of(rejection: impl Into<Rejection>) -> u16 {
        let rejection = rejection.into();
        let error = to_error(&rejection);
        assert_eq!(
            error.code(),
            rejection.code(),
            "the code is the refusal's own"
        );
        assert!(
            platform::errors::is_known(error.code()),
            "{} has messages",
            error.code()
        );
        error.status().as_u16()
    }

    #[test]
    fn refusals_have_the_statuses_of_the_contract() {
        assert_eq!(status_of(ProductError::NotFound), 404);
        assert_eq!(status_of(ProductError::NotOnSale), 409);
        assert_eq!(status_of(ProductError::Stale { current: 4 }), 412);
        assert_eq!(
            status_of(InventoryError::InsufficientStock {
                requested: 2,
                available: 1
            }),
            409
        );
        let (requested, spendable) = (Points::MAX, Points::ZERO);
        for refused in [
            PointsError::Insufficient {
                requested,
                spendable,
            },
            PointsError::AlreadyHeld,
            PointsError::NoSuchHold,
            PointsError::AlreadySpent,
            PointsError::NotReturnable {
                order_item_id: OrderItemId::new(Uuid::nil()),
                returnable: Points::ZERO,
            },
            PointsError::NotEarned {
                order_item_id: OrderItemId::new(Uuid::nil()),
                earned: Points::ZERO,
            },
            PointsError::TooScattered { max: 1 },
            PointsError::LotExists,
            PointsError::OutOfRange(PointsRangeError),
        ] {
            assert_eq!(status_of(refused), 409);
        }
        assert_eq!(status_of(PaymentMethodError::NotFound), 404);
        for refused in [
            PaymentMethodError::NotActive,
            PaymentMethodError::AlreadyExists,
            PaymentMethodError::TooMany { max: 20 },
        ] {
            assert_eq!(status_of(refused), 409);
        }
        assert_eq!(status_of(CouponPoolError::SoldOut), 409);
        assert_eq!(status_of(CouponPoolError::AlreadyIssued), 409);
        assert_eq!(status_of(CouponPoolError::Closed), 409);
        assert_eq!(status_of(CouponPoolError::AlreadyUsed), 400);
        assert_eq!(status_of(CouponPoolError::Expired), 400);
        assert_eq!(status_of(OrderError::AlreadyCancelled), 400);
        assert_eq!(
            status_of(OrderError::NotCancellable {
                status: OrderStatus::Shipped
            }),
            409
        );
        assert_eq!(
            status_of(OrderError::NotPayable {
                status: OrderStatus::Paid
            }),
            409
        );
        let left = domain::Money::zero(domain::Currency::Krw);
        assert_eq!(status_of(OrderError::RefundTooLarge { left }), 409);
        assert_eq!(status_of(PaymentError::RefundTooLarge { left }), 409);
        assert_eq!(status_of(PaymentError::RefundNeedsNoAccount), 409);
        assert_eq!(status_of(PaymentError::RefundNotRetryable), 409);
        assert_eq!(
            status_of(OrderError::TooManyPieces { index: 0, left: 1 }),
            409
        );
        assert_eq!(status_of(OrderError::TooManyRefunds { max: 100 }), 409);
        assert_eq!(status_of(OrderError::NothingLeft), 409);
        let status = OrderStatus::Pending;
        assert_eq!(status_of(OrderError::NotRefundable { status }), 409);
        assert_eq!(status_of(OrderError::BadTotal(MoneyError::TooLarge)), 400);
    }

    #[test]
    fn a_refused_item_is_named() {
        let inner = Rejection::from(ProductError::NotFound);
        let product_id = ProductId::new(Uuid::nil());
        let rejection = CheckoutError::Item {
            index: 3,
            product_id,
            rejection: Box::new(inner),
        };
        let error = to_error(&rejection.into());
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (404, "PRODUCT_NOT_FOUND")
        );
        assert_eq!(error.details()[0].field(), "items[3]");
        assert_eq!(error.details()[0].code(), "PRODUCT_NOT_FOUND");
    }

    #[test]
    fn an_english_message_says_what_the_refusal_says() {
        let error = to_error(
            &OrderError::NotPayable {
                status: OrderStatus::Paid,
            }
            .into(),
        );
        let message = error.body(Language::English, None).message;
        assert_eq!(message, "The order cannot be paid: it is PAID.");
        let korean = error.body(Language::Korean, None).message;
        assert_eq!(korean, "결제할 수 없는 상태의 주문입니다");
    }
}

//! The sagas: what follows from an event by itself, now or later.
//!
//! | saga | when | then | and if that fails |
//! | --- | --- | --- | --- |
//! | checkout | payment requested | gateway: confirm | declined: order cancelled; stock, coupon and points released |
//! | checkout | outcome unknown | gateway: inquire, on the schedule | asked again; a late success is refunded |
//! | checkout | failed, no record or no deposit | gateway: inquire once more, later | unanswered: as an unknown outcome; a late success is refunded |
//! | checkout | deposit awaited | gateway: inquire, now and then until the account closes | asked again; a late deposit is refunded |
//! | checkout | an account that outlives its order's wait | gateway: inquire once when it has closed | asked again; a late deposit is refunded |
//! | checkout | inquiry requested | gateway: inquire, out of turn | the schedule goes on |
//! | checkout | refund requested or delayed | gateway: refund, on the schedule | asked again under the same id; refused: under the next one |
//! | methods | payment method requested or delayed | gateway: issue a key, and keep it | refused or never answered: failed |
//! | methods | payment method deleted or its erasure delayed | gateway: delete the key, and wipe it | asked again, on the schedule |
//! | confirmation | order paid | confirm at its time, and earn points | cancelled meanwhile: nothing |
//! | expiry | order placed | cancel at its time, if unpaid | paid meanwhile, or a deposit awaited: nothing |
//! | expiry | deposit awaited | cancel the order after the account closed, if unpaid | paid meanwhile: nothing |
//! | expiry | coupon pool created | close at its end | nothing |
//! | expiry | points earned or given | let the lot expire at its end | nothing |
//!
//! All state is in the aggregates: a saga is a pure function of one event, so a repeated event makes
//! the same steps under the same ids, and a repeated step is answered, not executed.

use chrono::Duration;

use super::deposit;
use crate::coupon_pool::CouponPoolEvent;
use crate::ids::{CouponPoolId, LotId, OrderId, PaymentId};
use crate::order::OrderEvent;
use crate::payment::{DEPOSIT_EXPIRED, NO_RECORD, PaymentEvent};
use crate::payment_method;
use crate::points::PointsEvent;
use crate::recorded::{DomainEvent, Recorded};
use crate::saga::{Action, Due, GatewayRequest, Step};

/// How long after a payment was given up for lack of a record the gateway is asked one last time.
const LATE_CHECK_AFTER: Duration = Duration::minutes(10);

/// What follows from an event, by all sagas.
#[must_use]
pub fn react(recorded: &Recorded) -> Vec<Step> {
    let mut steps = checkout(recorded);
    steps.extend(confirmation(recorded));
    steps.extend(expiry(recorded));
    if let DomainEvent::PaymentMethod(event) = &recorded.event {
        steps.extend(payment_method::follow(&recorded.aggregate_id, event));
    }
    steps
}

/// Carries a payment to its end.
fn checkout(recorded: &Recorded) -> Vec<Step> {
    let DomainEvent::Payment(event) = &recorded.event else {
        return vec![];
    };
    let Ok(payment_id) = recorded.aggregate_id.parse::<PaymentId>() else {
        return vec![];
    };
    match event {
        PaymentEvent::PaymentRequested {
            order_id,
            amount,
            gateway,
            token,
            method_id,
            ..
        } => {
            if amount.is_zero() {
                return vec![];
            }
            let request = GatewayRequest {
                payment_id,
                order_id: *order_id,
                amount: *amount,
                gateway: gateway.clone(),
                token: token.clone(),
                method_id: *method_id,
            };
            vec![Step::new(
                "confirm-payment",
                Due::Now,
                Action::ConfirmPayment(request),
            )]
        }
        PaymentEvent::PaymentOutcomeUnknown {
            next_inquiry_at: Some(at),
            ..
        } => vec![Step::new(
            "inquire-payment",
            Due::At(*at),
            Action::InquirePayment { payment_id },
        )],
        PaymentEvent::PaymentDepositAwaited {
            next_inquiry_at,
            account,
            inquiries,
            ..
        } => {
            let look = Action::InquirePayment { payment_id };
            let mut steps = vec![Step::new(
                "inquire-deposit",
                Due::At(*next_inquiry_at),
                look.clone(),
            )];
            // Told once of an account is enough: it closes when it closes.
            let closed = deposit::last_look_at(account).filter(|_| *inquiries == 0);
            steps.extend(closed.map(|at| Step::new("inquire-closed", Due::At(at), look)));
            steps
        }
        PaymentEvent::PaymentInquiryRequested { due_at, .. } => vec![Step::new(
            "ask-about-payment",
            due_at.map_or(Due::Now, Due::At),
            Action::AskAboutPayment { payment_id },
        )],
        PaymentEvent::PaymentFailed { code, .. }
            if matches!(code.as_str(), NO_RECORD | DEPOSIT_EXPIRED) =>
        {
            vec![Step::new(
                "inquire-late",
                Due::At(recorded.occurred_at + LATE_CHECK_AFTER),
                Action::InquirePayment { payment_id },
            )]
        }
        PaymentEvent::PaymentRefundRequested {
            refund_id, amount, ..
        } => {
            if amount.is_zero() {
                return vec![];
            }
            let action = Action::RefundPayment {
                payment_id,
                refund_id: *refund_id,
            };
            vec![Step::new("refund-payment", Due::Now, action)]
        }
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            next_attempt_at: Some(at),
            ..
        } => {
            let action = Action::RefundPayment {
                payment_id,
                refund_id: *refund_id,
            };
            vec![Step::new("refund-payment", Due::At(*at), action)]
        }
        PaymentEvent::PaymentOutcomeUnknown {
            next_inquiry_at: None,
            ..
        }
        | PaymentEvent::PaymentRefundDelayed {
            next_attempt_at: None,
            ..
        }
        | PaymentEvent::PaymentSucceeded { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentMismatched { .. }
        | PaymentEvent::PaymentRefunded { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => vec![],
    }
}

/// Confirms a paid order when its time has come.
fn confirmation(recorded: &Recorded) -> Vec<Step> {
    let DomainEvent::Order(OrderEvent::OrderPaid {
        confirmation_due_at,
        ..
    }) = &recorded.event
    else {
        return vec![];
    };
    let Ok(order_id) = recorded.aggregate_id.parse::<OrderId>() else {
        return vec![];
    };
    let due = Due::At(*confirmation_due_at);
    vec![Step::new(
        "confirm-order",
        due,
        Action::ConfirmOrder { order_id },
    )]
}

/// Ends what has a time limit.
fn expiry(recorded: &Recorded) -> Vec<Step> {
    match &recorded.event {
        DomainEvent::Order(OrderEvent::OrderPlaced { payment_due_at, .. }) => {
            let Ok(order_id) = recorded.aggregate_id.parse::<OrderId>() else {
                return vec![];
            };
            let due = Due::At(*payment_due_at);
            vec![Step::new(
                "expire-order",
                due,
                Action::ExpireOrder { order_id },
            )]
        }
        DomainEvent::CouponPool(CouponPoolEvent::CouponPoolCreated { valid_until, .. }) => {
            let Ok(pool_id) = recorded.aggregate_id.parse::<CouponPoolId>() else {
                return vec![];
            };
            let due = Due::At(*valid_until);
            vec![Step::new(
                "close-coupon-pool",
                due,
                Action::CloseCouponPool { pool_id },
            )]
        }
        // The order's own timer passes while the account is open.
        DomainEvent::Payment(PaymentEvent::PaymentDepositAwaited {
            order_id, account, ..
        }) => {
            let due = Due::At(deposit::given_up_at(account));
            let order_id = *order_id;
            vec![Step::new(
                "expire-deposit",
                due,
                Action::ExpireOrder { order_id },
            )]
        }
        DomainEvent::Points(event) => points_expiry(&recorded.aggregate_id, event),
        DomainEvent::Order(_)
        | DomainEvent::Inventory(_)
        | DomainEvent::CouponPool(_)
        | DomainEvent::Payment(_)
        | DomainEvent::PaymentMethod(_)
        | DomainEvent::Product(_) => vec![],
    }
}

/// Lets a new lot of points expire when its time has come.
fn points_expiry(user_id: &str, event: &PointsEvent) -> Vec<Step> {
    let (lot_id, expires_at) = match event {
        PointsEvent::PointsEarned {
            lot_id, expires_at, ..
        } => (*lot_id, *expires_at),
        PointsEvent::PointsAdjusted {
            adjustment_id,
            expires_at: Some(expires_at),
            ..
        } => (LotId::new(adjustment_id.uuid()), *expires_at),
        PointsEvent::PointsAdjusted {
            expires_at: None, ..
        }
        | PointsEvent::PointsHeld { .. }
        | PointsEvent::PointsSpent { .. }
        | PointsEvent::PointsReleased { .. }
        | PointsEvent::PointsReturned { .. }
        | PointsEvent::PointsTakenBack { .. }
        | PointsEvent::PointsExpired { .. } => return vec![],
    };
    let Ok(user_id) = user_id.parse() else {
        return vec![];
    };
    let action = Action::ExpirePoints { user_id, lot_id };
    vec![Step::new("expire-points", Due::At(expires_at), action)]
}

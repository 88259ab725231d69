//! The sagas as a table: what follows from each event that there is, and under which id.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use uuid::Uuid;

use super::shop::name_of;
use crate::checkout::sagas::react;
use crate::golden::samples;
use crate::mothers::{
    at, krw, lot_id, method_id, order_id, payment_id, pool_id, product_id, refund_id, user,
};
use crate::payment::PaymentEvent;
use crate::recorded::{DomainEvent, Recorded};
use crate::saga::{Action, Due, GatewayRequest, Step};

/// Each event of the golden files that something follows from; from all others nothing follows. The
/// minute is that of the step; the events happen at minute 0.
const TABLE: &str = "
    OrderPlaced                            expire-order       15
    OrderPlaced.without-coupon             expire-order       15
    OrderPaid                              confirm-order      31
    CouponPoolCreated                      close-coupon-pool  60
    CouponPoolCreated.percent              close-coupon-pool  60
    CouponPoolCreated.percent-with-ceiling close-coupon-pool  60
    PaymentRequested                       confirm-payment    now
    PaymentRequested.by-method             confirm-payment    now
    PaymentOutcomeUnknown                  inquire-payment    1
    PaymentFailed.no-record                inquire-late       10
    PaymentFailed.no-deposit               inquire-late       10
    PaymentDepositAwaited                  inquire-deposit    10
    PaymentDepositAwaited                  expire-deposit     10100
    PaymentDepositAwaited.open-for-longer  inquire-deposit    10
    PaymentDepositAwaited.open-for-longer  inquire-closed     10085
    PaymentDepositAwaited.open-for-longer  expire-deposit     1460
    PaymentInquiryRequested                ask-about-payment  now
    PaymentInquiryRequested.operator       ask-about-payment  now
    PaymentInquiryRequested.put-off        ask-about-payment  10
    PaymentInquiryRequested.overtaken      ask-about-payment  now
    PaymentRefundRequested                 refund-payment     now
    PaymentRefundRequested.late-success    refund-payment     now
    PaymentRefundRequested.amount-mismatch refund-payment     now
    PaymentRefundRequested.requested       refund-payment     now
    PaymentRefundDelayed                   refund-payment     1
    PaymentRefundDelayed.refused           refund-payment     1
    PaymentMethodRequested                 register-method    now
    PaymentMethodRegistrationDelayed       register-method    1
    PaymentMethodDeleted                   erase-method       now
    PaymentMethodDeleted.by-gateway        erase-method       now
    PaymentMethodErasureDelayed            erase-method       1
    PointsEarned                           expire-points      525631
    PointsAdjusted                         expire-points      525600
";

fn recorded(event: DomainEvent) -> Recorded {
    let aggregate_id = match &event {
        DomainEvent::Order(_) => order_id(1).to_string(),
        DomainEvent::Payment(_) => payment_id(1).to_string(),
        DomainEvent::CouponPool(_) => pool_id(1).to_string(),
        DomainEvent::Points(_) | DomainEvent::PaymentMethod(_) => "ann".to_owned(),
        DomainEvent::Inventory(_) | DomainEvent::Product(_) => product_id(1).to_string(),
    };
    Recorded {
        position: 1,
        event_id: Uuid::from_u128(1),
        aggregate_id,
        sequence: 1,
        occurred_at: at(0),
        event,
    }
}

fn row(name: &str, step: &Step) -> String {
    let due = match step.due {
        Due::Now => "now".to_owned(),
        Due::At(moment) => (moment - at(0)).num_minutes().to_string(),
    };
    format!("{name} {} {due}\n", step.name)
}

#[test]
fn from_every_event_follows_what_the_table_says_and_nothing_else() {
    let mut found = BTreeSet::new();
    for sample in samples() {
        let mut name = name_of(&sample.event);
        if let Some(case) = sample.case {
            write!(name, ".{case}").unwrap();
        }
        found.extend(
            react(&recorded(sample.event))
                .iter()
                .map(|step| row(&name, step)),
        );
    }
    let rows = TABLE.lines().map(str::trim).filter(|line| !line.is_empty());
    let rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n");
    assert_eq!(found, rows.collect());
}

#[test]
fn the_steps_of_an_event_are_told_apart_by_their_names() {
    for sample in samples() {
        let steps = react(&recorded(sample.event));
        let names: BTreeSet<&str> = steps.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), steps.len());
    }
}

#[test]
fn an_event_read_twice_makes_the_same_steps_under_the_same_ids() {
    for sample in samples() {
        let once = recorded(sample.event);
        let twice = once.clone();
        assert_eq!(react(&once), react(&twice));
        for (a, b) in react(&once).iter().zip(react(&twice)) {
            assert_eq!(a.id(once.event_id), b.id(twice.event_id));
        }
    }
}

#[test]
fn a_step_has_another_id_for_another_event_and_for_another_name() {
    let step = |name| {
        let order_id = order_id(1);
        Step::new(name, Due::Now, Action::ConfirmOrder { order_id })
    };
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let ids = [step("a").id(one), step("a").id(two), step("b").id(one)];
    assert_eq!(BTreeSet::from(ids).len(), 3);
    assert_eq!(step("a").id(one), step("a").id(one));
}

#[test]
fn a_step_waits_as_json_and_is_itself_again() {
    let request = GatewayRequest {
        payment_id: payment_id(1),
        order_id: order_id(1),
        amount: krw(1_500),
        gateway: "mock".to_owned(),
        token: "tok_approve".to_owned(),
        method_id: None,
    };
    let (payment_id, refund_id) = (payment_id(1), refund_id(1));
    let actions = [
        Action::ConfirmPayment(request),
        Action::InquirePayment { payment_id },
        Action::AskAboutPayment { payment_id },
        Action::RefundPayment {
            payment_id,
            refund_id,
        },
        Action::ConfirmOrder {
            order_id: order_id(1),
        },
        Action::ExpireOrder {
            order_id: order_id(1),
        },
        Action::CloseCouponPool {
            pool_id: pool_id(1),
        },
        Action::ExpirePoints {
            user_id: user("ann"),
            lot_id: lot_id(1),
        },
        Action::RegisterMethod {
            user_id: user("ann"),
            method_id: method_id(1),
        },
        Action::EraseMethod {
            user_id: user("ann"),
            method_id: method_id(1),
        },
    ];
    let mut tags = Vec::new();
    for action in actions {
        let json = serde_json::to_value(&action).unwrap();
        tags.push(json["action"].as_str().unwrap().to_owned());
        assert_eq!(serde_json::from_value::<Action>(json).unwrap(), action);
    }
    // Waiting steps are stored: these names are a storage format too.
    let stored = [
        "confirm-payment",
        "inquire-payment",
        "ask-about-payment",
        "refund-payment",
        "confirm-order",
        "expire-order",
        "close-coupon-pool",
        "expire-points",
        "register-method",
        "erase-method",
    ];
    assert_eq!(tags, stored);
}

#[test]
fn the_gateway_is_asked_for_just_what_the_payment_says() {
    let requested = PaymentEvent::PaymentRequested {
        order_id: order_id(7),
        user_id: user("ann"),
        amount: krw(1_500),
        gateway: "toss".to_owned(),
        token: "tok".to_owned(),
        method_id: None,
    };
    let steps = react(&recorded(DomainEvent::Payment(requested)));
    let request = GatewayRequest {
        payment_id: payment_id(1),
        order_id: order_id(7),
        amount: krw(1_500),
        gateway: "toss".to_owned(),
        token: "tok".to_owned(),
        method_id: None,
    };
    let action = Action::ConfirmPayment(request);
    assert_eq!(steps, [Step::new("confirm-payment", Due::Now, action)]);
}

#[test]
fn no_gateway_is_asked_for_nothing_nor_to_give_nothing_back() {
    use crate::payment::RefundReason::OrderCancelled;
    let (order_id, amount) = (order_id(1), krw(0));
    let events = [
        PaymentEvent::PaymentRequested {
            order_id,
            user_id: user("ann"),
            amount,
            gateway: "mock".to_owned(),
            token: "free".to_owned(),
            method_id: None,
        },
        PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id: refund_id(1),
            amount,
            reason: OrderCancelled,
        },
    ];
    for event in events {
        assert_eq!(react(&recorded(DomainEvent::Payment(event))), []);
    }
}

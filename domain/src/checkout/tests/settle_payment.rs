//! What the gateway says, over everything that the order may have become meanwhile.

use std::fmt::Write as _;

use super::deeds::{CUP, FIXED, FREE, TEA};
use super::deeds::{
    account, approved, by, cancel, charged, confirm, declined, expire, pay, place, refunded,
    settle, unknown,
};
use super::shop::Shop;
use crate::checkout::{GatewayAnswer, RefundAnswer, SettlePayment};
use crate::coupon_pool::CouponState;
use crate::mothers::{at, krw, order_id, usd};
use crate::order::OrderStatus;
use crate::payment::{NO_RECORD, PaymentError, PaymentStatus, RefundReason, ReviewReason};
use crate::spec::{Cell, cells};

/// What each answer does in each situation. In all of them order 1 is of two teas with a coupon, 1 500
/// won, and payment 1 was asked for.
const TABLE: &str = "
    paid = PaymentSucceeded+OrderPaid+StockDeducted+CouponUsed
    failed = PaymentFailed+OrderCancelled+StockReleased+CouponReleased
    wrong = PaymentMismatched+PaymentRefundRequested+OrderCancelled+StockReleased+CouponReleased
    late = PaymentSucceeded+PaymentRefundRequested
    latewrong = PaymentMismatched+PaymentRefundRequested
    Failed = PaymentFailed
    asked = PaymentOutcomeUnknown
    settled = PAYMENT_ALREADY_SETTLED
    review = PaymentReviewRequired
    doubted = PaymentReviewRequired+PaymentOutcomeUnknown
    account = PaymentDepositAwaited

                         approved  approved-less  approved-twice  declined  no-record  unknown  account  account-less  undone    mixed-up
    waiting              paid      wrong          paid            failed    asked      asked    account  doubted       doubted   doubted
    unknown              paid      wrong          paid            failed    asked      asked    account  doubted       doubted   doubted
    unheard-of           paid      wrong          paid            failed    failed     asked    account  doubted       doubted   doubted
    unheard-of-before    paid      wrong          paid            failed    asked      asked    account  doubted       doubted   doubted
    account              paid      wrong          paid            failed    asked      asked    account  doubted       doubted   doubted
    account-unknown      paid      wrong          paid            failed    asked      asked    account  doubted       doubted   doubted
    account-cancelled    late      latewrong      late            Failed    asked      asked    account  doubted       doubted   doubted
    account-paid         -         review         review          review    -          -        review   review        review    review
    cancelled            late      latewrong      late            Failed    asked      asked    account  doubted       doubted   doubted
    cancelled-unheard    late      latewrong      late            Failed    Failed     asked    account  doubted       doubted   doubted
    expired              late      latewrong      late            Failed    asked      asked    account  doubted       doubted   doubted
    declined             late      latewrong      late            -         -          -        -        review        review    review
    given-up             late      latewrong      late            -         -          asked    account  doubted       doubted   doubted
    given-up-unknown     late      latewrong      late            Failed    asked      asked    account  doubted       doubted   doubted
    paid                 -         review         review          review    -          -        review   review        review    review
    confirmed            -         review         review          review    -          -        review   review        review    review
    paid-cancelled       -         review         review          review    -          -        review   review        -         review
    paid-refunded        -         review         review          settled   -          -        review   review        -         review
    late                 -         review         review          review    -          -        review   review        -         review
    late-refunded        -         review         review          settled   -          -        review   review        -         review
    mischarged           review    -              review          -         -          -        review   review        review    review
    mischarged-refunded  review    -              review          settled   -          -        review   review        review    review
";

/// A shop in this situation.
fn shop(situation: &str) -> Shop {
    let mut shop = Shop::with_a_payment_under_way();
    let steps: &[&str] = match situation {
        "waiting" => &[],
        "unknown" => &["unknown"],
        "unheard-of" => &["no-record"],
        "unheard-of-before" => &["no-record", "unknown"],
        "account" => &["account"],
        "account-unknown" => &["account", "unknown"],
        "account-cancelled" => &["account", "cancel"],
        "account-paid" => &["account", "approved"],
        "cancelled" => &["cancel"],
        "cancelled-unheard" => &["cancel", "no-record"],
        "expired" => &["expire"],
        "declined" => &["declined"],
        "given-up" => &["no-record", "no-record"],
        "given-up-unknown" => &["no-record", "no-record", "unknown"],
        "paid" => &["approved"],
        "confirmed" => &["approved", "confirm"],
        "paid-cancelled" => &["approved", "cancel"],
        "paid-refunded" => &["approved", "cancel", "refunded"],
        "late" => &["cancel", "approved"],
        "late-refunded" => &["cancel", "approved", "refunded"],
        "mischarged" => &["approved-less"],
        "mischarged-refunded" => &["approved-less", "refunded"],
        other => panic!("no situation {other}"),
    };
    for step in steps {
        match *step {
            "cancel" => shop.does(&cancel(1, by("ann"))),
            "expire" => shop.does(&expire(1, 15)),
            "confirm" => shop.does(&confirm(1)),
            "refunded" => shop.does(&refunded(1, RefundAnswer::Done)),
            said => shop.does(&settle(1, answer(said))),
        };
        assert!(!shop.last().is_empty(), "{situation}: {step}");
    }
    shop
}

fn answer(name: &str) -> GatewayAnswer {
    match name {
        "approved" => approved(1_500),
        "approved-less" => approved(1_499),
        "approved-twice" => charged(krw(1_500), "gw-2"),
        "declined" => declined(),
        "no-record" => GatewayAnswer::NoRecord,
        "account" => account(1_500),
        "account-less" => account(1_499),
        "undone" => GatewayAnswer::GivenBack {
            gateway_transaction_id: "gw-1".to_owned(),
            charged: krw(1_500),
            left: krw(500),
        },
        "mixed-up" => GatewayAnswer::Doubtful {
            review: ReviewReason::AnswerMismatched,
            reason: "MISMATCHED_ANSWER".to_owned(),
        },
        "unknown" => unknown(),
        other => panic!("no answer {other}"),
    }
}

#[test]
fn every_answer_in_every_situation_does_what_the_table_says() {
    let mut wrong = String::new();
    for Cell { row, column, text } in cells(TABLE) {
        let mut shop = shop(row);
        let outcome = shop.attempt(&settle(1, answer(column)));
        let cell = match &outcome {
            Ok(_) if shop.last().is_empty() => "-".to_owned(),
            Ok(_) => shop.last().join("+"),
            Err(rejection) => rejection.code().to_owned(),
        };
        if cell != text {
            writeln!(wrong, "{row} × {column}: {cell}, not {text}").unwrap();
        }
        shop.check_memory();
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_answer_that_is_told_again_changes_nothing() {
    for Cell { row, column, .. } in cells(TABLE) {
        // Every unanswered inquiry counts: their repeats are told apart by the command's id.
        if matches!(
            column,
            "unknown" | "no-record" | "account" | "account-less" | "undone" | "mixed-up"
        ) {
            continue;
        }
        let mut shop = shop(row);
        let first = shop.attempt(&settle(1, answer(column)));
        let events = shop.log.events.len();
        let again = shop.attempt(&settle(1, answer(column)));
        assert_eq!(shop.log.events.len(), events, "{row} × {column}");
        assert_eq!(again, first, "{row} × {column}");
    }
}

#[test]
fn an_answer_from_a_cold_memory_does_the_same() {
    for Cell { row, column, .. } in cells(TABLE) {
        let (mut warm, mut cold) = (shop(row), shop(row));
        cold.forget();
        let (warmly, coldly) = (
            warm.attempt(&settle(1, answer(column))),
            cold.attempt(&settle(1, answer(column))),
        );
        assert_eq!(coldly, warmly, "{row} × {column}");
        assert_eq!(cold.log, warm.log, "{row} × {column}");
    }
}

#[test]
fn a_success_pays_the_order_takes_the_stock_and_uses_the_coupon() {
    let mut shop = shop("waiting");
    let reply = shop.does(&settle(1, approved(1_500)));
    assert_eq!(reply["status"], "SUCCEEDED");
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
    assert_eq!(shop.stock(TEA), (8, 0, 8));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Used(order_id(1)));
}

#[test]
fn a_refusal_cancels_the_order_and_frees_what_it_held() {
    let mut shop = shop("waiting");
    let reply = shop.does(&settle(1, declined()));
    assert_eq!(reply["status"], "FAILED");
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
    assert_eq!(
        shop.payment(1).failure_code.as_deref(),
        Some("CARD_DECLINED")
    );
}

#[test]
fn a_late_success_after_a_timeout_is_refunded() {
    let mut shop = shop("expired");
    shop.does(&settle(1, approved(1_500)));
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
    let refund = shop.payment(1).refunds.remove(0);
    assert_eq!(
        (refund.amount, refund.reason),
        (krw(1_500), RefundReason::LateSuccess)
    );
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    shop.does(&refunded(1, RefundAnswer::Done));
    assert_eq!(shop.payment(1).status, PaymentStatus::Refunded);
}

#[test]
fn an_order_cancelled_while_its_payment_is_under_way_is_refunded_when_that_succeeds() {
    let mut shop = shop("cancelled");
    assert_eq!(shop.payment(1).status, PaymentStatus::Pending);
    shop.does(&settle(1, approved(1_500)));
    assert_eq!(
        shop.payment(1).refunds.remove(0).reason,
        RefundReason::LateSuccess
    );
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
}

#[test]
fn a_charge_of_the_wrong_amount_goes_back_as_it_was_charged() {
    for wrong in [krw(1), krw(1_501), usd(1_500)] {
        let mut shop = shop("waiting");
        let reply = shop.does(&settle(1, charged(wrong, "gw-1")));
        assert_eq!(reply["status"], "FAILED");
        assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
        let refund = shop.payment(1).refunds.remove(0);
        assert_eq!(
            (refund.amount, refund.reason),
            (wrong, RefundReason::AmountMismatch)
        );
    }
}

#[test]
fn no_record_is_believed_only_the_second_time_running() {
    let mut shop = shop("unheard-of");
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    shop.does(&settle(1, unknown()));
    shop.does(&settle(1, GatewayAnswer::NoRecord));
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    shop.does(&settle(1, GatewayAnswer::NoRecord));
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
    assert_eq!(shop.payment(1).status, PaymentStatus::Failed);
}

/// The gateway was away for the whole schedule and came back for its last question: nobody asked again, and
/// the payment stayed unknown for ever.
#[test]
fn no_record_at_the_end_of_the_schedule_is_believed_at_once() {
    let mut shop = shop("waiting");
    for _ in 0..12 {
        shop.does(&settle(1, unknown()));
    }
    assert!(shop.payment(1).next_inquiry_at.is_some());
    shop.does(&settle(1, GatewayAnswer::NoRecord));
    // Believed, it is asked once more by the saga, ten minutes later.
    assert_eq!(shop.payment(1).failure_code.as_deref(), Some(NO_RECORD));
    assert_eq!(shop.payment(1).status, PaymentStatus::Failed);
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
    // That one is not answered: it is asked again, on the schedule from its start, until it is known.
    shop.does(&settle(1, unknown()));
    assert_eq!(shop.payment(1).status, PaymentStatus::Unknown);
    assert_eq!(shop.payment(1).inquiries, 1);
    assert!(shop.payment(1).next_inquiry_at.is_some());
}

#[test]
fn an_unknown_outcome_is_asked_again_on_the_schedule_until_it_is_over() {
    let mut shop = shop("waiting");
    let mut waits = Vec::new();
    for _ in 0..13 {
        shop.does(&settle(1, unknown()));
        let next = shop.payment(1).next_inquiry_at;
        waits.push(next.map(|next| (next - at(2)).num_seconds()));
    }
    let mut expected: Vec<Option<i64>> = [5, 30, 120, 600, 3_600].map(Some).to_vec();
    expected.extend([Some(86_400); 7]);
    expected.push(None);
    assert_eq!(waits, expected);
    assert_eq!(shop.payment(1).status, PaymentStatus::Unknown);
}

#[test]
fn money_that_was_captured_is_never_forgotten_by_a_later_refusal() {
    let mut shop = shop("paid");
    shop.does(&settle(1, declined()));
    assert_eq!(shop.last(), ["PaymentReviewRequired"]);
    let payment = shop.payment(1);
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(payment.review, Some(ReviewReason::ChargeDenied));
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

#[test]
fn an_answer_about_no_payment_is_refused() {
    for name in ["approved", "declined", "no-record", "unknown"] {
        let refused = Shop::open().refuses(&settle(99, answer(name)));
        assert_eq!(refused, PaymentError::NotFound.into(), "{name}");
    }
}

/// Each inventory was asked for alone, a round trip a line.
#[test]
fn the_stock_of_a_cold_order_of_many_lines_is_read_at_once() {
    let mut shop = Shop::open();
    let products: Vec<u32> = (100..150).collect();
    for product in &products {
        shop.sells(*product, krw(10), &[("seoul", 1)]);
    }
    let items: Vec<(u32, u32)> = products.iter().map(|product| (*product, 1)).collect();
    shop.does(&place(1, "ann", &items));
    shop.does(&pay(1, 1, "ann"));
    shop.forget();
    let loads = shop.loads;
    shop.does(&settle(1, approved(500)));
    // The payment, the order, and all that it holds.
    assert_eq!(shop.loads - loads, 3);
}

#[test]
fn one_payment_settles_one_order_and_leaves_its_neighbours_alone() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 2), (CUP, 1)]));
    shop.does(&place(2, "bob", &[(TEA, 3)]));
    shop.does(&pay(1, 1, "ann"));
    shop.does(&pay(2, 2, "bob"));
    shop.does(&settle(2, charged(krw(3_000), "gw-2")));
    shop.does(&settle(1, declined()));
    assert_eq!(shop.stock(TEA), (7, 0, 7));
    assert_eq!(shop.stock(CUP), (8, 0, 8));
    assert_eq!(shop.order(2).status, OrderStatus::Paid);
}

#[test]
fn a_coupon_held_before_its_pool_ended_is_still_used() {
    use crate::coupon_pool::CloseCouponPool;
    let mut shop = shop("waiting");
    shop.does(&CloseCouponPool {
        pool_id: crate::mothers::pool_id(FIXED),
        now: at(60),
    });
    shop.does(&settle(1, approved(1_500)));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Used(order_id(1)));
    // One that was given nothing more is past its use.
    let free = shop.gives(FREE, "ann");
    let late = crate::checkout::PlaceOrder {
        coupon: Some(free),
        now: at(60),
        ..place(2, "ann", &[(TEA, 1)])
    };
    assert_eq!(shop.refuses(&late).code(), "COUPON_EXPIRED");
}

/// What an inquiry out of turn leaves open was going to be asked for anyhow: two forged notices in a row must
/// not make a charge that is on its way count as never made.
#[test]
fn what_is_asked_out_of_turn_settles_a_payment_or_counts_for_nothing() {
    for situation in ["waiting", "unknown", "unheard-of", "account"] {
        for name in ["no-record", "unknown", "account", "approved", "declined"] {
            let mut shop = shop(situation);
            let out_of_turn = SettlePayment {
                out_of_turn: true,
                ..settle(1, answer(name))
            };
            for _ in 0..3 {
                shop.does(&out_of_turn);
            }
            let status = shop.payment(1).status;
            match name {
                "approved" => assert_eq!(status, PaymentStatus::Succeeded, "{situation}"),
                "declined" => assert_eq!(status, PaymentStatus::Failed, "{situation}"),
                "account" => assert_eq!(status, PaymentStatus::Pending, "{situation}"),
                _ => assert_eq!(shop.payment(1), self::shop(situation).payment(1)),
            }
        }
    }
}

#[test]
fn nobody_else_asks_once_the_schedule_is_over_so_what_an_operator_hears_counts() {
    let mut shop = Shop::with_a_payment_under_way();
    for _ in 0..13 {
        shop.does(&settle(1, unknown()));
    }
    assert_eq!(shop.payment(1).next_inquiry_at, None);
    shop.does(&SettlePayment {
        out_of_turn: true,
        ..settle(1, GatewayAnswer::NoRecord)
    });
    assert_eq!(shop.payment(1).status, PaymentStatus::Failed);
}

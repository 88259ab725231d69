//! What goes back, and how often it is tried.

use super::*;

#[test]
fn what_goes_back_is_what_was_captured_not_what_was_asked_for() {
    let given = stage("mismatched");
    let (reason, refund_id) = (RefundReason::AmountMismatch, refund_id(1));
    let (order_id, amount) = (order_id(1), krw(1_999));
    let given = given.when(refund(reason));
    let given = given.then(vec![PaymentEvent::PaymentRefundRequested {
        order_id,
        refund_id,
        amount,
        reason,
    }]);
    given
        .when(command("complete"))
        .then(vec![PaymentEvent::PaymentRefunded {
            order_id,
            user_id: user("ann"),
            refund_id,
            amount,
            reason,
            others_remain: false,
        }]);
}

#[test]
fn nothing_is_given_back_of_nothing_and_no_gateway_is_asked() {
    let free = [request(krw(0), "free"), succeed(krw(0), "free")];
    let (reason, refund_id) = (RefundReason::OrderCancelled, refund_id(1));
    let (order_id, amount) = (order_id(1), krw(0));
    let given = given::<Payment>(history::<Payment>(free)).when(refund(reason));
    let given = given.then(vec![
        PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        },
        PaymentEvent::PaymentRefunded {
            order_id,
            user_id: user("ann"),
            refund_id,
            amount,
            reason,
            others_remain: false,
        },
    ]);
    assert_eq!(status(&given), PaymentStatus::Cancelled);
}

#[test]
fn a_refund_that_is_delayed_stays_asked_for_and_counts_its_attempts() {
    let delayed = |attempts| PaymentEvent::PaymentRefundDelayed {
        refund_id: refund_id(1),
        reason: "timeout".to_owned(),
        attempts,
        next_attempt_at: Some(at(2)),
        refused: false,
    };
    let given = stage("refunding").when(delay(1)).then(vec![delayed(1)]);
    let given = given.when(delay(1)).then(vec![delayed(2)]);
    let refund = given
        .state()
        .requested()
        .unwrap()
        .refund(refund_id(1))
        .unwrap();
    assert_eq!((refund.attempts, refund.amount), (2, krw(2_000)));
    assert_eq!(refund.next_attempt_at, Some(at(2)));
}

#[test]
fn there_is_nothing_to_refund_twice() {
    let given = stage("cancelled").when(command("refund-2"));
    let status = PaymentStatus::Cancelled;
    given.then_refused(PaymentError::NothingToRefund { status });
}

/// Hyperswitch, issue 13182: two refunds of 60 on a charge of 100 both succeeded.
#[test]
fn of_two_refunds_of_sixty_on_a_hundred_one_succeeds_also_while_neither_is_done() {
    let sixty = |number| give_back(number, Some(krw(60)), RefundReason::Requested);
    let charged = [request(krw(100), "tok_approve"), succeed(krw(100), "gw-1")];
    let given = given::<Payment>(history::<Payment>(charged)).when(sixty(1));
    let given = given.then(vec![PaymentEvent::PaymentRefundRequested {
        order_id: order_id(1),
        refund_id: refund_id(1),
        amount: krw(60),
        reason: RefundReason::Requested,
    }]);
    assert_eq!(given.state().requested().unwrap().left(), krw(40));
    let refused = given.when(sixty(2));
    refused.then_refused(PaymentError::RefundTooLarge { left: krw(40) });
}

#[test]
fn a_refund_in_another_currency_is_more_than_is_left() {
    let dollars = give_back(1, Some(crate::mothers::usd(1)), RefundReason::Requested);
    let left = krw(2_000);
    stage("succeeded")
        .when(dollars)
        .then_refused(PaymentError::RefundTooLarge { left });
}

#[test]
fn what_is_asked_for_after_a_part_is_the_rest() {
    let given = stage("parted");
    assert_eq!(given.state().requested().unwrap().left(), krw(1_400));
    let given = stage("rest-refunding");
    let payment = given.state().requested().unwrap();
    assert_eq!(payment.refund(refund_id(1)).unwrap().amount, krw(1_400));
    assert!(payment.left().is_zero());
    assert_eq!(payment.pending_refunds().count(), 1);
}

/// Each refusal is the gateway's last word on the key that it was given, and by the schedule's end it may have
/// forgotten the key.
#[test]
fn a_refusal_and_a_retry_ask_for_another_key_and_silence_does_not() {
    let key_round = |given: &Given<Payment>| {
        let payment = given.state().requested().unwrap();
        payment.refund(refund_id(1)).unwrap().key_round
    };
    let refused = PaymentCommand::DelayRefund {
        refund_id: refund_id(1),
        reason: "REFUSED_NOT_CANCELABLE_PAYMENT".to_owned(),
        refused: true,
        next_attempt_at: None,
    };
    let mut commands = vec![command("request"), command("succeed"), command("refund")];
    commands.extend([refused.clone(), delay(1)]);
    assert_eq!(key_round(&given(history::<Payment>(commands.clone()))), 1);
    commands.extend([refused, command("retry")]);
    let begun_anew = given(history::<Payment>(commands));
    assert_eq!(key_round(&begun_anew), 3);
}

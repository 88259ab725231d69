//! The payment's rules, by example and as a table over all stages and commands.

mod notices;
mod refunds;

use chrono::{DateTime, Duration, Utc};

use super::*;
use crate::decider::Decider as _;
use crate::money::Money;
use crate::mothers::{at, krw, order_id, refund_id, user};
use crate::spec::{Given, Table, given, history};

const TABLE: Table<Payment> = Table {
    stages: &[
        ("(none)", ""),
        ("pending", "request"),
        ("unknown", "request unknown"),
        ("unheard-of", "request no-record"),
        ("failed", "request fail"),
        ("given-up", "request no-record give-up"),
        ("reopened", "request no-record give-up unknown"),
        ("succeeded", "request succeed"),
        ("late", "request fail succeed"),
        ("refunding", "request succeed refund"),
        ("delayed", "request succeed refund delay"),
        ("refused", "request succeed refund refuse"),
        ("cancelled", "request succeed refund complete"),
        ("late-refunded", "request fail succeed refund-late complete"),
        ("mismatched", "request mischarge"),
        ("mismatch-refunding", "request mischarge refund-mismatch"),
        ("mismatch-refunded", "request mischarge refund-mismatch complete"),
        ("parting", "request succeed part"),
        ("parted", "request succeed part complete-part"),
        ("rest-refunding", "request succeed part complete-part refund"),
        ("rest-refunded", "request succeed part complete-part refund complete"),
        ("over", "request succeed refund delay-for-good"),
        ("awaited", "request await"),
        ("expired", "request await expire"),
        ("deposited", "request await succeed"),
        ("deposit-refunding", "request await succeed refund"),
        ("deposit-refunded", "request await succeed refund complete"),
        ("noticed", "request notice"),
        ("in-review", "request succeed review"),
    ],
    command,
    additive: &["notice", "unknown", "delay", "await", "ask"],
    cells: "
    none = PAYMENT_NOT_FOUND
    exists = PAYMENT_ALREADY_EXISTS
    settled = PAYMENT_ALREADY_SETTLED
    nothing = NOTHING_TO_REFUND
    norefund = REFUND_NOT_FOUND
    toolarge = REFUND_EXCEEDS_BALANCE
    notover = REFUND_NOT_RETRYABLE
    noaccount = REFUND_NEEDS_NO_ACCOUNT
    Requested = PaymentRequested
    Succeeded = PaymentSucceeded
    Wrong = PaymentMismatched
    Failed = PaymentFailed
    Unknown = PaymentOutcomeUnknown
    Refunding = PaymentRefundRequested
    Delayed = PaymentRefundDelayed
    Refunded = PaymentRefunded
    Awaited = PaymentDepositAwaited
    Asked = PaymentInquiryRequested
    Review = PaymentReviewRequired

                        request    request-2  succeed    recharge   mischarge  fail     unknown  refund     refund-2   part       complete  complete-2  delay     delay-2   retry     await    notice  ask    review  account
    (none)              Requested  Requested  none       none       none       none     none     none       none       none       none      none        none      none      none      none     none    none   none    none
    pending             -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    unknown             -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    unheard-of          -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    failed              -          exists     Succeeded  Succeeded  Wrong      -        -        nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  -        Asked   Asked  Review  norefund
    given-up            -          exists     Succeeded  Succeeded  Wrong      -        Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    reopened            -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    succeeded           -          exists     -          settled    -          settled  -        Refunding  Refunding  Refunding  norefund  norefund    norefund  norefund  norefund  -        -       Asked  Review  norefund
    late                -          exists     -          settled    -          settled  -        Refunding  Refunding  Refunding  norefund  norefund    norefund  norefund  norefund  -        -       Asked  Review  norefund
    refunding           -          exists     -          settled    -          settled  -        -          -          toolarge   Refunded  norefund    Delayed   norefund  notover   -        -       Asked  Review  noaccount
    delayed             -          exists     -          settled    -          settled  -        -          -          toolarge   Refunded  norefund    Delayed   norefund  notover   -        -       Asked  Review  noaccount
    refused             -          exists     -          settled    -          settled  -        -          -          toolarge   Refunded  norefund    Delayed   norefund  notover   -        -       Asked  Review  Delayed
    cancelled           -          exists     -          settled    -          settled  -        -          nothing    toolarge   -         norefund    -         norefund  notover   -        -       Asked  Review  noaccount
    late-refunded       -          exists     -          settled    -          settled  -        -          nothing    toolarge   -         norefund    -         norefund  notover   -        -       Asked  Review  noaccount
    mismatched          -          exists     -          settled    -          -        -        Refunding  Refunding  Refunding  norefund  norefund    norefund  norefund  norefund  -        Asked   Asked  Review  norefund
    mismatch-refunding  -          exists     -          settled    -          -        -        -          -          toolarge   Refunded  norefund    Delayed   norefund  notover   -        Asked   Asked  Review  noaccount
    mismatch-refunded   -          exists     -          settled    -          settled  -        -          nothing    toolarge   -         norefund    -         norefund  notover   -        Asked   Asked  Review  noaccount
    parting             -          exists     -          settled    -          settled  -        Refunding  Refunding  -          norefund  norefund    norefund  norefund  norefund  -        -       Asked  Review  norefund
    parted              -          exists     -          settled    -          settled  -        Refunding  Refunding  -          norefund  norefund    norefund  norefund  norefund  -        -       Asked  Review  norefund
    rest-refunding      -          exists     -          settled    -          settled  -        -          -          -          Refunded  norefund    Delayed   norefund  notover   -        -       Asked  Review  noaccount
    rest-refunded       -          exists     -          settled    -          settled  -        -          nothing    -          -         norefund    -         norefund  notover   -        -       Asked  Review  noaccount
    over                -          exists     -          settled    -          settled  -        -          -          toolarge   Refunded  norefund    Delayed   norefund  Delayed   -        -       Asked  Review  noaccount
    awaited             -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    expired             -          exists     Succeeded  Succeeded  Wrong      -        Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  Asked   Asked  Review  norefund
    deposited           -          exists     -          settled    -          settled  -        Refunding  Refunding  Refunding  norefund  norefund    norefund  norefund  norefund  -        Asked   Asked  Review  norefund
    deposit-refunding   -          exists     -          settled    -          settled  -        -          -          toolarge   Refunded  norefund    Delayed   norefund  notover   -        Asked   Asked  Review  Delayed
    deposit-refunded    -          exists     -          settled    -          settled  -        -          nothing    toolarge   -         norefund    -         norefund  notover   -        -       Asked  Review  noaccount
    noticed             -          exists     Succeeded  Succeeded  Wrong      Failed   Unknown  nothing    nothing    nothing    norefund  norefund    norefund  norefund  norefund  Awaited  -       Asked  Review  norefund
    in-review           -          exists     -          settled    -          settled  -        Refunding  Refunding  Refunding  norefund  norefund    norefund  norefund  norefund  -        -       Asked  -       norefund
    ",
};

fn command(name: &str) -> PaymentCommand {
    match name {
        "request" => request(krw(2_000), "tok_approve"),
        "request-2" => request(krw(2_000), "tok_decline"),
        "succeed" => succeed(krw(2_000), "gw-1"),
        "recharge" => succeed(krw(2_000), "gw-2"),
        "mischarge" => succeed(krw(1_999), "gw-1"),
        "fail" => fail("CARD_DECLINED"),
        "give-up" => fail(NO_RECORD),
        "unknown" => unknown("timeout"),
        "no-record" => unknown(NO_RECORD),
        "refund" => refund(RefundReason::OrderCancelled),
        "refund-late" => refund(RefundReason::LateSuccess),
        "refund-mismatch" => refund(RefundReason::AmountMismatch),
        "refund-2" => give_back(2, None, RefundReason::OrderCancelled),
        "part" => give_back(3, Some(krw(600)), RefundReason::Requested),
        "complete" => complete(1),
        "complete-2" => complete(2),
        "complete-part" => complete(3),
        "delay" => delay(1),
        "refuse" => refuse(),
        "delay-2" => delay(2),
        "delay-for-good" => PaymentCommand::DelayRefund {
            refund_id: refund_id(1),
            reason: "timeout".to_owned(),
            refused: false,
            next_attempt_at: None,
        },
        "retry" => PaymentCommand::RetryRefund {
            refund_id: refund_id(1),
            now: at(5),
        },
        "expire" => fail(DEPOSIT_EXPIRED),
        "await" => await_deposit(),
        "notice" => ask(InquiryCause::Notice(notice("n-1"))),
        "ask" => ask(InquiryCause::Operator {}),
        "account" => PaymentCommand::NoteRefundAccount {
            refund_id: refund_id(1),
            now: at(5),
        },
        "review" => PaymentCommand::RequireReview {
            reason: ReviewReason::DepositTakenBack,
            amount: None,
        },
        other => panic!("no command {other}"),
    }
}

fn request(amount: Money, token: &str) -> PaymentCommand {
    PaymentCommand::Request {
        order_id: order_id(1),
        user_id: user("ann"),
        amount,
        gateway: "mock".to_owned(),
        token: token.to_owned(),
        method_id: None,
    }
}

fn succeed(charged: Money, gateway_transaction_id: &str) -> PaymentCommand {
    PaymentCommand::Succeed {
        charged,
        gateway_transaction_id: gateway_transaction_id.to_owned(),
    }
}

fn fail(code: &str) -> PaymentCommand {
    PaymentCommand::Fail {
        code: code.to_owned(),
        message: "no".to_owned(),
    }
}

fn await_deposit() -> PaymentCommand {
    PaymentCommand::AwaitDeposit {
        amount: krw(2_000),
        gateway_transaction_id: "gw-1".to_owned(),
        account: DepositAccount {
            bank: "20".to_owned(),
            number: "X6505636518308".to_owned(),
            holder: None,
            until: at(60),
            open_until: None,
        },
        next_inquiry_at: at(10),
    }
}

fn ask(cause: InquiryCause) -> PaymentCommand {
    asked_at(cause, at(5))
}

fn asked_at(cause: InquiryCause, now: DateTime<Utc>) -> PaymentCommand {
    PaymentCommand::RequestInquiry { cause, now }
}

fn notice(notice_id: &str) -> GatewayNotice {
    GatewayNotice {
        notice_id: notice_id.to_owned(),
        status: Some("DONE".to_owned()),
        amount: Some(2_000),
        currency: Some("KRW".to_owned()),
        left: Some(2_000),
        signed: false,
    }
}

fn unknown(reason: &str) -> PaymentCommand {
    PaymentCommand::MarkUnknown {
        reason: reason.to_owned(),
        next_inquiry_at: Some(at(1)),
    }
}

fn refund(reason: RefundReason) -> PaymentCommand {
    give_back(1, None, reason)
}

fn give_back(number: u32, amount: Option<Money>, reason: RefundReason) -> PaymentCommand {
    PaymentCommand::RequestRefund(RefundRequest {
        refund_id: refund_id(number),
        amount,
        reason,
        others_remain: false,
    })
}

fn complete(number: u32) -> PaymentCommand {
    PaymentCommand::CompleteRefund {
        refund_id: refund_id(number),
    }
}

fn delay(number: u32) -> PaymentCommand {
    PaymentCommand::DelayRefund {
        refund_id: refund_id(number),
        reason: "timeout".to_owned(),
        refused: false,
        next_attempt_at: Some(at(2)),
    }
}

fn refuse() -> PaymentCommand {
    PaymentCommand::DelayRefund {
        refund_id: refund_id(1),
        reason: "REFUSED_NOT_CANCELABLE_PAYMENT".to_owned(),
        refused: true,
        next_attempt_at: Some(at(2)),
    }
}

fn stage(name: &str) -> Given<Payment> {
    given::<Payment>(TABLE.history(name))
}

fn status(given: &Given<Payment>) -> PaymentStatus {
    given.state().requested().unwrap().status
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn every_stage_has_its_status() {
    use PaymentStatus::{
        Cancelled, Failed, PartiallyRefunded, Pending, Refunded, Succeeded, Unknown,
    };
    let statuses = [
        ("pending", Pending),
        ("unknown", Unknown),
        ("unheard-of", Unknown),
        ("failed", Failed),
        ("given-up", Failed),
        ("reopened", Unknown),
        ("succeeded", Succeeded),
        ("late", Succeeded),
        ("refunding", Succeeded),
        ("delayed", Succeeded),
        ("refused", Succeeded),
        ("cancelled", Cancelled),
        ("late-refunded", Refunded),
        ("mismatched", Failed),
        ("mismatch-refunding", Failed),
        ("mismatch-refunded", Refunded),
        ("parting", Succeeded),
        ("parted", PartiallyRefunded),
        ("rest-refunding", PartiallyRefunded),
        ("rest-refunded", Cancelled),
    ];
    for (name, expected) in statuses {
        let given = stage(name);
        assert_eq!(status(&given), expected, "{name}");
        let json = serde_json::to_value(expected).unwrap();
        assert_eq!(json, expected.as_str());
        assert_eq!(expected.to_string(), expected.as_str());
    }
}

#[test]
fn money_is_asked_for_once_under_one_id() {
    let requested = PaymentEvent::PaymentRequested {
        order_id: order_id(1),
        user_id: user("ann"),
        amount: krw(2_000),
        gateway: "mock".to_owned(),
        token: "tok_approve".to_owned(),
        method_id: None,
    };
    let given = given::<Payment>(vec![]).when(command("request"));
    let given = given
        .then(vec![requested])
        .when(command("request"))
        .then_nothing();
    given
        .when(command("request-2"))
        .then_refused(PaymentError::AlreadyRequested);
}

#[test]
fn a_payment_names_its_gateway_and_its_token() {
    let ask = |gateway: String, token: String| {
        given::<Payment>(vec![]).when(PaymentCommand::Request {
            order_id: order_id(1),
            user_id: user("ann"),
            amount: krw(1),
            gateway,
            token,
            method_id: None,
        })
    };
    let invalid = |field, reason| PaymentError::Invalid { field, reason };
    for gateway in [String::new(), "g".repeat(33)] {
        let refused = ask(gateway, "t".to_owned());
        refused.then_refused(invalid("gateway", "1 to 32 characters"));
    }
    for token in [String::new(), "t".repeat(201)] {
        let refused = ask("g".to_owned(), token);
        refused.then_refused(invalid("token", "1 to 200 characters"));
    }
}

#[test]
fn a_charge_of_another_amount_is_no_success() {
    for charged in [krw(1_999), krw(2_001), krw(0), crate::mothers::usd(2_000)] {
        let given = stage("pending").when(succeed(charged, "gw-1"));
        let given = given.then(vec![PaymentEvent::PaymentMismatched {
            order_id: order_id(1),
            user_id: user("ann"),
            expected: krw(2_000),
            charged,
            gateway_transaction_id: "gw-1".to_owned(),
        }]);
        let payment = given.state().requested().unwrap();
        assert_eq!(payment.capture.as_ref().unwrap().amount, charged);
        assert_eq!(payment.failure_code.as_deref(), Some("AMOUNT_MISMATCH"));
    }
}

#[test]
fn a_second_charge_of_one_payment_contradicts_the_first() {
    let status = PaymentStatus::Succeeded;
    let refused = stage("succeeded").when(command("recharge"));
    refused.then_refused(PaymentError::AlreadySettled { status });
}

#[test]
fn inquiries_are_counted_and_the_last_one_says_whether_there_was_a_record() {
    let found = |reason: &str, inquiries| PaymentEvent::PaymentOutcomeUnknown {
        order_id: order_id(1),
        reason: reason.to_owned(),
        inquiries,
        next_inquiry_at: Some(at(1)),
    };
    let given = stage("pending").when(unknown(NO_RECORD));
    let given = given.then(vec![found(NO_RECORD, 1)]);
    assert!(given.state().requested().unwrap().no_record);
    let given = given
        .when(unknown("timeout"))
        .then(vec![found("timeout", 2)]);
    let payment = given.state().requested().unwrap();
    assert!(!payment.no_record);
    assert_eq!(
        (payment.inquiries, payment.next_inquiry_at),
        (2, Some(at(1)))
    );
}

/// It stayed FAILED when the last inquiry was not answered, so nobody asked again, and a charge that
/// had come late was kept. The count begins anew: a schedule that is over asks no more.
#[test]
fn a_payment_given_up_without_a_record_is_unknown_again_when_the_last_inquiry_is_not_answered() {
    let given = stage("given-up");
    assert_eq!(status(&given), PaymentStatus::Failed);
    let given = given.when(unknown("timeout"));
    let given = given.then(vec![PaymentEvent::PaymentOutcomeUnknown {
        order_id: order_id(1),
        reason: "timeout".to_owned(),
        inquiries: 1,
        next_inquiry_at: Some(at(1)),
    }]);
    assert_eq!(status(&given), PaymentStatus::Unknown);
    assert_eq!(given.state().requested().unwrap().failure_code, None);
}

#[test]
fn a_late_success_is_a_success_and_no_longer_a_failure() {
    let given = stage("late");
    let payment = given.state().requested().unwrap();
    assert_eq!(payment.failure_code, None);
    assert_eq!(
        payment.capture.as_ref().unwrap().gateway_transaction_id,
        "gw-1"
    );
}

#[test]
fn what_is_known_is_not_asked_again() {
    for name in ["succeeded", "failed", "mismatched"] {
        let given = stage(name);
        assert_eq!(
            given.state().requested().unwrap().next_inquiry_at,
            None,
            "{name}"
        );
    }
}

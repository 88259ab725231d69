//! Every answer of the mock company, and what it means.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const PAYMENT: Uuid = Uuid::from_u128(1);
const ORDER: Uuid = Uuid::from_u128(2);
const REFUND: Uuid = Uuid::from_u128(3);

fn answer(status: u16, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    Answer {
        status,
        body,
        ..Answer::default()
    }
}

fn payment(status: &str) -> Value {
    json!({
        "paymentId": PAYMENT, "orderId": ORDER, "status": status, "transactionId": "mock_1",
        "amount": 12_900, "refundedAmount": 0, "currency": "KRW", "somethingNew": [1, 2],
    })
}

/// The payment with one field replaced; `null` takes it away.
fn but(field: &str, value: &Value) -> Value {
    let mut body = payment("APPROVED");
    let fields = body.as_object_mut().unwrap();
    fields.remove(field);
    if !value.is_null() {
        fields.insert(field.to_owned(), value.clone());
    }
    body
}

fn confirm(status: u16, body: &Value) -> GatewayReply {
    of_confirm(PAYMENT, ORDER, &answer(status, body))
}

fn inquire(status: u16, body: &Value) -> GatewayReply {
    of_inquiry(PAYMENT, &answer(status, body))
}

fn refund(status: u16, body: &Value) -> RefundReply {
    let request = RefundRequest {
        payment_id: PAYMENT,
        refund_id: REFUND,
        key_round: 0,
        may_be_done: false,
        transaction_id: "mock_1".to_owned(),
        amount_minor: 12_900,
        currency: "KRW".to_owned(),
        reason: "order cancelled".to_owned(),
        is_all_left: true,
        account: None,
    };
    of_refund(&request, &answer(status, body))
}

fn refunded() -> Value {
    json!({
        "refundId": REFUND, "paymentId": PAYMENT, "transactionId": "mock_2", "status": "REFUNDED",
        "amount": 12_900, "currency": "KRW",
    })
}

fn failure(code: &str) -> Value {
    json!({ "code": code, "message": "no" })
}

fn unknown(reason: &str) -> GatewayReply {
    GatewayReply::unknown(reason)
}

#[test]
fn a_payment_of_ours_that_is_approved_is_approved() {
    let approved = GatewayReply::Approved {
        transaction_id: "mock_1".to_owned(),
        amount_minor: 12_900,
        currency: "KRW".to_owned(),
    };
    assert_eq!(confirm(200, &payment("APPROVED")), approved);
    assert_eq!(inquire(200, &payment("APPROVED")), approved);
}

#[test]
fn only_a_listed_code_declines() {
    for code in DECLINE_CODES {
        let declined = GatewayReply::Declined {
            code: code.to_owned(),
            message: "no".to_owned(),
        };
        assert_eq!(confirm(402, &failure(code)), declined);
        let mut body = payment("DECLINED");
        body["code"] = code.into();
        body["message"] = "no".into();
        assert_eq!(inquire(200, &body), declined);
    }
    let unlisted = confirm(402, &failure("CARD_ON_FIRE"));
    assert_eq!(unlisted, unknown("UNLISTED_CODE_CARD_ON_FIRE"));
    let unlisted = confirm(402, &failure("card 4111111111111111"));
    assert_eq!(unlisted, unknown("UNLISTED_CODE_UNREADABLE"));
    let without_code = inquire(200, &payment("DECLINED"));
    assert_eq!(without_code, unknown("UNLISTED_CODE_UNREADABLE"));
}

#[test]
fn a_listed_code_under_any_other_status_declines_nothing() {
    for status in [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504] {
        let reason = format!("HTTP_{status}_CARD_DECLINED");
        assert_eq!(confirm(status, &failure("CARD_DECLINED")), unknown(&reason));
        assert_eq!(inquire(status, &failure("CARD_DECLINED")), unknown(&reason));
    }
}

#[test]
fn no_record_is_believed_only_from_the_gateway_itself() {
    let gone = failure("PAYMENT_NOT_FOUND");
    assert_eq!(inquire(404, &gone), GatewayReply::NoRecord);
    assert_eq!(inquire(404, &json!("<html>")), unknown("HTTP_404"));
    let route = failure("NO_SUCH_CALL");
    assert_eq!(inquire(404, &route), unknown("HTTP_404_NO_SUCH_CALL"));
    // A confirmation that finds no payment has not asked what became of one.
    let confirmed = confirm(404, &gone);
    assert_eq!(confirmed, unknown("HTTP_404_PAYMENT_NOT_FOUND"));
}

#[test]
fn anothers_payment_is_no_answer() {
    let other = json!(Uuid::from_u128(9));
    assert_eq!(confirm(200, &but("paymentId", &other)), unknown(MISMATCHED));
    assert_eq!(inquire(200, &but("paymentId", &other)), unknown(MISMATCHED));
    assert_eq!(confirm(200, &but("orderId", &other)), unknown(MISMATCHED));
}

#[test]
fn an_approval_with_anything_missing_or_odd_is_unknown() {
    let odd = [
        ("transactionId", json!(null)),
        ("transactionId", json!("")),
        ("transactionId", json!("a b")),
        ("transactionId", json!(7)),
        ("amount", json!(null)),
        ("amount", json!(-1)),
        ("amount", json!(129.5)),
        ("amount", json!("12900")),
        ("amount", json!(1e30)),
        ("currency", json!(null)),
        ("currency", json!("krw")),
        ("currency", json!("WON!")),
        ("paymentId", json!("not-a-uuid")),
        ("orderId", json!(null)),
        ("status", json!(null)),
    ];
    for (field, value) in odd {
        let reply = confirm(200, &but(field, &value));
        assert_eq!(reply, unknown(MALFORMED), "{field}: {value}");
    }
    let status = confirm(200, &payment("IN_PROGRESS"));
    assert_eq!(status, unknown("UNLISTED_STATUS"));
}

#[test]
fn every_part_of_an_answer_short_of_the_whole_is_unknown() {
    let whole = payment("APPROVED").to_string().into_bytes();
    for length in 0..whole.len() {
        let body = whole[..length].to_vec();
        let answer = Answer {
            status: 200,
            body,
            ..Answer::default()
        };
        assert_eq!(of_confirm(PAYMENT, ORDER, &answer), unknown(MALFORMED));
        assert_eq!(of_inquiry(PAYMENT, &answer), unknown(MALFORMED));
    }
}

#[test]
fn money_that_went_back_is_told_with_what_is_left_and_pays_nothing() {
    for (status, refunded, left) in [("REFUNDED", 12_900, 0), ("PARTIALLY_REFUNDED", 900, 12_000)] {
        let mut told = payment(status);
        told["refundedAmount"] = refunded.into();
        let given_back = GatewayReply::GivenBack {
            transaction_id: "mock_1".to_owned(),
            amount_minor: 12_900,
            left_minor: left,
            currency: "KRW".to_owned(),
        };
        assert_eq!(inquire(200, &told), given_back);
        told["refundedAmount"] = 12_901.into();
        assert_eq!(inquire(200, &told), unknown(MALFORMED));
    }
}

#[test]
fn a_refund_is_done_only_if_it_is_ours_to_the_unit() {
    let done = RefundReply::Done {
        refund_transaction_id: "mock_2".to_owned(),
    };
    assert_eq!(refund(200, &refunded()), done);
    for (field, value) in [
        ("refundId", json!(PAYMENT)),
        ("paymentId", json!(REFUND)),
        ("amount", json!(12_899)),
        ("currency", json!("USD")),
    ] {
        let mut body = refunded();
        body[field] = value;
        assert_eq!(
            refund(200, &body),
            RefundReply::unknown(MISMATCHED),
            "{field}"
        );
    }
    for (field, value) in [("status", "PENDING"), ("transactionId", "")] {
        let mut body = refunded();
        body[field] = value.into();
        assert_eq!(
            refund(200, &body),
            RefundReply::unknown(MALFORMED),
            "{field}"
        );
    }
}

#[test]
fn only_a_listed_answer_refuses_a_refund() {
    for (status, code) in REFUND_REFUSALS {
        let reply = refund(status, &failure(code));
        assert_eq!(reply.outcome(), "refused", "{status} {code}");
        let elsewhere = refund(500, &failure(code));
        assert_eq!(elsewhere, RefundReply::unknown(format!("HTTP_500_{code}")));
    }
    let reply = refund(422, &failure("WHATEVER"));
    assert_eq!(reply, RefundReply::unknown("HTTP_422_WHATEVER"));
    assert_eq!(refund(200, &json!([])), RefundReply::unknown(MALFORMED));
}

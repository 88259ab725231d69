//! The table of refunds, row by row.

use uuid::Uuid;

use super::*;

fn key() -> SecretKey {
    SecretKey("secret".to_owned())
}

fn request(amount: i64) -> RefundRequest {
    RefundRequest {
        payment_id: Uuid::from_u128(1),
        refund_id: Uuid::from_u128(2),
        key_round: 0,
        may_be_done: false,
        transaction_id: "tid_1".to_owned(),
        amount_minor: amount,
        is_all_left: false,
        currency: "KRW".to_owned(),
        reason: "고객 변심".to_owned(),
        account: None,
    }
}

fn answer(code: &str, own: &str, balance: i64, cancels: &[(&str, i64, String)]) -> Answer {
    let date = "2026-11-22T11:22:28.000+0900";
    let cancels: Vec<_> = cancels
        .iter()
        .map(|(tid, amount, reason)| json!({ "tid": tid, "amount": amount, "reason": reason }))
        .collect();
    let body = json!({
        "resultCode": code, "resultMsg": "m", "tid": "tid_1", "cancelledTid": own,
        "orderId": Uuid::from_u128(1), "status": "cancelled", "amount": 1_004, "balanceAmt": balance,
        "currency": "KRW", "ediDate": date, "signature": key().sign(&["tid_1", "1004", date]),
        "cancels": cancels,
    });
    Answer {
        status: 200,
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

fn reply(request: &RefundRequest, answer: &Answer) -> RefundReply {
    match of_cancel(&key(), request, answer) {
        Cancelled::Reply(reply) => reply,
        Cancelled::Already { code, message } => RefundReply::Refused { code, message },
    }
}

#[test]
fn a_part_is_done_when_its_amount_and_the_balance_agree() {
    let part = request(4);
    let mark = reason_of(&part);
    let other = ("c1", 400, "r".to_owned());
    let done = RefundReply::Done {
        refund_transaction_id: "c2".to_owned(),
    };
    for code in CANCELLED {
        let said = answer(code, "c2", 600, &[other.clone(), ("c2", 4, mark.clone())]);
        assert_eq!(reply(&part, &said), done);
    }
    let mismatched = RefundReply::unknown(MISMATCHED);
    let wrong_amount = answer("0000", "c1", 604, std::slice::from_ref(&other));
    assert_eq!(reply(&part, &wrong_amount), mismatched);
    let wrong_balance = answer("0000", "c2", 604, &[other, ("c2", 4, mark)]);
    assert_eq!(reply(&part, &wrong_balance), mismatched);
}

#[test]
fn another_payments_or_an_unsigned_answer_says_nothing() {
    let part = request(4);
    let said = answer("0000", "c2", 1_000, &[("c2", 4, String::new())]);
    let mut other = part.clone();
    other.transaction_id = "tid_2".to_owned();
    assert_eq!(reply(&other, &said), RefundReply::unknown(MISMATCHED));
    let forged = of_cancel(&SecretKey("x".to_owned()), &part, &said);
    assert!(matches!(forged, Cancelled::Reply(reply) if reply == RefundReply::unknown(FORGED)));
}

#[test]
fn every_listed_code_refuses_and_every_other_is_unknown() {
    let part = request(4);
    for code in REFUSALS {
        let said = answer(code, "", 0, &[]);
        assert_eq!(reply(&part, &said).outcome(), "refused", "{code}");
        let trouble = Answer {
            status: 500,
            ..answer(code, "", 0, &[])
        };
        assert_eq!(reply(&part, &trouble).outcome(), "unknown", "{code}");
    }
    for code in ["2003", "A110", "S999", "U104"] {
        assert_eq!(
            reply(&part, &answer(code, "", 0, &[])).outcome(),
            "unknown",
            "{code}"
        );
    }
}

#[test]
fn a_cancel_of_before_is_found_by_this_refunds_id() {
    let part = request(4);
    for code in ALREADY {
        let said = of_cancel(&key(), &part, &answer(code, "", 0, &[]));
        assert!(matches!(said, Cancelled::Already { .. }));
    }
    let look = |reason: String| {
        let said = answer("0000", "c9", 1_000, &[("c2", 4, reason)]);
        of_look(&key(), &part, &said, "2015".to_owned(), String::new())
    };
    let done = RefundReply::Done {
        refund_transaction_id: "c2".to_owned(),
    };
    assert_eq!(look(reason_of(&part)), done);
    assert_eq!(look("직접 취소".to_owned()).outcome(), "refused");
}

#[test]
fn the_request_is_signed_and_its_reason_fits_in_bytes() {
    let mut whole = request(1_004);
    whole.is_all_left = true;
    whole.reason = "긴".repeat(100);
    let body = body_of(&whole, &key(), "date");
    assert_eq!(body.get("cancelAmt"), None);
    assert_eq!(body["signData"], key().sign(&["tid_1", "date"]));
    assert_eq!(body["orderId"], whole.refund_id.to_string());
    let reason = body["reason"].as_str().unwrap();
    assert!(reason.len() <= REASON_MAX_BYTES && reason.ends_with(&mark_of(&whole)));
    assert_eq!(body_of(&request(4), &key(), "date")["cancelAmt"], 4);
}

//! The table of refunds, row by row.

use uuid::Uuid;

use super::*;
use crate::port::RefundAccount;

fn request(amount: i64, is_all_left: bool) -> RefundRequest {
    RefundRequest {
        payment_id: Uuid::from_u128(1),
        refund_id: Uuid::from_u128(2),
        key_round: 0,
        may_be_done: false,
        transaction_id: "pk_1".to_owned(),
        amount_minor: amount,
        is_all_left,
        currency: "KRW".to_owned(),
        reason: "고객 변심".to_owned(),
        account: None,
    }
}

fn cancel(request: &RefundRequest, key: &str, amount: i64) -> Value {
    json!({
        "transactionKey": key, "cancelAmount": amount, "cancelReason": reason_of(request),
        "cancelStatus": "DONE", "refundableAmount": 0,
    })
}

fn payment(status: &str, balance: i64, cancels: &[Value]) -> Value {
    json!({
        "paymentKey": "pk_1", "orderId": Uuid::from_u128(1), "status": status, "currency": "KRW",
        "totalAmount": 15_000, "balanceAmount": balance, "cancels": cancels,
    })
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

fn reply(request: &RefundRequest, answer: &Answer) -> RefundReply {
    match of_cancel(request, answer) {
        Cancelled::Reply(reply) => reply,
        Cancelled::Already { code, message } => RefundReply::Refused { code, message },
    }
}

fn done(key: &str) -> RefundReply {
    RefundReply::Done {
        refund_transaction_id: key.to_owned(),
    }
}

#[test]
fn the_balance_is_judged_and_not_the_status_word() {
    let whole = request(15_000, true);
    for status in ["CANCELED", "PARTIAL_CANCELED"] {
        let cancels = [cancel(&whole, "c1", 15_000)];
        let said = answer(200, &payment(status, 0, &cancels));
        assert_eq!(reply(&whole, &said), done("c1"), "{status}");
        let odd = answer(200, &payment(status, 15_000, &cancels));
        assert_eq!(
            reply(&whole, &odd),
            RefundReply::unknown(MISMATCHED),
            "nothing left the balance"
        );
    }
}

#[test]
fn a_part_is_found_among_the_others_by_its_own_id() {
    let part = request(4_000, false);
    let other = RefundRequest {
        refund_id: Uuid::from_u128(3),
        ..part.clone()
    };
    let cancels = [cancel(&other, "c1", 4_000), cancel(&part, "c2", 4_000)];
    let said = answer(200, &payment("PARTIAL_CANCELED", 7_000, &cancels));
    assert_eq!(reply(&part, &said), done("c2"));
    // Toss compares no bodies: the answer to another refund under our key does not count as ours.
    let another = answer(200, &payment("PARTIAL_CANCELED", 11_000, &cancels[..1]));
    assert_eq!(reply(&part, &another), RefundReply::unknown(MISMATCHED));
    let too_little = answer(
        200,
        &payment("PARTIAL_CANCELED", 14_000, &[cancel(&part, "c", 1_000)]),
    );
    assert_eq!(reply(&part, &too_little), RefundReply::unknown(MISMATCHED));
}

#[test]
fn every_listed_code_refuses_and_every_other_is_unknown() {
    let whole = request(15_000, true);
    let said = |status, code: &str| {
        reply(
            &whole,
            &answer(status, &json!({ "code": code, "message": "안 됩니다" })),
        )
    };
    for code in REFUSALS {
        for status in [400, 403, 404] {
            let refused = RefundReply::Refused {
                code: code.to_owned(),
                message: "안 됩니다".to_owned(),
            };
            assert_eq!(said(status, code), refused);
        }
        assert_eq!(said(500, code).outcome(), "unknown");
        assert_eq!(said(409, code).outcome(), "unknown");
    }
    for (status, code) in [
        (400, "PROVIDER_ERROR"),
        (409, "IDEMPOTENT_REQUEST_PROCESSING"),
        (401, "UNAUTHORIZED_KEY"),
        (500, "FAILED_REFUND_PROCESS"),
        (500, "FAILED_METHOD_HANDLING_CANCEL"),
        (500, "FAILED_PARTIAL_REFUND"),
        (500, "COMMON_ERROR"),
        (400, "A_CODE_OF_TOMORROW"),
    ] {
        let unknown = RefundReply::unknown(format!("HTTP_{status}_{code}"));
        assert_eq!(said(status, code), unknown);
    }
}

#[test]
fn a_payment_that_is_cancelled_already_is_looked_at_for_this_refund() {
    let whole = request(15_000, true);
    for code in ALREADY {
        let said = answer(400, &json!({ "code": code, "message": "m" }));
        assert!(matches!(
            of_cancel(&whole, &said),
            Cancelled::Already { .. }
        ));
    }
    let look = |payment: &Value| {
        let (code, message) = ("ALREADY_CANCELED_PAYMENT".to_owned(), "m".to_owned());
        of_look(&whole, &answer(200, payment), code, message)
    };
    let ours = payment("CANCELED", 0, &[cancel(&whole, "c1", 15_000)]);
    assert_eq!(look(&ours), done("c1"));
    let by_hand =
        json!({ "transactionKey": "c9", "cancelAmount": 15_000, "cancelReason": "직접 취소" });
    assert_eq!(
        look(&payment("CANCELED", 0, &[by_hand])).outcome(),
        "refused"
    );
    let (code, message) = (String::new(), String::new());
    assert_eq!(
        of_look(&whole, &answer(500, &ours), code, message).outcome(),
        "unknown"
    );
}

#[test]
fn the_whole_is_asked_for_without_an_amount_and_a_part_with_one() {
    let whole = body_of(&request(15_000, true));
    assert_eq!(whole.get("cancelAmount"), None);
    assert_eq!(whole.get("refundReceiveAccount"), None);
    assert_eq!(body_of(&request(900, false))["cancelAmount"], 900);
    let to_account = RefundRequest {
        account: Some(RefundAccount {
            bank: "20".to_owned(),
            number: "1002".to_owned(),
            holder: "김구매".to_owned(),
        }),
        reason: "긴".repeat(500),
        ..request(900, false)
    };
    let body = body_of(&to_account);
    let account = json!({ "bank": "20", "accountNumber": "1002", "holderName": "김구매" });
    assert_eq!(body["refundReceiveAccount"], account);
    let reason = body["cancelReason"].as_str().unwrap();
    assert_eq!(reason.chars().count(), REASON_MAX_CHARS);
    assert!(reason.ends_with(&to_account.refund_id.to_string()));
}

/// Somebody gave a part back in the company's console: what is left is less than the whole that is asked for.
#[test]
fn a_whole_refund_is_done_when_all_that_was_left_has_gone_back() {
    let whole = request(15_000, true);
    let console = json!({
        "transactionKey": "c1", "cancelAmount": 4_000, "cancelReason": "by hand", "cancelStatus": "DONE",
    });
    let cancels = [console, cancel(&whole, "c2", 11_000)];
    let said = answer(200, &payment("CANCELED", 0, &cancels));
    assert_eq!(reply(&whole, &said), done("c2"));
    let part = request(15_000, false);
    assert_eq!(reply(&part, &said), RefundReply::unknown(MISMATCHED));
}

#[test]
fn a_deposit_whose_transfer_back_failed_is_not_back() {
    let whole = request(15_000, true);
    let said = |status: &str| {
        let mut body = payment("CANCELED", 0, &[cancel(&whole, "c1", 15_000)]);
        body["virtualAccount"] = json!({
            "accountNumber": "X6505636518308", "bankCode": "20", "dueDate": "2026-11-29T12:00:00+09:00",
            "refundStatus": status,
        });
        reply(&whole, &answer(200, &body))
    };
    for status in ["NONE", "PENDING", "COMPLETED"] {
        assert_eq!(said(status), done("c1"), "{status}");
    }
    for status in ["FAILED", "PARTIAL_FAILED"] {
        assert_eq!(
            said(status),
            RefundReply::unknown(TRANSFER_FAILED),
            "{status}"
        );
    }
}

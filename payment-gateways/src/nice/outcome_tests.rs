//! The outcome tables, row by row, and rubbish.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::nice::codes::DECLINES;

const ID: Uuid = Uuid::from_u128(0x0192_f3a0_0000_7000_8000_0000_0000_0001);

fn key() -> SecretKey {
    SecretKey("secret".to_owned())
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

fn payment(status: &str, changes: &Value) -> Value {
    let mut body = json!({
        "resultCode": "0000", "resultMsg": "정상", "tid": "tid_1", "orderId": ID, "status": status,
        "amount": 1_004, "balanceAmt": 1_004, "currency": "KRW", "ediDate": "2026-11-22T11:22:28.000+0900",
        "paidAt": "2026-11-22T11:22:28.000+0900",
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    let amount = body["amount"].to_string();
    let signed = [
        body["tid"].as_str().unwrap(),
        &amount,
        body["ediDate"].as_str().unwrap(),
    ];
    body["signature"] = key().sign(&signed).into();
    body
}

fn both(body: &Value) -> GatewayReply {
    let reply = of_approval(&key(), ID, &answer(200, body));
    assert_eq!(of_inquiry(&key(), ID, &answer(200, body)), reply);
    reply
}

#[test]
fn a_paid_and_signed_payment_is_approved() {
    let approved = GatewayReply::Approved {
        transaction_id: "tid_1".to_owned(),
        amount_minor: 1_004,
        currency: "KRW".to_owned(),
    };
    assert_eq!(both(&payment("paid", &json!({}))), approved);
}

#[test]
fn without_nices_own_signature_nothing_is_approved() {
    let mut body = payment("paid", &json!({}));
    body["amount"] = 1_005.into();
    body["balanceAmt"] = 1_005.into();
    assert_eq!(both(&body), GatewayReply::unknown(FORGED));
    body["signature"] = Value::Null;
    assert_eq!(both(&body), GatewayReply::unknown(FORGED));
    let other_key = of_approval(
        &SecretKey("x".to_owned()),
        ID,
        &answer(200, &payment("paid", &json!({}))),
    );
    assert_eq!(other_key, GatewayReply::unknown(FORGED));
}

#[test]
fn every_listed_code_declines_and_every_other_is_unknown() {
    let said = |status, code: &str| {
        let body = json!({ "resultCode": code, "resultMsg": "카드사 거절" });
        of_approval(&key(), ID, &answer(status, &body))
    };
    for (code, _) in DECLINES {
        let declined = GatewayReply::Declined {
            code: code.to_owned(),
            message: "카드사 거절".to_owned(),
        };
        assert_eq!(said(200, code), declined);
        assert_eq!(said(500, code).outcome(), "unknown");
    }
    for code in [
        "2201", "U112", "U114", "A101", "A110", "A123", "A245", "A299", "S999", "P027", "X003",
        "9999",
    ] {
        assert_eq!(
            said(200, code),
            GatewayReply::unknown(format!("HTTP_200_{code}"))
        );
    }
    assert_eq!(said(401, "U104"), GatewayReply::unknown("HTTP_401_U104"));
    assert_eq!(said(200, "<script>"), GatewayReply::unknown("HTTP_200"));
}

#[test]
fn a_status_says_what_became_of_a_payment() {
    for status in ["failed", "expired"] {
        let reply = of_inquiry(&key(), ID, &answer(200, &payment(status, &json!({}))));
        let GatewayReply::Declined { code, .. } = reply else {
            panic!("{status}: {reply:?}");
        };
        assert_eq!(code, status.to_uppercase());
        let mut other = payment(status, &json!({ "orderId": Uuid::nil() }));
        let reply = of_inquiry(&key(), ID, &answer(200, &other));
        assert_eq!(reply, GatewayReply::unknown(MISMATCHED));
        other = payment(status, &json!({}));
        other["signature"] = "00".into();
        let reply = of_inquiry(&key(), ID, &answer(200, &other));
        assert_eq!(reply, GatewayReply::unknown(FORGED));
    }
    let failed = payment("failed", &json!({ "resultCode": "3095" }));
    let GatewayReply::Declined { code, .. } = of_inquiry(&key(), ID, &answer(200, &failed)) else {
        panic!("not declined");
    };
    assert_eq!(code, "3095");
    for (status, reason) in [("ready", "IN_PROGRESS"), ("tomorrow", "UNLISTED_STATUS")] {
        assert_eq!(
            both(&payment(status, &json!({}))),
            GatewayReply::unknown(reason),
            "{status}"
        );
    }
    for (status, left) in [("paid", 4), ("partialCancelled", 4), ("cancelled", 0)] {
        let told = payment(status, &json!({ "balanceAmt": left }));
        let GatewayReply::GivenBack { left_minor, .. } = both(&told) else {
            panic!("{status}");
        };
        assert_eq!(left_minor, left, "{status}");
    }
    let dollars = payment("paid", &json!({ "currency": "USD" }));
    assert_eq!(both(&dollars), GatewayReply::unknown(MISMATCHED));
}

#[test]
fn an_account_waits_until_its_time() {
    let account = json!({ "paidAt": "0", "vbank": {
        "vbankCode": "088", "vbankName": "신한", "vbankNumber": "12345678901234",
        "vbankExpDate": "2026-11-29T23:59:59.000+0900", "vbankHolder": "상점",
    } });
    let GatewayReply::WaitingForDeposit {
        account: into,
        until,
        ..
    } = both(&payment("ready", &account))
    else {
        panic!("does not wait");
    };
    assert_eq!(into.bank, "088");
    assert_eq!(until.to_rfc3339(), "2026-11-29T14:59:59+00:00");
    assert_eq!(both(&payment("cancelled", &account)).outcome(), "declined");
}

#[test]
fn no_record_is_said_without_a_payment_only() {
    for code in NO_RECORD {
        let body = json!({ "resultCode": code, "resultMsg": "" });
        assert_eq!(
            of_inquiry(&key(), ID, &answer(200, &body)),
            GatewayReply::NoRecord
        );
        assert_eq!(
            of_inquiry(&key(), ID, &answer(404, &body)).outcome(),
            "unknown"
        );
        let with = payment("paid", &json!({ "resultCode": code }));
        assert_eq!(
            of_inquiry(&key(), ID, &answer(200, &with)).outcome(),
            "unknown"
        );
    }
}

proptest! {
    #[test]
    fn no_rubbish_is_an_approval(
        raw in proptest::collection::vec(any::<u8>(), 0..200),
        status in "paid|ready|failed|[a-z]{0,8}",
        signature in "[0-9a-f]{0,70}",
        amount in any::<i64>(),
        balance in any::<i64>(),
    ) {
        let mut body = payment("paid", &json!({}));
        body["status"] = status.into();
        body["amount"] = amount.into();
        body["balanceAmt"] = balance.into();
        body["signature"] = signature.into();
        for body in [raw, body.to_string().into_bytes()] {
            let answer = Answer { status: 200, body, ..Answer::default() };
            for reply in [of_approval(&key(), ID, &answer), of_inquiry(&key(), ID, &answer)] {
                prop_assert!(matches!(reply.outcome(), "unknown" | "no_record"), "{reply:?}");
            }
        }
    }
}

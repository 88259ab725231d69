//! The outcome tables, row by row, and rubbish.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::toss::declines::DECLINES;

const ID: Uuid = Uuid::from_u128(0x0192_f3a0_0000_7000_8000_0000_0000_0001);

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

fn payment(status: &str) -> Value {
    json!({
        "paymentKey": "pk_1", "orderId": ID, "status": status, "currency": "KRW",
        "totalAmount": 15_000, "balanceAmount": 15_000, "cancels": null, "virtualAccount": null, "failure": null,
    })
}

fn with(mut payment: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        payment[name] = value.clone();
    }
    payment
}

fn confirmed(body: &Value) -> GatewayReply {
    let reply = of_confirm(ID, &answer(200, body));
    assert_eq!(
        of_inquiry(ID, &answer(200, body)),
        reply,
        "both read a payment alike"
    );
    reply
}

fn failure(status: u16, code: &str) -> GatewayReply {
    let body = json!({ "code": code, "message": "카드 4111 1111 1111 1111 거절" });
    of_confirm(ID, &answer(status, &body))
}

#[test]
fn a_done_payment_is_approved_with_what_was_charged() {
    let approved = GatewayReply::Approved {
        transaction_id: "pk_1".to_owned(),
        amount_minor: 15_000,
        currency: "KRW".to_owned(),
    };
    assert_eq!(confirmed(&payment("DONE")), approved);
}

#[test]
fn every_listed_code_declines_and_keeps_toss_korean_words() {
    for (code, _) in DECLINES {
        for status in [400, 403] {
            let GatewayReply::Declined { code: own, message } = failure(status, code) else {
                panic!("{status} {code} does not decline");
            };
            assert_eq!((own.as_str(), message.as_str()), (code, "카드 *** 거절"));
        }
        // The same word with a status of trouble is no word at all.
        for status in [409, 429, 500, 503] {
            assert_eq!(
                failure(status, code).outcome(),
                "unknown",
                "{status} {code}"
            );
        }
    }
}

#[test]
fn every_other_code_of_a_confirm_is_unknown() {
    for (status, code) in [
        (400, "ALREADY_PROCESSED_PAYMENT"),
        (400, "PROVIDER_ERROR"),
        (400, "INVALID_REQUEST"),
        (400, "INVALID_API_KEY"),
        (400, "UNAPPROVED_ORDER_ID"),
        (401, "UNAUTHORIZED_KEY"),
        (403, "FORBIDDEN_REQUEST"),
        (403, "INCORRECT_BASIC_AUTH_FORMAT"),
        (404, "NOT_FOUND_PAYMENT"),
        (404, "NOT_FOUND_PAYMENT_SESSION"),
        (409, "IDEMPOTENT_REQUEST_PROCESSING"),
        (500, "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING"),
        (500, "FAILED_INTERNAL_SYSTEM_PROCESSING"),
        (500, "UNKNOWN_PAYMENT_ERROR"),
        (400, "A_CODE_OF_TOMORROW"),
    ] {
        let unknown = GatewayReply::unknown(format!("HTTP_{status}_{code}"));
        assert_eq!(failure(status, code), unknown);
    }
}

#[test]
fn a_status_says_what_became_of_a_payment() {
    for (status, code) in [("ABORTED", "ABORTED"), ("EXPIRED", "EXPIRED")] {
        let GatewayReply::Declined { code: own, .. } = confirmed(&payment(status)) else {
            panic!("{status}");
        };
        assert_eq!(own, code);
    }
    let failure = json!({ "failure": { "code": "REJECT_CARD_COMPANY", "message": "거절" } });
    let aborted = confirmed(&with(payment("ABORTED"), &failure));
    let declined = GatewayReply::Declined {
        code: "REJECT_CARD_COMPANY".to_owned(),
        message: "거절".to_owned(),
    };
    assert_eq!(aborted, declined);
    for (status, reason) in [
        ("READY", "IN_PROGRESS"),
        ("IN_PROGRESS", "IN_PROGRESS"),
        ("TOMORROW", "UNLISTED_STATUS"),
    ] {
        assert_eq!(
            confirmed(&payment(status)),
            GatewayReply::unknown(reason),
            "{status}"
        );
    }
    for (status, left) in [
        ("DONE", 7_000),
        ("PARTIAL_CANCELED", 7_000),
        ("CANCELED", 0),
    ] {
        let told = with(payment(status), &json!({ "balanceAmount": left }));
        let GatewayReply::GivenBack { left_minor, .. } = confirmed(&told) else {
            panic!("{status}");
        };
        assert_eq!(left_minor, left, "{status}");
    }
}

#[test]
fn an_account_to_pay_into_waits_and_a_deposit_that_is_taken_back_makes_it_wait_again() {
    let account = json!({ "virtualAccount": {
        "accountNumber": "X6505636518308", "bankCode": "20", "customerName": "박토스",
        "dueDate": "2026-11-29T23:59:59+09:00", "refundStatus": "NONE",
    } });
    let waiting = with(payment("WAITING_FOR_DEPOSIT"), &account);
    let GatewayReply::WaitingForDeposit {
        account: into,
        until,
        amount_minor,
        ..
    } = confirmed(&waiting)
    else {
        panic!("does not wait");
    };
    assert_eq!(
        (into.bank.as_str(), into.number.as_str()),
        ("20", "X6505636518308")
    );
    assert_eq!(
        (amount_minor, until.to_rfc3339()),
        (15_000, "2026-11-29T14:59:59+00:00".into())
    );
    assert_eq!(
        confirmed(&with(payment("DONE"), &account)).outcome(),
        "approved"
    );
    assert_eq!(confirmed(&waiting).outcome(), "waiting_for_deposit");
    let nowhere = confirmed(&payment("WAITING_FOR_DEPOSIT"));
    assert_eq!(nowhere, GatewayReply::unknown(MALFORMED));

    let closed = with(payment("CANCELED"), &account);
    assert_eq!(
        confirmed(&closed).outcome(),
        "declined",
        "nothing was paid in"
    );
    let back = json!({ "balanceAmount": 0, "approvedAt": "2026-11-22T11:22:28+09:00" });
    assert_eq!(confirmed(&with(closed, &back)).outcome(), "given_back");
}

#[test]
fn another_payments_answer_is_not_ours() {
    let other = with(payment("DONE"), &json!({ "orderId": Uuid::nil() }));
    assert_eq!(confirmed(&other), GatewayReply::unknown(MISMATCHED));
    let dollars = with(payment("DONE"), &json!({ "currency": "USD" }));
    assert_eq!(confirmed(&dollars), GatewayReply::unknown(MISMATCHED));
    for change in [
        json!({ "totalAmount": -1 }),
        json!({ "balanceAmount": 15_001 }),
        json!({ "totalAmount": 1.5 }),
        json!({ "paymentKey": "a b" }),
    ] {
        let bad = confirmed(&with(payment("DONE"), &change));
        assert_eq!(bad, GatewayReply::unknown(MALFORMED), "{change}");
    }
}

#[test]
fn only_toss_own_word_means_no_record() {
    let said = |status, code: &str| {
        of_inquiry(ID, &answer(status, &json!({ "code": code, "message": "" })))
    };
    assert_eq!(said(404, "NOT_FOUND_PAYMENT"), GatewayReply::NoRecord);
    for (status, code) in [
        (404, "NOT_FOUND"),
        (500, "NOT_FOUND_PAYMENT"),
        (403, "REJECT_CARD_COMPANY"),
    ] {
        assert_eq!(said(status, code).outcome(), "unknown");
    }
}

fn rubbish() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(json!("DONE")),
        Just(json!("WAITING_FOR_DEPOSIT")),
        Just(json!(ID)),
        Just(json!("KRW")),
        Just(json!("NOT_FOUND_PAYMENT")),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let name = proptest::sample::select(
        [
            "paymentKey",
            "status",
            "currency",
            "totalAmount",
            "balanceAmount",
            "failure",
            "cancels",
            "virtualAccount",
            "code",
            "message",
            "orderId",
            "dueDate",
            "accountNumber",
            "bankCode",
        ]
        .as_slice(),
    );
    let value = word.prop_recursive(3, 24, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..10)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        value.prop_map(|value| value.to_string().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn no_rubbish_is_an_approval_of_a_payment_that_it_does_not_name(
        body in rubbish(),
        status in prop_oneof![Just(200_u16), Just(404), Just(400), any::<u16>()],
    ) {
        // A payment that the generator cannot know.
        let payment_id = Uuid::now_v7();
        let answer = Answer { status, body, ..Answer::default() };
        for reply in [of_confirm(payment_id, &answer), of_inquiry(payment_id, &answer)] {
            let outcome = reply.outcome();
            prop_assert!(matches!(outcome, "unknown" | "no_record" | "declined"), "{reply:?}");
        }
        // Nor, when it names ours, without all that an approval has.
        if let GatewayReply::Approved { amount_minor, currency, .. } = of_confirm(ID, &answer) {
            prop_assert!(amount_minor >= 0 && currency == "KRW");
        }
    }
}

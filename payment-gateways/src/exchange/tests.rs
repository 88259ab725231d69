//! Nothing that must not be kept reaches the log, wherever it stands.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const FIELDS: CallFields = CallFields {
    request: &["amount", "orderName", "items[].name", "deep.one.two"],
    response: &[&[
        "amount",
        "orderName",
        "items[].name",
        "deep.one.two",
        "code",
        "message",
    ]],
};
/// Names that a careless server or caller might use; none is on a list.
const SECRET_NAMES: [&str; 8] = [
    "cvv",
    "cvc",
    "cardPassword",
    "track2",
    "customerIdentityNumber",
    "paymentKey",
    "billingKey",
    "authKey",
];
const SECRET: &str = "s3cr3t-canary";

fn outgoing(body: Value) -> Outgoing {
    Outgoing::post("/v1/payments/pk_secret/cancel", &FIELDS, body)
        .with_header("Authorization", format!("Basic {SECRET}"))
        .with_header("Idempotency-Key", "k-1")
        .hiding("pk_secret")
}

fn told(body: &Value) -> String {
    let answer = Answer {
        status: 200,
        headers: vec![
            ("Set-Cookie".to_owned(), SECRET.to_owned()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ],
        body: body.to_string().into_bytes(),
    };
    let exchange = exchange_of(
        "toss",
        &outgoing(body.clone()),
        &Heard::Answer(&answer),
        Duration::ZERO,
    );
    format!("{exchange:?}")
}

#[test]
fn only_what_is_listed_is_told() {
    let body = json!({
        "amount": 12_900, "orderName": "양말 두 켤레", "paymentKey": SECRET,
        "items": [{ "name": "sock", "cvc": SECRET }], "deep": { "one": { "two": true, "three": SECRET } },
    });
    let exchange = exchange_of(
        "toss",
        &outgoing(body),
        &Heard::Nothing(Trouble::Timeout),
        Duration::ZERO,
    );
    let kept = json!({
        "amount": 12_900, "orderName": "양말 두 켤레", "paymentKey": "***",
        "items": [{ "name": "sock", "cvc": "***" }], "deep": { "one": { "two": true, "three": "***" } },
    });
    assert_eq!(exchange.request_body, Some(kept));
    assert_eq!(
        exchange.request_headers,
        json!({ "idempotency-key": "k-1" })
    );
    assert_eq!(exchange.endpoint, "/v1/payments/***/cancel");
    assert_eq!(exchange.error.as_deref(), Some("TIMEOUT"));
    assert!(!exchange.is_success);
}

#[test]
fn a_body_that_is_no_json_or_too_long_is_only_counted() {
    let page = FIELDS.allowed_of_response(b"<html>4111111111111111</html>");
    assert_eq!(page, json!({ "notJson": "***", "bytes": 29 }));
    let items: Vec<_> = (0..500)
        .map(|_| json!({ "name": "x".repeat(400) }))
        .collect();
    let long = FIELDS.allowed_of_request(&json!({ "items": items }));
    assert_eq!(long["tooLong"], "***");
    let bare = FIELDS.allowed_of_request(&json!(["4111111111111111"]));
    assert_eq!(bare, json!(["***"]));
}

/// A card number of this length: random digits with their check digit, perhaps in groups.
fn card() -> impl Strategy<Value = (String, String)> {
    let digits = proptest::collection::vec(0_u32..10, 12..=18);
    (digits, 0..3_usize).prop_map(|(mut digits, grouping)| {
        digits[0] = 4;
        let check = (0..10).find(|check| {
            let whole = digits.iter().copied().chain([*check]).rev().enumerate();
            let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
            let sum: u32 = whole
                .map(|(place, digit)| {
                    if place % 2 == 1 {
                        doubled(digit)
                    } else {
                        digit
                    }
                })
                .sum();
            sum.is_multiple_of(10)
        });
        digits.push(check.unwrap());
        let plain: String = digits.iter().map(ToString::to_string).collect();
        let separator = ["", " ", "-"][grouping];
        let groups: Vec<String> = digits
            .chunks(4)
            .map(|group| group.iter().map(ToString::to_string).collect())
            .collect();
        (plain, groups.join(separator))
    })
}

/// Any JSON, with the written card number in its texts and names, and secrets under their names.
fn planted(written: String) -> impl Strategy<Value = Value> {
    let number = written.parse::<u64>().unwrap_or(1);
    let leaf = prop_oneof![
        Just(json!(written.clone())),
        Just(json!(number)),
        "[a-z ]{0,6}".prop_map({
            let written = written.clone();
            move |text| json!(format!("{text} {written} {text}"))
        }),
        any::<bool>().prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("amount".to_owned()),
        Just("orderName".to_owned()),
        Just("items".to_owned()),
        Just("name".to_owned()),
        Just("deep".to_owned()),
        Just("one".to_owned()),
        Just("two".to_owned()),
        Just("message".to_owned()),
        Just(written),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (
                proptest::collection::btree_map(name.clone(), inner, 0..6),
                proptest::sample::select(SECRET_NAMES.as_slice()),
            )
                .prop_map(|(fields, secret_name)| {
                    let mut fields: Map<String, Value> = fields.into_iter().collect();
                    fields.insert(secret_name.to_owned(), SECRET.into());
                    fields.into()
                }),
        ]
    })
}

proptest! {
    #[test]
    fn no_card_number_and_no_secret_reaches_the_log(
        (plain, body) in card().prop_flat_map(|(plain, written)| (Just(plain), planted(written)))
    ) {
        let told = told(&body);
        prop_assert!(!told.contains(SECRET), "{told}");
        // Also not in groups: digits alone, with what may stand between them taken out.
        let joined: String = told.chars().filter(|one| !matches!(one, ' ' | '-')).collect();
        prop_assert!(!joined.contains(&plain), "{plain} in {told}");
    }
}

//! Toss's notices: what they name, and who sent them.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const KEY: &str = "security-key";
const TIME: &str = "2026-11-22T11:22:28+09:00";

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(TIME).unwrap().to_utc()
}

fn heard(headers: &[(&str, &str)], body: &[u8]) -> Result<WebhookNotice, WebhookRefusal> {
    let owned = headers.iter();
    let headers: Vec<_> = owned
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    let delivery = WebhookDelivery {
        headers: &headers,
        body,
        received_at: now(),
    };
    notice_of(&delivery, &["old".to_owned(), KEY.to_owned()])
}

fn json_heard(body: &Value) -> Result<WebhookNotice, WebhookRefusal> {
    heard(&[(TRANSMISSION_ID, "t-1")], body.to_string().as_bytes())
}

fn sign(key: &str, body: &str, time: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{body}:{time}").as_bytes());
    format!("v1:{}", BASE64.encode(&mac.finalize().into_bytes()))
}

#[test]
fn a_change_of_a_payment_only_names_it() {
    let ours = Uuid::now_v7();
    let notice = json_heard(&json!({
        "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-22T11:22:28.123456",
        "data": {
            "orderId": ours, "status": "DONE", "totalAmount": 15_000, "balanceAmount": 15_000, "currency": "KRW",
        },
    }))
    .unwrap();
    assert_eq!(notice.payment_ids(), [ours]);
    let id = HEXLOWER.encode(&Sha256::digest(b"t-1"));
    assert_eq!((notice.id, notice.trust), (id, NoticeTrust::Unsigned));
    assert_eq!(notice.claim.status.as_deref(), Some("DONE"));
    assert_eq!(notice.claim.amount_minor, Some(15_000));
    assert_eq!(notice.claim.left_minor, Some(15_000));
}

#[test]
fn a_notice_says_what_is_left_of_the_charge() {
    let ours = Uuid::now_v7();
    for (data, left) in [
        (
            json!({ "status": "PARTIAL_CANCELED", "balanceAmount": 700 }),
            Some(700),
        ),
        (json!({ "status": "PARTIAL_CANCELED" }), None),
        (
            json!({ "status": "CANCELED", "balanceAmount": 700 }),
            Some(0),
        ),
        (json!({ "status": "ABORTED" }), Some(0)),
        (json!({ "status": "TOMORROW", "balanceAmount": 700 }), None),
        (json!({}), None),
    ] {
        let mut body = json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": data });
        body["data"]["orderId"] = json!(ours);
        assert_eq!(json_heard(&body).unwrap().claim.left_minor, left, "{body}");
    }
}

#[test]
fn a_deposit_is_told_flat() {
    let ours = Uuid::now_v7();
    for status in ["DONE", "WAITING_FOR_DEPOSIT", "CANCELED"] {
        let notice = json_heard(&json!({
            "createdAt": "2026-11-22T11:22:28.123456", "secret": "ps_1", "status": status,
            "transactionKey": "tx_1", "orderId": ours,
        }))
        .unwrap();
        assert_eq!(notice.payment_ids(), [ours]);
        assert_eq!(notice.claim.status.as_deref(), Some(status));
        assert!(!format!("{notice:?}").contains("ps_1"));
    }
}

#[test]
fn a_deleted_billing_key_is_named_and_never_printed() {
    for body in [
        json!({ "eventType": "BILLING_DELETED", "billingKey": "bk_1", "reason": "r" }),
        json!({ "eventType": "BILLING_DELETED", "data": { "billingKey": "bk_1" } }),
    ] {
        let notice = json_heard(&body).unwrap();
        assert_eq!(notice.subject, NoticeSubject::BillingKey("bk_1".to_owned()));
        assert!(!format!("{notice:?}").contains("bk_1"));
    }
}

#[test]
fn the_same_notice_has_the_same_id_and_another_has_another() {
    let body = |n: u32| json!({ "eventType": "BILLING_DELETED", "billingKey": n.to_string() });
    let id = |n| heard(&[], body(n).to_string().as_bytes()).unwrap().id;
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}

#[test]
fn what_makes_no_sense_or_is_another_shops_is_refused() {
    for (body, refusal) in [
        (json!({}), WebhookRefusal::Malformed),
        (json!([]), WebhookRefusal::Malformed),
        (
            json!({ "eventType": "TOMORROW" }),
            WebhookRefusal::Malformed,
        ),
        (
            json!({ "eventType": "PAYMENT_STATUS_CHANGED" }),
            WebhookRefusal::Malformed,
        ),
        (
            json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": { "orderId": "theirs-1" } }),
            WebhookRefusal::NotOurs,
        ),
        (
            json!({ "eventType": "BILLING_DELETED" }),
            WebhookRefusal::Malformed,
        ),
    ] {
        assert_eq!(json_heard(&body), Err(refusal), "{body}");
    }
    let long = vec![b' '; BODY_MAX_BYTES + 1];
    assert_eq!(heard(&[], &long), Err(WebhookRefusal::TooLarge));
}

#[test]
fn a_payout_counts_only_with_toss_signature_over_the_raw_bytes() {
    let body = r#"{"eventType":"payout.changed","eventId":"ev_1","version":"v","entityBody":{"id":"po_1"}}"#;
    let tried = |signature: &str, time: &str, body: &str| {
        let headers = [(TRANSMISSION_TIME, time), (SIGNATURE, signature)];
        heard(&headers, body.as_bytes()).map(|notice| notice.trust)
    };
    let good = sign(KEY, body, TIME);
    assert_eq!(tried(&good, TIME, body), Ok(NoticeTrust::Signed));
    // While keys are changed there are two.
    let both = format!("{},{good}", sign("another", body, TIME));
    assert_eq!(tried(&both, TIME, body), Ok(NoticeTrust::Signed));
    assert_eq!(
        tried(&sign("old", body, TIME), TIME, body),
        Ok(NoticeTrust::Signed)
    );

    let wrong = Err(WebhookRefusal::SignatureWrong);
    assert_eq!(tried(&sign("another", body, TIME), TIME, body), wrong);
    assert_eq!(tried(&good, TIME, &body.replace("po_1", "po_2")), wrong);
    assert_eq!(
        tried(&good, TIME, &body.replace(',', ", ")),
        wrong,
        "re-serialised"
    );
    assert_eq!(tried(&good, "2026-11-22T11:22:29+09:00", body), wrong);
    assert_eq!(tried("v1:", TIME, body), wrong);
    assert_eq!(tried(&good.replace("v1:", "v0:"), TIME, body), wrong);
    for time in [
        "2026-11-22T11:17:27+09:00",
        "2026-11-22T11:27:29+09:00",
        "2026-11-22T11:17:27",
    ] {
        let stale = Err(WebhookRefusal::SignatureStale);
        assert_eq!(tried(&sign(KEY, body, time), time, body), stale, "{time}");
    }
    let unsigned = heard(&[(TRANSMISSION_TIME, TIME)], body.as_bytes());
    assert_eq!(unsigned, Err(WebhookRefusal::SignatureMissing));
    let delivery_headers = [
        (TRANSMISSION_TIME.to_owned(), TIME.to_owned()),
        (SIGNATURE.to_owned(), good),
    ];
    let delivery = WebhookDelivery {
        headers: &delivery_headers,
        body: body.as_bytes(),
        received_at: now(),
    };
    assert_eq!(
        notice_of(&delivery, &[]),
        Err(WebhookRefusal::SignatureMissing)
    );
}

proptest! {
    #[test]
    fn rubbish_is_refused_or_only_names_something(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        names in proptest::collection::vec("[a-zA-Z]{1,14}", 0..6),
        text in ".{0,20}",
    ) {
        let _ = heard(&[], &body);
        let mut fields = json!({ "eventType": "PAYMENT_STATUS_CHANGED", "data": { "orderId": text.clone() } });
        for name in names {
            fields[name] = json!(text);
        }
        if let Ok(notice) = json_heard(&fields) {
            prop_assert_eq!(notice.trust, NoticeTrust::Unsigned);
        }
    }
}

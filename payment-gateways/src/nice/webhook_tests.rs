//! NICE's notices: what they name, and who sent them.

use chrono::Utc;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn key() -> SecretKey {
    SecretKey("secret".to_owned())
}

fn notice(order_id: &str, status: &str) -> Value {
    let date = "2026-11-22T11:22:28.000+0900";
    json!({
        "resultCode": "0000", "tid": "tid_1", "orderId": order_id, "status": status, "amount": 1_004,
        "balanceAmt": 1_004, "currency": "KRW", "ediDate": date,
        "signature": key().sign(&["tid_1", "1004", date]),
    })
}

fn heard(body: &[u8]) -> Result<WebhookNotice, WebhookRefusal> {
    let delivery = WebhookDelivery {
        headers: &[],
        body,
        received_at: Utc::now(),
    };
    notice_of(&key(), &delivery)
}

fn told(body: &Value) -> Result<WebhookNotice, WebhookRefusal> {
    heard(body.to_string().as_bytes())
}

#[test]
fn a_signed_notice_names_its_payment() {
    let ours = Uuid::now_v7();
    let notice = told(&notice(&ours.to_string(), "paid")).unwrap();
    assert_eq!(
        (notice.payment_ids(), notice.trust),
        ([ours].as_slice(), NoticeTrust::Signed)
    );
    assert_eq!(notice.claim.status.as_deref(), Some("paid"));
}

#[test]
fn a_notice_says_what_is_left_of_the_charge() {
    let ours = Uuid::now_v7().to_string();
    for (status, left) in [
        ("paid", Some(1_004)),
        ("partialCancelled", Some(1_004)),
        ("cancelled", Some(0)),
        ("ready", Some(0)),
        ("tomorrow", None),
    ] {
        assert_eq!(
            told(&notice(&ours, status)).unwrap().claim.left_minor,
            left,
            "{status}"
        );
    }
}

#[test]
fn the_same_state_has_the_same_id_and_another_has_another() {
    let ours = Uuid::now_v7().to_string();
    let id = |status| told(&notice(&ours, status)).unwrap().id;
    assert_eq!(id("paid"), id("paid"));
    assert_ne!(id("paid"), id("cancelled"));
}

#[test]
fn a_notice_that_nice_did_not_sign_is_refused() {
    let ours = Uuid::now_v7().to_string();
    let mut forged = notice(&ours, "paid");
    forged["amount"] = 1.into();
    assert_eq!(told(&forged), Err(WebhookRefusal::SignatureWrong));
    forged["signature"] = Value::Null;
    assert_eq!(told(&forged), Err(WebhookRefusal::SignatureMissing));
    assert_eq!(
        told(&notice("theirs", "paid")),
        Err(WebhookRefusal::NotOurs)
    );
    assert_eq!(told(&json!({})), Err(WebhookRefusal::Malformed));
    assert_eq!(
        heard(&vec![b'1'; BODY_MAX_BYTES + 1]),
        Err(WebhookRefusal::TooLarge)
    );
}

#[test]
fn nice_is_answered_with_the_two_letters_that_it_wants() {
    let WebhookAcknowledgement {
        status,
        content_type,
        body,
    } = ACKNOWLEDGEMENT;
    assert_eq!((status, content_type, body), (200, "text/html", "OK"));
}

proptest! {
    #[test]
    fn rubbish_is_refused(
        raw in proptest::collection::vec(any::<u8>(), 0..300),
        signature in "[0-9a-f]{64}",
    ) {
        prop_assert!(heard(&raw).is_err());
        let mut forged = notice(&Uuid::now_v7().to_string(), "paid");
        forged["signature"] = signature.into();
        prop_assert!(told(&forged).is_err());
    }
}

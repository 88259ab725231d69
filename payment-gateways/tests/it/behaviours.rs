//! What each token makes the mock do, as the adapter hears it and as the ledger knows it.

use std::time::Duration;

use payment_gateways::GatewayReply;
use payment_gateways::mock::server::MockServerConfig;
use serde_json::json;
use tokio::time::Instant;

use crate::stage::{HASTY, PATIENT, Stage, approved, payment, unknown};

#[tokio::test]
async fn an_approved_payment_is_charged_once_and_found_again() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    for token in ["tok_approve", "tok_approve_7f3a"] {
        let request = payment(token);
        let transaction = approved(&request, gateway.confirm(request.clone()).await);
        let found = gateway.inquire(request.payment_id).await;
        assert_eq!(approved(&request, found), transaction);
    }
    let ledger = stage.ledger().await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[1]["number"], 2);
    assert_eq!(ledger[1]["kind"], "CHARGE");
    assert_eq!(ledger[1]["state"], "CHARGED");
    assert_eq!(ledger[1]["amount"], 12_900);
    stage.stop().await;
}

#[tokio::test]
async fn a_declined_payment_is_not_charged_and_stays_declined() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    for (token, expected) in [
        ("tok_decline", "CARD_DECLINED"),
        ("tok_decline_1", "CARD_DECLINED"),
        ("tok_unheard_of", "INVALID_TOKEN"),
        ("", "INVALID_TOKEN"),
    ] {
        let request = payment(token);
        let replies = [
            gateway.confirm(request.clone()).await,
            gateway.confirm(request.clone()).await,
            gateway.inquire(request.payment_id).await,
        ];
        for reply in replies {
            let GatewayReply::Declined { code, message } = reply else {
                panic!("{token:?} gave {reply:?}");
            };
            assert_eq!(code, expected);
            assert!(!message.is_empty());
        }
    }
    for entry in stage.ledger().await {
        assert_eq!(entry["state"], "DECLINED");
        assert_eq!(entry["amount"], 0);
        assert_eq!(entry["requestedAmount"], 12_900);
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_payment_that_times_out_uncharged_leaves_no_record() {
    let stage = Stage::new().await;
    let request = payment("tok_timeout_1");
    let reply = stage.gateway(HASTY).confirm(request.clone()).await;
    assert_eq!(reply, unknown("TIMEOUT"));
    let found = stage.gateway(PATIENT).inquire(request.payment_id).await;
    assert_eq!(found, GatewayReply::NoRecord);
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_found_by_inquiry_and_not_made_again() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_charge_then_timeout_1");
    let reply = stage.gateway(HASTY).confirm(request.clone()).await;
    assert_eq!(reply, unknown("TIMEOUT"));
    stage.has_entries(1).await;
    let found = gateway.inquire(request.payment_id).await;
    let transaction = approved(&request, found);
    let again = gateway.confirm(request.clone()).await;
    assert_eq!(approved(&request, again), transaction);
    assert_eq!(stage.ledger().await.len(), 1);
    stage.stop().await;
}

#[tokio::test]
async fn a_server_error_is_an_unknown_outcome_and_charges_nothing() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_error");
    for _ in 0..2 {
        let reply = gateway.confirm(request.clone()).await;
        assert_eq!(reply, unknown("HTTP_500_INTERNAL_ERROR"));
    }
    let found = gateway.inquire(request.payment_id).await;
    assert_eq!(found, GatewayReply::NoRecord);
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_unless_the_deadline_is_shorter() {
    let slow = Duration::from_millis(600);
    let config = MockServerConfig {
        slow,
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    let (first, second) = (payment("tok_slow"), payment("tok_slow_2"));
    let started = Instant::now();
    let reply = stage.gateway(PATIENT).confirm(first.clone()).await;
    approved(&first, reply);
    assert!(started.elapsed() >= slow);

    let reply = stage.gateway(HASTY).confirm(second.clone()).await;
    assert_eq!(reply, unknown("TIMEOUT"));
    stage.has_entries(2).await;
    let found = stage.gateway(PATIENT).inquire(second.payment_id).await;
    approved(&second, found);
    stage.stop().await;
}

#[tokio::test]
async fn a_slow_token_takes_three_seconds_by_default() {
    assert_eq!(MockServerConfig::default().slow, Duration::from_secs(3));
}

#[tokio::test]
async fn a_wrong_amount_is_told_as_it_was_charged() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_wrong_amount");
    let reply = gateway.confirm(request.clone()).await;
    let GatewayReply::Approved { amount_minor, .. } = &reply else {
        panic!("not approved: {reply:?}");
    };
    assert_ne!(*amount_minor, request.amount_minor);
    // The key belongs to the amount that was asked for: asking again is no conflict.
    assert_eq!(gateway.confirm(request.clone()).await, reply);
    assert_eq!(gateway.inquire(request.payment_id).await, reply);
    let ledger = stage.ledger().await;
    assert_eq!(ledger[0]["amount"], json!(amount_minor));
    assert_eq!(ledger[0]["requestedAmount"], 12_900);
    stage.stop().await;
}

#[tokio::test]
async fn an_order_shows_all_its_payments() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let declined = payment("tok_decline");
    let mut paid = payment("tok_approve");
    paid.order_id = declined.order_id;
    gateway.confirm(declined.clone()).await;
    gateway.confirm(paid.clone()).await;
    gateway.confirm(payment("tok_approve")).await;

    let path = format!("/v1/orders/{}/payments", paid.order_id);
    let answer = stage.http.get(stage.url(&path)).send().await.unwrap();
    let found = answer.json::<serde_json::Value>().await.unwrap();
    let found = found["payments"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["paymentId"], json!(declined.payment_id));
    assert_eq!(found[0]["status"], "DECLINED");
    assert_eq!(found[1]["paymentId"], json!(paid.payment_id));
    assert_eq!(found[1]["status"], "APPROVED");
    stage.stop().await;
}

//! Money given back: in full, in part, once.

use futures::future::join_all;
use payment_gateways::{GatewayReply, RefundReply, RefundRequest};
use serde_json::json;

use crate::stage::{HASTY, PATIENT, Stage, approved, payment, refund_of};

fn refused(reply: &RefundReply) -> &str {
    match reply {
        RefundReply::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_refund_asked_for_twice_is_made_once() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let refund = refund_of(&request, &transaction, request.amount_minor);
    let done = gateway.refund(refund.clone()).await;
    assert_eq!(done.outcome(), "done");
    assert_eq!(gateway.refund(refund.clone()).await, done);

    let ledger = stage.ledger().await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[0]["state"], "REFUNDED");
    assert_eq!(ledger[1]["kind"], "REFUND");
    assert_eq!(ledger[1]["merchantKey"], json!(refund.refund_id));
    assert_eq!(ledger[1]["paymentId"], json!(request.payment_id));
    assert_eq!(ledger[1]["amount"], 12_900);
    let found = gateway.inquire(request.payment_id).await;
    let given_back = GatewayReply::GivenBack {
        transaction_id: transaction,
        amount_minor: 12_900,
        left_minor: 0,
        currency: "KRW".to_owned(),
    };
    assert_eq!(found, given_back);
    stage.stop().await;
}

#[tokio::test]
async fn partial_refunds_never_exceed_the_charge() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let part = |amount| refund_of(&request, &transaction, amount);
    assert_eq!(gateway.refund(part(10_000)).await.outcome(), "done");
    let ledger = stage.ledger().await;
    assert_eq!(ledger[0]["state"], "PARTIALLY_REFUNDED");
    let too_much = gateway.refund(part(2_901)).await;
    assert_eq!(refused(&too_much), "REFUND_EXCEEDS_BALANCE");
    assert_eq!(gateway.refund(part(2_900)).await.outcome(), "done");
    let nothing_left = gateway.refund(part(1)).await;
    assert_eq!(refused(&nothing_left), "REFUND_EXCEEDS_BALANCE");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_refunds_that_together_exceed_the_charge_one_is_made() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let mut request = payment("tok_approve");
    request.amount_minor = 100;
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let refunding = (0..2).map(|_| {
        let (gateway, refund) = (gateway.clone(), refund_of(&request, &transaction, 60));
        tokio::spawn(async move { gateway.refund(refund).await })
    });
    let replies = join_all(refunding).await.into_iter();
    let mut outcomes: Vec<_> = replies.map(|reply| reply.unwrap().outcome()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["done", "refused"]);
    stage.stop().await;
}

#[tokio::test]
async fn what_was_not_charged_is_not_given_back() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let declined = payment("tok_decline");
    gateway.confirm(declined.clone()).await;
    let reply = gateway
        .refund(refund_of(&declined, "mock_charge_0", 100))
        .await;
    assert_eq!(refused(&reply), "PAYMENT_NOT_REFUNDABLE");
    let stranger = payment("tok_approve");
    let reply = gateway
        .refund(refund_of(&stranger, "mock_charge_0", 100))
        .await;
    assert_eq!(refused(&reply), "PAYMENT_NOT_FOUND");

    let charged = payment("tok_approve");
    let transaction = approved(&charged, gateway.confirm(charged.clone()).await);
    let reply = gateway
        .refund(refund_of(&charged, "mock_charge_0", 100))
        .await;
    assert_eq!(refused(&reply), "TRANSACTION_MISMATCH");
    let other_currency = RefundRequest {
        currency: "USD".to_owned(),
        ..refund_of(&charged, &transaction, 100)
    };
    let reply = gateway.refund(other_currency).await;
    assert_eq!(refused(&reply), "TRANSACTION_MISMATCH");
    stage.stop().await;
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_done_when_asked_again() {
    let stage = Stage::new().await;
    let request = payment("tok_approve");
    let reply = stage.gateway(PATIENT).confirm(request.clone()).await;
    let transaction = approved(&request, reply);
    let refund = refund_of(&request, &transaction, request.amount_minor);

    for (behaviour, made) in [("timeout", 0), ("charge-then-timeout", 1)] {
        let fault = json!({ "call": "refund", "behaviour": behaviour });
        assert_eq!(stage.post("/faults", &fault).await, 204);
        let lost = stage.gateway(HASTY).refund(refund.clone()).await;
        let timed_out = RefundReply::Unknown {
            reason: "TIMEOUT".to_owned(),
        };
        assert_eq!(lost, timed_out);
        stage.has_entries(1 + made).await;
    }
    let again = stage.gateway(PATIENT).refund(refund).await;
    assert_eq!(again.outcome(), "done");
    assert_eq!(stage.ledger().await.len(), 2);
    stage.stop().await;
}

#[tokio::test]
async fn a_payment_confirmed_again_after_its_refund_is_not_charged_again() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let refund = refund_of(&request, &transaction, request.amount_minor);
    gateway.refund(refund).await;
    let again = gateway.confirm(request).await;
    assert_eq!(again.outcome(), "given_back");
    assert_eq!(stage.ledger().await.len(), 2);
    stage.stop().await;
}

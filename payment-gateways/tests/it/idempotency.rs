//! One key, one charge: whatever the number of askers.

use std::collections::HashSet;

use futures::future::join_all;
use payment_gateways::GatewayReply;
use payment_gateways::mock::server::MockServerConfig;
use uuid::Uuid;

use crate::stage::{PATIENT, Stage, approved, payment, refund_of, unknown};

const ASKERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_confirmations_of_one_key_charge_once() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = MockServerConfig {
        ledger_file: Some(folder.path().join("ledger.jsonl")),
        ..MockServerConfig::default()
    };
    for config in [MockServerConfig::default(), on_disk] {
        let stage = Stage::with(config).await;
        let request = payment("tok_approve_race");
        let asking = (0..ASKERS).map(|_| {
            let (gateway, request) = (stage.gateway(PATIENT), request.clone());
            tokio::spawn(async move { gateway.confirm(request).await })
        });
        let replies = join_all(asking).await;
        let transactions: HashSet<String> = replies
            .into_iter()
            .map(|reply| approved(&request, reply.unwrap()))
            .collect();
        assert_eq!(transactions.len(), 1);
        assert_eq!(stage.ledger().await.len(), 1);
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_key_used_for_another_amount_or_order_is_a_conflict_and_charges_nothing_more() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let first = payment("tok_approve");
    let transaction = approved(&first, gateway.confirm(first.clone()).await);
    let mut others = [first.clone(), first.clone(), first.clone()];
    others[0].amount_minor += 1;
    others[1].order_id = Uuid::now_v7();
    others[2].currency = "USD".to_owned();
    for other in others {
        let reply = gateway.confirm(other).await;
        assert_eq!(reply, unknown("HTTP_409_IDEMPOTENCY_KEY_REUSED"));
    }
    // A refund may not take a payment's key either.
    let mut refund = refund_of(&first, &transaction, 100);
    refund.refund_id = first.payment_id;
    assert_eq!(gateway.refund(refund).await.outcome(), "unknown");
    assert_eq!(stage.ledger().await.len(), 1);
    stage.stop().await;
}

#[tokio::test]
async fn a_key_that_was_never_answered_can_still_be_charged_once() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let mut request = payment("tok_error");
    let failed = gateway.confirm(request.clone()).await;
    assert!(matches!(failed, GatewayReply::Unknown { .. }));
    request.token = "tok_approve".to_owned();
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    // On the ledger now: the token that failed cannot undo it.
    request.token = "tok_error".to_owned();
    let again = gateway.confirm(request.clone()).await;
    assert_eq!(approved(&request, again), transaction);
    assert_eq!(stage.ledger().await.len(), 1);
    stage.stop().await;
}

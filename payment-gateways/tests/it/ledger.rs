//! The ledger: read while it is written, kept over restarts, refused when it is damaged.

use std::io::Write;
use std::path::{Path, PathBuf};

use futures::future::join_all;
use payment_gateways::mock::server::{MockServerConfig, serve};
use payment_gateways::{GatewayReply, PaymentGatewaysError};
use reqwest::StatusCode;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::stage::{ANY_PORT, PATIENT, Stage, approved, payment, refund_of, unknown};

fn on_disk(path: &Path) -> MockServerConfig {
    MockServerConfig {
        ledger_file: Some(path.to_owned()),
        ..MockServerConfig::default()
    }
}

async fn refused(path: &Path) -> PaymentGatewaysError {
    let token = CancellationToken::new();
    serve(ANY_PORT, on_disk(path), token).await.unwrap_err()
}

/// A ledger file of a charge, a decline and a partial refund.
async fn written(folder: &Path) -> (PathBuf, Vec<Value>) {
    let path = folder.join("ledger.jsonl");
    let stage = Stage::with(on_disk(&path)).await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    gateway.confirm(payment("tok_decline")).await;
    gateway.refund(refund_of(&request, &transaction, 900)).await;
    let ledger = stage.ledger().await;
    assert_eq!(ledger.len(), 3);
    stage.stop().await;
    (path, ledger)
}

#[tokio::test]
async fn a_ledger_file_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = written(folder.path()).await;
    let stage = Stage::with(on_disk(&path)).await;
    assert_eq!(stage.ledger().await, before);
    assert_eq!(before[0]["state"], "PARTIALLY_REFUNDED");
    // Charged before the restart: answered after it, not charged again.
    let mut request = payment("tok_decline");
    request.payment_id = serde_json::from_value(before[0]["merchantKey"].clone()).unwrap();
    request.order_id = serde_json::from_value(before[0]["orderId"].clone()).unwrap();
    let again = stage.gateway(PATIENT).confirm(request).await;
    assert!(
        matches!(
            again,
            GatewayReply::GivenBack {
                left_minor: 12_000,
                ..
            }
        ),
        "{again:?}"
    );
    let fresh = payment("tok_approve");
    approved(&fresh, stage.gateway(PATIENT).confirm(fresh.clone()).await);
    let ledger = stage.ledger().await;
    assert_eq!(ledger.len(), 4);
    assert_eq!(ledger[3]["number"], 4);
    stage.stop().await;
}

#[tokio::test]
async fn an_unfinished_last_line_is_cut_off_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = written(folder.path()).await;
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    file.write_all(br#"{"kind":"CHARGE","number":4,"merchantK"#)
        .unwrap();
    drop(file);
    let stage = Stage::with(on_disk(&path)).await;
    assert_eq!(stage.ledger().await, before);
    let request = payment("tok_approve");
    approved(
        &request,
        stage.gateway(PATIENT).confirm(request.clone()).await,
    );
    stage.stop().await;
    let stage = Stage::with(on_disk(&path)).await;
    assert_eq!(stage.ledger().await.len(), 4);
    stage.stop().await;
}

#[tokio::test]
async fn a_damaged_ledger_file_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(folder.path()).await;
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let damaged = [
        (2, format!("{}\nrubbish\n{}\n", lines[0], lines[2])),
        (1, format!("{}\n", lines[1])),
        (2, format!("{}\n{}\n", lines[0], lines[0])),
        (2, format!("{}\n{}\n", lines[0], lines[2])),
        (
            3,
            format!(
                "{}\n{}\n{}\n",
                lines[0],
                lines[1],
                lines[2].replace("900", "99000")
            ),
        ),
        (1, "x".repeat(100_000)),
    ];
    for (expected, content) in damaged {
        std::fs::write(&path, &content).unwrap();
        let error = refused(&path).await;
        let PaymentGatewaysError::LedgerCorrupt { line, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(line, expected);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn two_mocks_never_share_a_ledger_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let stage = Stage::with(on_disk(&path)).await;
    let error = refused(&path).await;
    assert_eq!(error.code(), "LEDGER_FILE_IN_USE");
    stage.stop().await;
    let error = refused(&folder.path().join("missing/ledger.jsonl")).await;
    assert_eq!(error.code(), "LEDGER_FILE_UNUSABLE");
}

#[tokio::test]
async fn a_full_ledger_charges_no_more_and_forgets_nothing() {
    let config = MockServerConfig {
        ledger_max_entries: 2,
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    let gateway = stage.gateway(PATIENT);
    let first = payment("tok_approve");
    let transaction = approved(&first, gateway.confirm(first.clone()).await);
    gateway.confirm(payment("tok_approve")).await;
    let reply = gateway.confirm(payment("tok_approve")).await;
    assert_eq!(reply, unknown("HTTP_503_LEDGER_FULL"));
    let again = gateway.confirm(first.clone()).await;
    assert_eq!(approved(&first, again), transaction);
    let ready = stage
        .http
        .get(stage.url("/health/ready"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_whole_whenever_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(on_disk(&folder.path().join("ledger.jsonl"))).await;
    let gateway = stage.gateway(PATIENT);
    let charging = join_all((0..200).map(|_| gateway.confirm(payment("tok_approve"))));
    let reading = async {
        let mut seen = 0;
        while seen < 200 {
            let ledger = stage.ledger().await;
            assert!(ledger.len() >= seen, "an entry vanished");
            seen = ledger.len();
            for (index, entry) in ledger.iter().enumerate() {
                assert_eq!(entry["number"], index + 1);
            }
        }
    };
    let (replies, ()) = tokio::time::timeout(PATIENT, async { tokio::join!(charging, reading) })
        .await
        .unwrap();
    assert!(replies.iter().all(|reply| reply.outcome() == "approved"));
    stage.stop().await;
}

#[tokio::test]
async fn a_long_ledger_is_read_page_by_page() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    for _ in 0..5 {
        gateway.confirm(payment("tok_approve")).await;
    }
    let (mut numbers, mut after) = (Vec::new(), Some(0));
    while let Some(start) = after {
        let url = stage.url(&format!("/ledger?after={start}&size=2"));
        let answer = stage.http.get(url).send().await.unwrap();
        let page = answer.json::<Value>().await.unwrap();
        assert_eq!(page["total"], 5);
        let entries = page["entries"].as_array().unwrap();
        numbers.extend(entries.iter().filter_map(|entry| entry["number"].as_u64()));
        after = page["next"].as_u64();
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for bad in ["size=0", "size=100001", "after=-1", "order=1"] {
        let answer = stage
            .http
            .get(stage.url(&format!("/ledger?{bad}")))
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    stage.stop().await;
}

//! A mock killed in the middle of charging: every charge that it had answered for is still there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use payment_gateways::mock::server::{MockServerConfig, serve};
use payment_gateways::{ConfirmRequest, GatewayReply};
use tokio_util::sync::CancellationToken;

use crate::stage::{ANY_PORT, PATIENT, Stage, approved, gateway_at, payment, until};

const FOLDER: &str = "MOCK_CHILD_FOLDER";
const CHARGERS: usize = 8;
/// So many charges are answered before the kill.
const ANSWERED: usize = 100;

fn config(folder: &Path) -> MockServerConfig {
    MockServerConfig {
        ledger_file: Some(folder.join("ledger.jsonl")),
        ..MockServerConfig::default()
    }
}

/// Not a test of its own: the process that the test below kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_mock_killed_while_charging_loses_no_charge"]
async fn the_mock_that_is_killed() {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = folder.expect("only a_mock_killed_while_charging_loses_no_charge starts this");
    let shutdown = CancellationToken::new();
    let server = serve(ANY_PORT, config(&folder), shutdown).await.unwrap();
    std::fs::write(folder.join("url.new"), server.url()).unwrap();
    std::fs::rename(folder.join("url.new"), folder.join("url")).unwrap();
    server.stopped().await.unwrap();
}

fn start_child(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["kill_nine::the_mock_that_is_killed", "--exact", "--ignored"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mock_killed_while_charging_loses_no_charge() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start_child(folder.path());
    let url_file = folder.path().join("url");
    until("the child's address", async || url_file.exists()).await;
    let url = std::fs::read_to_string(&url_file).unwrap();

    let answered = Arc::new(AtomicUsize::new(0));
    let charging: Vec<_> = (0..CHARGERS)
        .map(|_| tokio::spawn(charge_until_it_dies(url.clone(), Arc::clone(&answered))))
        .collect();
    let enough = async || answered.load(Ordering::SeqCst) >= ANSWERED;
    until("enough charges", enough).await;
    child.kill().unwrap();
    child.wait().unwrap();

    let stage = Stage::with(config(folder.path())).await;
    let gateway = stage.gateway(PATIENT);
    let mut charged = 0;
    for charger in charging {
        for (request, transaction) in charger.await.unwrap() {
            let found = gateway.inquire(request.payment_id).await;
            assert_eq!(approved(&request, found), transaction);
            charged += 1;
        }
    }
    assert!(charged >= ANSWERED);
    // At most those under way at the kill were charged without an answer.
    let on_ledger = stage.ledger().await.len();
    assert!((charged..=charged + CHARGERS).contains(&on_ledger));
    stage.stop().await;
}

/// The charges that were answered for, until the first that was not.
async fn charge_until_it_dies(
    url: String,
    answered: Arc<AtomicUsize>,
) -> Vec<(ConfirmRequest, String)> {
    let gateway = gateway_at(&url, PATIENT);
    let mut charged = Vec::new();
    loop {
        let request = payment("tok_approve");
        let reply = gateway.confirm(request.clone()).await;
        if matches!(reply, GatewayReply::Unknown { .. }) {
            return charged;
        }
        let transaction = approved(&request, reply);
        charged.push((request, transaction));
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

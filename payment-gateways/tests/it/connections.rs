//! The mock's bad manners on the wire: no answer, a cut, a client that leaves.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use payment_gateways::mock::server::MockServerConfig;
use serde_json::json;
use uuid::Uuid;

use crate::stage::{PATIENT, Stage, payment, unknown};

/// Sends a confirmation by hand, with one more header line, and returns the open connection.
fn send_confirm(addr: SocketAddr, token: &str, header: &str) -> TcpStream {
    let order = Uuid::now_v7();
    let body = json!({ "orderId": order, "amount": 500, "currency": "KRW", "token": token });
    let body = body.to_string();
    let (key, length) = (Uuid::now_v7(), body.len());
    let head = format!(
        "POST /v1/payments/confirm HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\n{header}Content-Length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENT)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream
}

/// All that comes until the other side cuts the connection.
async fn read_to_the_cut(mut stream: TcpStream) -> Vec<u8> {
    let read = tokio::task::spawn_blocking(move || {
        let mut heard = Vec::new();
        match stream.read_to_end(&mut heard) {
            Ok(_) => heard,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => heard,
            Err(error) => panic!("the connection was not cut: {error}"),
        }
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_call_without_answer_is_held_up_to_its_bound_and_cut_without_a_byte() {
    let hold = Duration::from_millis(300);
    let config = MockServerConfig {
        hold,
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    for (token, charges) in [("tok_timeout", 0), ("tok_charge_then_timeout", 1)] {
        let started = Instant::now();
        let stream = send_confirm(stage.server.addr(), token, "");
        let heard = read_to_the_cut(stream).await;
        assert!(started.elapsed() >= hold);
        assert_eq!(String::from_utf8_lossy(&heard), "", "{token}");
        assert_eq!(stage.ledger().await.len(), charges, "{token}");
    }
    // The adapter calls the cut by its name.
    let reply = stage.gateway(PATIENT).confirm(payment("tok_timeout")).await;
    assert_eq!(reply, unknown("CONNECTION_LOST"));
    stage.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_its_charge() {
    let stage = Stage::new().await;
    let delay = "X-Mock-Delay-Ms: 1000\r\n";
    let stream = send_confirm(stage.server.addr(), "tok_approve", delay);
    assert!(stage.ledger().await.is_empty());
    drop(stream);
    stage.has_entries(1).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_mock_with_held_calls_stops_at_once() {
    let stage = Stage::new().await;
    let held = send_confirm(stage.server.addr(), "tok_charge_then_timeout", "");
    stage.has_entries(1).await;
    let started = Instant::now();
    stage.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(read_to_the_cut(held).await.is_empty());
}

//! The mock's bad manners on the wire: no answer, a cut, a client that leaves.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use payment_gateways::mock::server::MockServerConfig;
use serde_json::json;
use uuid::Uuid;

use crate::stage::{PATIENT, Stage, payment, unknown, until};

/// Connects and sends a confirmation by hand.
fn send_confirm(addr: SocketAddr, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENT)).unwrap();
    stream.write_all(&confirm_bytes(token)).unwrap();
    stream
}

fn confirm_bytes(token: &str) -> Vec<u8> {
    let order = Uuid::now_v7();
    let body = json!({ "orderId": order, "amount": 500, "currency": "KRW", "token": token });
    let body = body.to_string();
    let (key, length) = (Uuid::now_v7(), body.len());
    let head = format!(
        "POST /v1/payments/confirm HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
    );
    format!("{head}{body}").into_bytes()
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
        let stream = send_confirm(stage.server.addr(), token);
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
    let fault = json!({ "call": "confirm", "behaviour": "approve", "delayMs": 1_000 });
    assert_eq!(stage.post("/faults", &fault).await, 204);
    let mut stream = TcpStream::connect(stage.server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENT)).unwrap();
    // An answer that is left unread makes the kernel reset the connection when it is closed: the hardest
    // way to leave.
    let unread = b"GET /health/live HTTP/1.1\r\nHost: mock\r\n\r\n";
    stream.write_all(unread).unwrap();
    assert!(stream.peek(&mut [0]).unwrap() > 0);

    stream.write_all(&confirm_bytes("tok_approve")).unwrap();
    until("the beginning of the call", async || {
        stage.faults().await == 0
    })
    .await;
    drop(stream);
    stage.has_entries(1).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_mock_with_held_calls_stops_at_once() {
    let stage = Stage::new().await;
    let held = send_confirm(stage.server.addr(), "tok_charge_then_timeout");
    stage.has_entries(1).await;
    let started = Instant::now();
    stage.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(read_to_the_cut(held).await.is_empty());
}

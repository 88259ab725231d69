//! Whatever comes over the wire that is not the gateway's definite word: the outcome is unknown, in time,
//! and nothing is sent again.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use payment_gateways::{ConfirmRequest, GatewayReply, RefundReply};
use serde_json::json;

use crate::stage::{HASTY, PATIENT, gateway_at, payment, refund_of, unknown, until};
use crate::stranger::Stranger;

/// Far beyond the deadlines of these tests, far below what waiting without one would take.
const SOON: Duration = Duration::from_secs(10);

fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
    format!("{head}Content-Type: application/json\r\n\r\n{body}").into_bytes()
}

/// Asks a stranger all three questions, and expects the same reason for not knowing each time.
async fn hear(request: &ConfirmRequest, stranger: &Stranger, deadline: Duration, reason: &str) {
    let gateway = gateway_at(&stranger.url(), deadline);
    let started = Instant::now();
    let confirmed = gateway.confirm(request.clone()).await;
    assert_eq!(confirmed, unknown(reason), "confirm");
    let found = gateway.inquire(request.payment_id).await;
    assert_eq!(found, unknown(reason), "inquire");
    let refunded = gateway
        .refund(refund_of(request, "mock_charge_1", 100))
        .await;
    let reason = reason.to_owned();
    assert_eq!(refunded, RefundReply::Unknown { reason }, "refund");
    assert!(started.elapsed() < SOON);
    let all_read = async || stranger.requests() >= 3;
    until("the stranger's reading", all_read).await;
    assert_eq!(stranger.requests(), 3, "each call is sent once");
}

#[tokio::test]
async fn a_connection_cut_before_or_within_the_answer_is_unknown() {
    let request = payment("tok_approve");
    let whole = String::from_utf8(answer("200 OK", &approval(&request).to_string())).unwrap();
    let body_starts = whole.find("\r\n\r\n").unwrap() + 4;
    for length in [0, 1, 12, 30, body_starts, body_starts + 20, whole.len() - 1] {
        let stranger = Stranger::saying(&whole.as_bytes()[..length]);
        hear(&request, &stranger, PATIENT, "CONNECTION_LOST").await;
    }
}

#[tokio::test]
async fn what_is_no_http_is_unknown() {
    let request = payment("tok_approve");
    let noise: Vec<u8> = (0..4_096_u32)
        .map(|n| n.wrapping_mul(97).to_le_bytes()[0])
        .collect();
    for bytes in [
        b"220 mail ready\r\n".to_vec(),
        b"\r\n\r\n\r\n".to_vec(),
        noise,
    ] {
        let stranger = Stranger::saying(bytes);
        hear(&request, &stranger, PATIENT, "CONNECTION_LOST").await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_agreed_json_is_unknown() {
    let request = payment("tok_approve");
    for body in [
        "",
        "<html>OK</html>",
        "{",
        "null",
        "[]",
        "\u{0}",
        "{\"status\":\"APPROVED\"}",
    ] {
        let stranger = Stranger::saying(answer("200 OK", body));
        hear(&request, &stranger, PATIENT, "MALFORMED_ANSWER").await;
    }
}

#[tokio::test]
async fn a_proxys_error_page_is_unknown() {
    let request = payment("tok_approve");
    for status in [
        204, 301, 302, 400, 404, 407, 409, 418, 429, 500, 502, 503, 504, 599,
    ] {
        let line = format!("{status} Whatever");
        let stranger = Stranger::saying(answer(&line, ""));
        hear(&request, &stranger, PATIENT, &format!("HTTP_{status}")).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let request = payment("tok_approve");
    let thief = Stranger::saying(answer("200 OK", &approval(&request).to_string()));
    let location = thief.url();
    let head = format!(
        "HTTP/1.1 307 Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let stranger = Stranger::saying(head);
    hear(&request, &stranger, PATIENT, "HTTP_307").await;
    assert_eq!(thief.requests(), 0, "the token went to a stranger");
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let request = payment("tok_approve");
    let declared = Stranger::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        pour(stream, &[b' '; 8_192]);
    });
    hear(&request, &declared, PATIENT, "ANSWER_TOO_LARGE").await;
    let chunked = Stranger::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let mut chunk = b"2000\r\n".to_vec();
        chunk.extend_from_slice(&[b' '; 8_192]);
        chunk.extend_from_slice(b"\r\n");
        pour(stream, &chunk);
    });
    hear(&request, &chunked, PATIENT, "ANSWER_TOO_LARGE").await;
    let endless_head = Stranger::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        pour(stream, b"X-More: and more and more and more\r\n");
    });
    hear(&request, &endless_head, PATIENT, "CONNECTION_LOST").await;
}

#[tokio::test]
async fn an_answer_that_trickles_or_stalls_ends_at_the_deadline() {
    let request = payment("tok_approve");
    let silent = Stranger::new(wait_for_the_cut);
    hear(&request, &silent, HASTY, "TIMEOUT").await;
    let stalled = Stranger::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"paymentId\":");
        wait_for_the_cut(stream);
    });
    hear(&request, &stalled, HASTY, "TIMEOUT").await;
    let trickling = Stranger::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    hear(&request, &trickling, HASTY, "TIMEOUT").await;
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_unknown_and_never_a_decline() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let gateway = gateway_at(&url, PATIENT);
    let reply = gateway.confirm(payment("tok_approve")).await;
    assert_eq!(reply, unknown("CONNECT_FAILED"));
}

#[tokio::test]
async fn the_hand_made_answer_is_one_that_would_be_believed() {
    // Without this the tests above could pass because their answers are bad in more ways than meant.
    let request = payment("tok_approve");
    let stranger = Stranger::saying(answer("200 OK", &approval(&request).to_string()));
    let reply = gateway_at(&stranger.url(), PATIENT).confirm(request).await;
    assert!(matches!(reply, GatewayReply::Approved { .. }), "{reply:?}");
}

fn approval(request: &ConfirmRequest) -> serde_json::Value {
    json!({
        "paymentId": request.payment_id, "orderId": request.order_id, "status": "APPROVED",
        "transactionId": "mock_charge_1", "amount": request.amount_minor, "refundedAmount": 0,
        "currency": request.currency,
    })
}

/// Writes the same again and again until the client has had enough.
fn pour(stream: &mut std::net::TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

/// Says nothing more and returns when the client has cut the connection.
fn wait_for_the_cut(stream: &mut std::net::TcpStream) {
    let mut nothing = [0; 64];
    while matches!(std::io::Read::read(stream, &mut nothing), Ok(read) if read > 0) {}
}

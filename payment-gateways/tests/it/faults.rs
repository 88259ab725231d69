//! Behaviour chosen by header and by fault, and requests that the mock refuses.

use payment_gateways::mock::server::MockServerConfig;
use payment_gateways::{GatewayReply, RefundReply};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::stage::{HASTY, PATIENT, Stage, approved, payment, refund_of, unknown};

fn body(token: &str) -> Value {
    json!({ "orderId": Uuid::now_v7(), "amount": 900, "currency": "KRW", "token": token })
}

async fn confirm(stage: &Stage, headers: &[(&str, &str)], body: &Value) -> Response {
    let mut request = stage.http.post(stage.url("/v1/payments/confirm"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_header_overrides_the_token() {
    let config = MockServerConfig {
        hold: HASTY,
        slow: HASTY,
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    for (behaviour, token, status) in [
        ("approve", "tok_decline", 200),
        ("decline", "tok_approve", 402),
        ("error", "tok_approve", 500),
        ("slow", "tok_error", 200),
        ("wrong-amount", "tok_decline", 200),
    ] {
        let key = Uuid::now_v7().to_string();
        let headers = [
            ("Idempotency-Key", key.as_str()),
            ("X-Mock-Behaviour", behaviour),
        ];
        let answer = confirm(&stage, &headers, &body(token)).await;
        assert_eq!(answer.status().as_u16(), status, "{behaviour}");
    }
    for behaviour in ["timeout", "charge-then-timeout"] {
        let before = stage.ledger().await.len();
        let key = Uuid::now_v7().to_string();
        let request = stage.http.post(stage.url("/v1/payments/confirm"));
        let request = request.header("Idempotency-Key", key);
        let request = request.header("X-Mock-Behaviour", behaviour);
        request.json(&body("tok_approve")).send().await.unwrap_err();
        let charged = usize::from(behaviour == "charge-then-timeout");
        assert_eq!(stage.ledger().await.len() - before, charged, "{behaviour}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_delay_holds_the_call_up_before_anything_is_done() {
    let stage = Stage::new().await;
    let (started, key) = (Instant::now(), Uuid::now_v7().to_string());
    let headers = [
        ("Idempotency-Key", key.as_str()),
        ("X-Mock-Delay-Ms", "200"),
    ];
    let answer = confirm(&stage, &headers, &body("tok_approve")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(started.elapsed() >= Duration::from_millis(200));
    stage.stop().await;
}

#[tokio::test]
async fn faults_make_the_calls_of_others_go_wrong_so_many_times() {
    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let refund = refund_of(&request, &transaction, request.amount_minor);

    for fault in [
        json!({ "call": "refund", "behaviour": "error", "times": 2 }),
        json!({ "call": "refund", "behaviour": "decline" }),
        json!({ "call": "inquire", "behaviour": "error" }),
        json!({ "call": "confirm", "behaviour": "decline" }),
    ] {
        assert_eq!(stage.post("/faults", &fault).await, 204);
    }
    for _ in 0..2 {
        let reply = gateway.refund(refund.clone()).await;
        assert_eq!(reply.outcome(), "unknown");
    }
    let refused = gateway.refund(refund.clone()).await;
    assert!(matches!(refused, RefundReply::Refused { code, .. } if code == "REFUND_REFUSED"));
    assert_eq!(gateway.refund(refund).await.outcome(), "done");

    let blind = gateway.inquire(request.payment_id).await;
    assert_eq!(blind, unknown("HTTP_500_INTERNAL_ERROR"));
    let declined = gateway.confirm(payment("tok_approve")).await;
    assert_eq!(declined.outcome(), "declined");
    assert_eq!(
        gateway.confirm(payment("tok_approve")).await.outcome(),
        "approved"
    );
    stage.stop().await;
}

#[tokio::test]
async fn faults_can_be_taken_back() {
    let stage = Stage::new().await;
    let fault = json!({ "call": "confirm", "behaviour": "error", "times": 100_000 });
    assert_eq!(stage.post("/faults", &fault).await, 204);
    let cleared = stage
        .http
        .delete(stage.url("/faults"))
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), StatusCode::NO_CONTENT);
    let request = payment("tok_approve");
    let reply = stage.gateway(PATIENT).confirm(request.clone()).await;
    approved(&request, reply);
    stage.stop().await;
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_and_charges_nothing() {
    let stage = Stage::new().await;
    let key = Uuid::now_v7().to_string();
    let key = ("Idempotency-Key", key.as_str());
    let good = body("tok_approve");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let bad_headers: [&[(&str, &str)]; 7] = [
        &[],
        &[("Idempotency-Key", "not-a-uuid")],
        &[key, ("X-Mock-Behaviour", "explode")],
        &[key, ("X-Mock-Behaviour", "\u{e9}")],
        &[key, ("X-Mock-Delay-Ms", "soon")],
        &[key, ("X-Mock-Delay-Ms", "-1")],
        &[key, ("X-Mock-Delay-Ms", "120001")],
    ];
    for headers in bad_headers {
        let answer = confirm(&stage, headers, &good).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{headers:?}");
    }
    for bad in [
        json!({}),
        json!([]),
        with("amount", json!(0)),
        with("amount", json!(-1)),
        with("amount", json!(1.5)),
        with("amount", json!(i64::MAX)),
        with("currency", json!("won")),
        with("orderId", json!("1")),
        with("cardNumber", json!("4111111111111111")),
        with("token", json!("t".repeat(201))),
        with("token", json!("t".repeat(20_000))),
    ] {
        let answer = confirm(&stage, &[key], &bad).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{bad}");
        let failure = answer.json::<Value>().await.unwrap();
        assert_eq!(failure["code"], "INVALID_REQUEST");
    }
    let fault = json!({ "call": "inquire", "behaviour": "decline" });
    assert_eq!(stage.post("/faults", &fault).await, 400);
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn an_unknown_path_is_no_record_of_anything() {
    let stage = Stage::new().await;
    let adrift = crate::stage::gateway_at(&stage.url("/elsewhere"), PATIENT);
    let reply = adrift.inquire(Uuid::now_v7()).await;
    assert_eq!(reply, unknown("HTTP_404_NO_SUCH_CALL"));
    let known = stage.gateway(PATIENT).inquire(Uuid::now_v7()).await;
    assert_eq!(known, GatewayReply::NoRecord);
    stage.stop().await;
}

#[tokio::test]
async fn a_mock_says_that_it_is_well() {
    let stage = Stage::new().await;
    for path in ["/health/live", "/health/ready"] {
        let answer = stage.http.get(stage.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    stage.stop().await;
}

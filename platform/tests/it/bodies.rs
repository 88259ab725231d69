//! Bodies that are wrong, too large, of another type, or never come.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::{start, start_with};
use crate::raw::Raw;

#[actix_web::test]
async fn a_good_body_is_answered_with_data_and_meta() {
    let running = start().await;
    let request = running.client.post(running.url("/api/v1/things"));
    let answer = running
        .send(request.json(&json!({"name": "tea", "quantity": 2})))
        .await;
    assert_eq!(answer.status, 201);
    let expected = json!({"data": {"name": "tea", "quantity": 2}, "meta": {"position": 7}});
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn a_wrong_body_is_400_with_the_field_named() {
    let running = start().await;
    for (body, field, code) in [
        (
            r#"{"name": "tea", "quantity": "2"}"#,
            "quantity",
            "WRONG_TYPE",
        ),
        (r#"{"name": "tea"}"#, "quantity", "MISSING_FIELD"),
        (
            r#"{"name": "tea", "quantity": 2, "admin": true}"#,
            "admin",
            "UNKNOWN_FIELD",
        ),
        (
            r#"{"name": "tea", "quantity": -2}"#,
            "quantity",
            "INVALID_VALUE",
        ),
    ] {
        let request = running.client.post(running.url("/api/v1/things"));
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let answer = running.send(request).await;
        assert_eq!(answer.error(), (400, "VALIDATION_FAILED".into()), "{body}");
        let detail = &answer.json()["details"][0];
        assert_eq!(
            (&detail["field"], &detail["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
        assert!(detail["message"].is_string());
    }
    let request = running.client.post(running.url("/api/v1/things"));
    let request = request
        .header("content-type", "application/json; charset=utf-8")
        .body("{");
    assert_eq!(
        running.send(request).await.error(),
        (400, "MALFORMED_JSON".into())
    );
}

#[actix_web::test]
async fn another_content_type_is_415() {
    let running = start().await;
    for content_type in [
        "text/plain",
        "application/xml",
        "application/jsonx",
        "json",
        "",
    ] {
        let request = running.client.post(running.url("/api/v1/things"));
        let request = request.header("content-type", content_type).body("{}");
        let answer = running.send(request).await;
        assert_eq!(
            answer.error(),
            (415, "UNSUPPORTED_MEDIA_TYPE".into()),
            "{content_type}"
        );
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413_whether_its_length_is_told_or_not() {
    let running = start_with(&[("HTTP_BODY_LIMIT_BYTES", "1024")]).await;
    let body = format!(r#"{{"name": "{}", "quantity": 1}}"#, "x".repeat(2048));
    let request = running.client.post(running.url("/api/v1/things"));
    let request = request
        .header("content-type", "application/json")
        .body(body.clone());
    assert_eq!(
        running.send(request).await.error(),
        (413, "PAYLOAD_TOO_LARGE".into())
    );

    let mut raw = Raw::connect(running.addr).await;
    let head = "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    raw.write(&format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        .await;
    let answer = raw.read_until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");

    // At the limit it is still read.
    let fits = format!(r#"{{"name": "{}", "quantity": 1}}"#, "x".repeat(1024 - 27));
    assert_eq!(fits.len(), 1024);
    let request = running.client.post(running.url("/api/v1/things"));
    let request = request
        .header("content-type", "application/json")
        .body(fits);
    assert_eq!(running.send(request).await.status, 201);
}

#[actix_web::test]
async fn a_body_that_never_comes_is_408() {
    let running = start_with(&[("HTTP_BODY_TIMEOUT_S", "1")]).await;
    let mut raw = Raw::connect(running.addr).await;
    raw.write(
        "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{",
    )
    .await;
    let answer = raw.read_until("REQUEST_TIMEOUT").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// It held its connection until the server gave the whole answer up, and blamed itself with 503.
#[actix_web::test]
async fn a_body_that_is_not_wanted_and_never_comes_is_408_too() {
    let running = start_with(&[("HTTP_BODY_TIMEOUT_S", "1")]).await;
    let mut raw = Raw::connect(running.addr).await;
    raw.write("POST /off HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        .await;
    let answer = raw.read_until("REQUEST_TIMEOUT").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[actix_web::test]
async fn no_body_is_nothing_or_an_empty_object() {
    let running = start_with(&[("HTTP_BODY_LIMIT_BYTES", "1024")]).await;
    for (body, expected) in [
        ("", 200),
        (" ", 200),
        ("{}", 200),
        (r#"{"x": 1}"#, 400),
        ("[", 400),
        (&"x".repeat(1025), 413),
    ] {
        let request = running
            .client
            .post(running.url("/off"))
            .body(body.to_owned());
        assert_eq!(running.send(request).await.status, expected, "{body}");
    }
}

#[actix_web::test]
async fn a_head_that_never_ends_is_cut_off() {
    let running = start_with(&[("HTTP_HEAD_TIMEOUT_S", "1")]).await;
    let mut raw = Raw::connect(running.addr).await;
    raw.write("GET /api/v1/things HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await;
    let began = Instant::now();
    let answer = raw.read_until_closed().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "cut off after {took:?}");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

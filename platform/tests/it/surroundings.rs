//! Probes, metrics and documentation.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::{Answer, PATIENCE, Running, start};

async fn until_ready_says(running: &Running, status: &str) -> Answer {
    let began = Instant::now();
    loop {
        let answer = running.get("/health/ready").await;
        if answer.json()["status"] == status {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "it still says {}", answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn readiness_follows_its_checks_and_liveness_does_not() {
    let running = start().await;
    let ready = running.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    let expected = json!({"status": "ready", "checks": {
        "postgres": {"status": "up", "required": true},
        "redis": {"status": "up", "required": false},
    }});
    assert_eq!(ready.json(), expected);

    running.redis_is_up.store(false, Ordering::SeqCst);
    let degraded = until_ready_says(&running, "degraded").await;
    assert_eq!(
        (
            degraded.status,
            &degraded.json()["checks"]["redis"]["status"]
        ),
        (200, &json!("down"))
    );

    running.postgres_is_up.store(false, Ordering::SeqCst);
    let away = until_ready_says(&running, "not_ready").await;
    assert_eq!((away.status, away.header("retry-after")), (503, "1"));
    assert!(
        !away.text.contains("switched off"),
        "why is for the log: {}",
        away.text
    );
    assert_eq!(running.get("/health/live").await.status, 200);

    running.postgres_is_up.store(true, Ordering::SeqCst);
    running.redis_is_up.store(true, Ordering::SeqCst);
    assert_eq!(until_ready_says(&running, "ready").await.status, 200);
}

#[actix_web::test]
async fn requests_are_counted_by_method_route_and_status_and_never_by_path() {
    let running = start().await;
    running.get("/api/v1/things/1").await;
    running.get("/api/v1/things/2").await;
    running.get("/somewhere/unheard-of").await;
    let odd = reqwest::Method::from_bytes(b"MOVE").expect("a method");
    running
        .send(running.client.request(odd, running.url("/api/v1/things/3")))
        .await;
    let page = running.get("/metrics").await;
    assert!(page.header("content-type").starts_with("text/plain"));
    for series in [
        r#"http_requests_total{method="GET",route="/api/v1/things/{id}",status="200"}"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"}"#,
        r#"http_requests_total{method="other",route="/api/v1/things/{id}",status="405"}"#,
        r#"http_request_duration_seconds_bucket{method="GET",route="/api/v1/things/{id}",le="0.001"}"#,
        r#"http_request_duration_seconds_count{method="GET",route="/api/v1/things/{id}"}"#,
    ] {
        assert!(
            page.text.contains(series),
            "{series} is not in\n{}",
            page.text
        );
    }
    assert!(
        !page.text.contains("unheard-of") && !page.text.contains("MOVE"),
        "{}",
        page.text
    );
}

#[actix_web::test]
async fn the_document_is_openapi_3_1_and_lists_the_routes_with_their_scope() {
    let running = start().await;
    let answer = running.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "A test");
    assert!(document["paths"]["/api/v1/things"]["post"].is_object());
    assert!(document["paths"]["/api/v1/things"]["get"].is_object());
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let error = &document["components"]["schemas"]["ErrorBody"]["properties"];
    assert!(
        error["requestId"].is_object() && error["details"].is_object(),
        "{document}"
    );
    let parameters = document["paths"]["/api/v1/things"]["get"]["parameters"].as_array();
    let names: Vec<_> = parameters
        .expect("parameters")
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, [&json!("page"), &json!("size"), &json!("sort")]);
}

#[actix_web::test]
async fn the_ui_is_served_from_inside_the_program() {
    let running = start().await;
    let page = running.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    for part in [
        "swagger-ui-bundle.js",
        "swagger-ui.css",
        "swagger-initializer.js",
    ] {
        assert!(page.text.contains(part));
        let answer = running.get(&format!("/docs/{part}")).await;
        assert!(
            answer.status == 200 && !answer.text.is_empty(),
            "{part}: {}",
            answer.status
        );
    }
    let initializer = running.get("/docs/swagger-initializer.js").await;
    assert!(
        initializer.text.contains("/openapi.json"),
        "{}",
        initializer.text
    );
    assert!(
        !initializer.text.contains("petstore"),
        "{}",
        initializer.text
    );
    assert_eq!(running.get("/docs/nothing.js").await.error().0, 404);
}

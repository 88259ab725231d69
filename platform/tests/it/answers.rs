//! Errors have one form, whoever makes them.

use serde_json::json;

use crate::fixture::{start, start_with};

#[actix_web::test]
async fn a_path_without_a_route_is_404_and_a_method_without_one_405_with_allow() {
    let running = start().await;
    for path in [
        "/",
        "/nothing",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/things/1/2",
    ] {
        assert_eq!(
            running.get(path).await.error(),
            (404, "NOT_FOUND".into()),
            "{path}"
        );
    }
    let delete = running
        .send(running.client.delete(running.url("/api/v1/things")))
        .await;
    assert_eq!(delete.error(), (405, "METHOD_NOT_ALLOWED".into()));
    assert_eq!(delete.header("allow"), "GET, POST");
    let put = running
        .send(running.client.put(running.url("/api/v1/things/7")))
        .await;
    assert_eq!((put.error().0, put.header("allow")), (405, "GET"));
    let post = running
        .send(running.client.post(running.url("/health/live")))
        .await;
    assert_eq!((post.error().0, post.header("allow")), (405, "GET"));
}

#[actix_web::test]
async fn an_error_speaks_the_callers_language_and_korean_by_default() {
    let running = start().await;
    let korean = running.get("/sold-out").await;
    assert_eq!(korean.error(), (409, "COUPON_SOLD_OUT".into()));
    assert_eq!(korean.json()["message"], "쿠폰이 모두 소진되었습니다");
    assert_eq!(korean.header("content-language"), "ko");
    assert_eq!(korean.header("vary"), "Accept-Language");

    let request = running
        .client
        .get(running.url("/sold-out"))
        .header("accept-language", "en-GB");
    let english = running.send(request).await;
    assert_eq!(english.error(), (409, "COUPON_SOLD_OUT".into()));
    assert_eq!(english.json()["message"], "All coupons are taken.");
    assert_eq!(english.header("content-language"), "en");
}

#[actix_web::test]
async fn errors_that_the_framework_makes_get_the_same_form() {
    let running = start().await;
    assert_eq!(
        running.get("/foreign/x").await.error(),
        (404, "NOT_FOUND".into())
    );
    assert_eq!(
        running.get("/empty-conflict").await.error(),
        (409, "CONFLICT".into())
    );
    let own = running.get("/own-body").await;
    assert_eq!((own.status, own.text.as_str()), (400, "mine"));
}

#[actix_web::test]
async fn a_failure_never_tells_its_cause() {
    let running = start().await;
    let answer = running.get("/broken").await;
    assert_eq!(answer.error(), (500, "INTERNAL".into()));
    assert!(!answer.text.contains("secret cause"), "{}", answer.text);
}

#[actix_web::test]
async fn an_overload_says_when_to_try_again() {
    let running = start().await;
    let answer = running.get("/overloaded").await;
    assert_eq!(answer.error(), (503, "OVERLOADED".into()));
    assert_eq!(answer.header("retry-after"), "3");
}

#[actix_web::test]
async fn a_handler_that_is_stuck_is_answered_503_in_the_same_form() {
    let running = start_with(&[("HTTP_ANSWER_TIMEOUT_S", "1")]).await;
    let request = running
        .client
        .get(running.url("/stuck"))
        .header("x-request-id", "mine");
    let answer = running.send(request.header("accept-language", "en")).await;
    assert_eq!(answer.error(), (503, "TIMEOUT".into()));
    assert_eq!(
        (answer.header("retry-after"), answer.header("x-request-id")),
        ("1", "mine")
    );
    assert_eq!(
        answer.json()["message"],
        "The answer took too long; ask again."
    );
}

#[actix_web::test]
async fn paths_and_pages_name_what_is_wrong() {
    let running = start().await;
    let path = running.get("/api/v1/things/x").await;
    assert_eq!(path.error(), (400, "VALIDATION_FAILED".into()));
    assert_eq!(path.json()["details"][0]["field"], "id");
    assert_eq!(
        running.get("/api/v1/things/404").await.error(),
        (404, "PRODUCT_NOT_FOUND".into())
    );

    let page = running.get("/api/v1/things?page=2&size=5").await;
    assert_eq!(
        page.json(),
        json!({"data": [], "meta": {"page": 2, "size": 5}})
    );
    let wrong = running.get("/api/v1/things?size=101&page=10001").await;
    assert_eq!(wrong.error(), (400, "VALIDATION_FAILED".into()));
    let fields = wrong.json()["details"].as_array().map(Vec::len);
    assert_eq!(fields, Some(2));
}

#[actix_web::test]
async fn a_request_id_is_taken_or_made_and_always_returned() {
    let running = start().await;
    let request = running
        .client
        .get(running.url("/request-id"))
        .header("x-request-id", "order-7!");
    let answer = running.send(request).await;
    assert_eq!(
        (answer.text.as_str(), answer.header("x-request-id")),
        ("order-7!", "order-7!")
    );

    for refused in ["two words", &"x".repeat(129)] {
        let request = running.client.get(running.url("/request-id"));
        let answer = running.send(request.header("x-request-id", refused)).await;
        assert_ne!(answer.text, refused);
        assert_eq!(answer.text, answer.header("x-request-id"));
        let id = uuid::Uuid::parse_str(&answer.text).expect("a UUID");
        assert_eq!(id.get_version_num(), 7);
    }
    let request = running
        .client
        .get(running.url("/nothing"))
        .header("x-request-id", "mine");
    let lost = running.send(request).await;
    assert_eq!((lost.error().0, lost.header("x-request-id")), (404, "mine"));
}

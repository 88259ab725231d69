//! Who may call what.

use platform::Role;

use crate::fixture::{Answer, Running, start};

async fn call(running: &Running, path: &str, authorization: &str) -> Answer {
    let request = running
        .client
        .get(running.url(path))
        .header("authorization", authorization);
    running.send(request).await
}

#[actix_web::test]
async fn a_call_without_a_good_token_is_401_with_a_challenge() {
    let running = start().await;
    let none = running.get("/api/v1/me").await;
    assert_eq!(none.error(), (401, "UNAUTHENTICATED".into()));
    assert_eq!(
        none.header("www-authenticate"),
        r#"Bearer realm="commerce""#
    );

    let good = running.token(Role::Customer);
    for (authorization, is_invalid) in [
        (format!("Basic {good}"), false),
        (good.clone(), false),
        ("Bearer".to_owned(), false),
        ("Bearer x.y.z".to_owned(), true),
        (format!("Bearer {good}x"), true),
        (format!("Bearer {}", "x".repeat(5000)), true),
    ] {
        let answer = call(&running, "/api/v1/me", &authorization).await;
        assert_eq!(
            answer.error(),
            (401, "UNAUTHENTICATED".into()),
            "{authorization}"
        );
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge.contains("invalid_token"),
            is_invalid,
            "{authorization}: {challenge}"
        );
    }
    let two = running.client.get(running.url("/api/v1/me"));
    let two = two.header("authorization", format!("Bearer {good}"));
    let two = two.header("authorization", "Bearer other");
    assert_eq!(running.send(two).await.error().0, 401);
}

#[actix_web::test]
async fn roles_open_what_is_theirs_and_nothing_else() {
    let running = start().await;
    for (role, basket, backstage) in [
        (Role::Customer, 200, 403),
        (Role::Operator, 403, 200),
        (Role::Service, 403, 403),
    ] {
        let token = format!("bearer {}", running.token(role));
        assert_eq!(
            call(&running, "/api/v1/me", &token).await.json()["data"],
            "alice"
        );
        assert_eq!(
            call(&running, "/api/v1/basket", &token).await.status,
            basket,
            "{role}"
        );
        let answer = call(&running, "/api/v1/backstage", &token).await;
        assert_eq!(answer.status, backstage, "{role}");
        if backstage == 403 {
            assert_eq!(answer.error(), (403, "FORBIDDEN".into()));
        }
    }
    assert_eq!(running.get("/api/v1/backstage").await.error().0, 401);
}

#[actix_web::test]
async fn a_token_works_again_after_everything_was_revoked_because_it_is_verified_anew() {
    let running = start().await;
    let token = format!("Bearer {}", running.token(Role::Customer));
    assert_eq!(call(&running, "/api/v1/me", &token).await.status, 200);
    running.verifier.revoke_all();
    assert_eq!(call(&running, "/api/v1/me", &token).await.status, 200);
}

//! The schema registry, mounted without a prefix and without a token.

use serde_json::{Value, json};

use crate::shop::{Answer, Shop};

async fn send(shop: &Shop, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = shop.stranger().request(method, path);
    Answer::of(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_clients_find_their_schemas() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let get = async |path: &str| send(&shop, "GET", path, None).await;
    let subjects = get("/subjects").await;
    assert_eq!(
        (subjects.status, subjects.header("content-type")),
        (200, event_schemas::CONTENT_TYPE)
    );
    let subjects = subjects.json();
    let subject = subjects[0].as_str().expect("there is one");

    let latest = get(&format!("/subjects/{subject}/versions/latest"))
        .await
        .json();
    assert_eq!(latest["subject"], subject);
    let by_id = get(&format!("/schemas/ids/{}", latest["id"])).await.json();
    assert_eq!(by_id["schema"], latest["schema"]);
    assert_eq!(
        get("/config").await.json(),
        json!({ "compatibilityLevel": "BACKWARD" })
    );
    let path = format!("/subjects/{subject}");
    let found = send(
        &shop,
        "POST",
        &path,
        Some(json!({ "schema": latest["schema"] })),
    )
    .await;
    assert_eq!((found.status, &found.json()["id"]), (200, &latest["id"]));

    // A name is decoded as a whole: this one has a slash in it, and is not there.
    let missing = get("/subjects/a%2Fb/versions").await;
    assert_eq!(
        (missing.status, &missing.json()["error_code"]),
        (404, &json!(40401))
    );
    assert!(missing.text.contains("a/b"), "{}", missing.text);
    assert_eq!(missing.header("content-type"), event_schemas::CONTENT_TYPE);
    let write = send(&shop, "POST", &format!("{path}/versions"), Some(json!({}))).await;
    assert_eq!(
        (write.status, &write.json()["error_code"]),
        (422, &json!(42205))
    );
    assert_eq!(
        get("/subjects/%FF").await.error(),
        (400, "BAD_REQUEST".to_owned())
    );
    shop.close().await;
}

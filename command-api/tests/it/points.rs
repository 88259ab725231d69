//! Correcting a user's points.

use serde_json::{Value, json};
use testkit::unique;

use crate::world::{Answer, World};

/// Ann's points, corrected by an operator.
async fn adjust(world: &World, key: &str, body: &Value) -> Answer {
    let request = world.post("/points/ann/adjustments").operator();
    request.key(key).json(body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_gives_points_and_takes_no_more_than_there_are() {
    let world = World::start().await;
    let give = json!({ "delta": 100, "reason": "goodwill" });
    let given = adjust(&world, "give", &give).await;
    assert_eq!(given.status, 200);
    let (id, balance) = (&given.data()["id"], &given.data()["balance"]);
    assert!(id.is_string());
    assert_eq!(balance, &json!(100));
    let again = adjust(&world, "give", &give).await;
    assert_eq!((again.is_replayed(), &again.text), (true, &given.text));

    let take = json!({ "delta": -101, "reason": "a mistake" });
    let refused = adjust(&world, &unique("k"), &take).await;
    assert_eq!(refused.error(), (409, "INSUFFICIENT_POINTS"));
    let take = json!({ "delta": -60, "reason": "a mistake" });
    let taken = adjust(&world, &unique("k"), &take).await;
    assert_eq!(
        (&taken.data()["userId"], &taken.data()["spendable"]),
        (&json!("ann"), &json!(40))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_correction_is_named() {
    let world = World::start().await;
    for delta in [0, 10_000_001, -10_000_001, i64::MIN] {
        let body = json!({ "delta": delta, "reason": " " });
        let answer = adjust(&world, &unique("k"), &body).await;
        let named: Vec<(String, String)> = answer.details();
        let expected = [("delta", "OUT_OF_RANGE"), ("reason", "TOO_SHORT")];
        let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(named, expected, "{delta}");
    }
    for (body, field) in [
        (
            json!({ "delta": 1, "reason": "late", "expiresAt": "2020-01-01T00:00:00Z" }),
            "expiresAt",
        ),
        (
            json!({ "delta": -1, "reason": "late", "expiresAt": "2999-01-01T00:00:00Z" }),
            "expiresAt",
        ),
        (json!({ "delta": 1, "reason": "x", "points": 1 }), "points"),
    ] {
        let answer = adjust(&world, &unique("k"), &body).await;
        assert_eq!(answer.error(), (400, "VALIDATION_FAILED"), "{body}");
        assert_eq!(answer.details()[0].0, field, "{body}");
    }
    let nobody = world.post("/points/a%20b/adjustments").operator();
    let body = json!({ "delta": 1, "reason": "late" });
    let nobody = nobody.key(&unique("k")).json(&body).send().await;
    assert_eq!(nobody.details()[0].0, "userId");
}

//! The registry as a stock client sees it.

use event_schemas::{PATH_ROOTS, topics};
use serde_json::{Value, json};

use crate::decode::registry;

const CREATED: &str = "order.order.created-value";

fn get(path: &str) -> (u16, Value) {
    let segments: Vec<_> = path.split('/').collect();
    registry().answer("GET", &segments, b"")
}

fn look_up(subject: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    registry().answer("POST", &["subjects", subject], body.as_bytes())
}

fn code((status, body): &(u16, Value)) -> (u16, u64) {
    assert!(body["message"].is_string());
    (*status, body["error_code"].as_u64().unwrap())
}

#[test]
fn it_has_a_subject_a_topic() {
    let mut subjects: Vec<_> = topics()
        .iter()
        .map(|topic| format!("{}-value", topic.name))
        .collect();
    subjects.sort();
    assert_eq!(get("subjects"), (200, json!(subjects)));
}

#[test]
fn a_version_comes_with_its_id_and_schema() {
    let (status, first) = get(&format!("subjects/{CREATED}/versions/1"));
    assert_eq!(status, 200);
    assert_eq!(first["subject"], CREATED);
    assert_eq!(first["version"], 1);
    assert_eq!(first["id"], 1);
    assert_eq!(first.as_object().unwrap().len(), 4);

    let text = first["schema"].as_str().unwrap();
    let schema: Value = serde_json::from_str(text).unwrap();
    assert_eq!(schema["name"], "OrderCreatedEvent");
    assert_eq!(schema["namespace"], "com.commerce.order.events");
    assert!(!text.contains('\n') && !text.contains("\": "), "{text}");
    let alone = get(&format!("subjects/{CREATED}/versions/1/schema"));
    assert_eq!(alone, (200, schema));
}

#[test]
fn the_latest_version_is_the_last() {
    let (status, versions) = get(&format!("subjects/{CREATED}/versions"));
    assert_eq!((status, &versions[0]), (200, &json!(1)));
    let last = versions.as_array().unwrap().last().unwrap();
    let latest = get(&format!("subjects/{CREATED}/versions/latest"));
    assert_eq!(latest, get(&format!("subjects/{CREATED}/versions/{last}")));
    assert_eq!(latest.1["version"], *last);
}

#[test]
fn a_schema_is_found_by_the_id_in_a_record() {
    let (status, found) = get("schemas/ids/1");
    assert_eq!(status, 200);
    assert_eq!(
        found,
        json!({ "schema": registry().by_id(1).unwrap().text() })
    );
    assert_eq!(get("schemas/ids/1/subjects"), (200, json!([CREATED])));
    let versions = json!([{ "subject": CREATED, "version": 1 }]);
    assert_eq!(get("schemas/ids/1/versions"), (200, versions));
}

#[test]
fn it_says_what_it_is() {
    let backward = json!({ "compatibilityLevel": "BACKWARD" });
    assert_eq!(get("config"), (200, backward.clone()));
    assert_eq!(get(&format!("config/{CREATED}")), (200, backward));
    assert_eq!(get("mode"), (200, json!({ "mode": "READONLY" })));
    assert_eq!(get("schemas/types"), (200, json!(["AVRO"])));
    assert_eq!(get("contexts"), (200, json!(["."])));
    assert_eq!(get(""), (200, json!({})));
}

#[test]
fn a_topic_has_no_other_subject_than_its_own() {
    let associations = get("associations/resources/-/order.order.created");
    assert_eq!(associations, (200, json!([])));
}

#[test]
fn what_is_to_be_mounted_is_named() {
    let answered = [
        "subjects",
        "schemas/types",
        "config",
        "mode",
        "contexts",
        "associations/resources/-/t",
    ];
    for path in answered {
        assert_eq!(get(path).0, 200, "{path}");
    }
    let roots = answered.map(|path| path.split('/').next().unwrap());
    assert_eq!(roots, PATH_ROOTS);
}

#[test]
fn what_is_not_there_has_confluents_codes() {
    assert_eq!(code(&get("subjects/none-value/versions")), (404, 40401));
    assert_eq!(
        code(&get("subjects/none-value/versions/latest")),
        (404, 40401)
    );
    assert_eq!(code(&get("subjects/none-value/versions/1")), (404, 40401));
    assert_eq!(code(&get("config/none-value")), (404, 40401));
    assert_eq!(
        code(&get(&format!("subjects/{CREATED}/versions/99"))),
        (404, 40402)
    );
    for invalid in ["0", "-1", "2147483648", "newest", "1.0", ""] {
        let answer = get(&format!("subjects/{CREATED}/versions/{invalid}"));
        assert_eq!(code(&answer), (422, 42202), "{invalid}");
    }
    assert_eq!(code(&get("schemas/ids/999999")), (404, 40403));
    assert_eq!(code(&get("schemas/ids/x")), (404, 404));
    assert_eq!(code(&get("elsewhere")), (404, 404));
}

#[test]
fn a_client_finds_the_version_of_its_own_copy() {
    let schema: Value = serde_json::from_str(registry().by_id(1).unwrap().text()).unwrap();
    let pretty = serde_json::to_string_pretty(&schema).unwrap();
    let (status, found) = look_up(CREATED, &json!({ "schema": pretty, "schemaType": "AVRO" }));
    assert_eq!(
        (status, &found["id"], &found["version"]),
        (200, &json!(1), &json!(1))
    );

    let other = json!({ "schema": "\"string\"" });
    assert_eq!(code(&look_up(CREATED, &other)), (404, 40403));
    assert_eq!(code(&look_up("none-value", &other)), (404, 40401));
    assert_eq!(
        code(&look_up(CREATED, &json!({ "schema": "{" }))),
        (422, 42201)
    );
    assert_eq!(code(&look_up(CREATED, &json!({}))), (422, 42201));
}

#[test]
fn nothing_is_registered_but_by_a_commit() {
    let writes = [
        ("POST", vec!["subjects", CREATED, "versions"]),
        ("DELETE", vec!["subjects", CREATED]),
        ("PUT", vec!["config"]),
        ("PUT", vec!["mode", CREATED]),
    ];
    for (method, segments) in writes {
        let answer = registry().answer(method, &segments, b"{}");
        assert_eq!(code(&answer), (422, 42205), "{method} {segments:?}");
    }
}

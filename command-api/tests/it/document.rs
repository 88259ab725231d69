//! The OpenAPI document: version 3.1, every command of the contract, and nothing that is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::World;

/// The commands of the contract, and whether each needs a key.
const COMMANDS: [(&str, &str, bool); 22] = [
    ("post", "/products", false),
    ("patch", "/products/{id}", false),
    ("post", "/products/{id}/on-sale", false),
    ("post", "/products/{id}/sold-out", false),
    ("post", "/products/{id}/stock/receipts", true),
    ("post", "/products/{id}/stock/adjustments", true),
    ("post", "/coupon-pools", false),
    ("post", "/coupon-pools/{id}/coupons", true),
    ("post", "/orders", true),
    ("post", "/orders/{id}/payments", true),
    ("post", "/payments/{id}/refunds", true),
    ("post", "/payments/{id}/refunds/{refundId}/account", true),
    ("post", "/payments/{id}/refunds/{refundId}/retry", true),
    ("post", "/payments/{id}/inquire", true),
    ("post", "/orders/{id}/cancel", false),
    ("post", "/orders/{id}/confirm", false),
    ("post", "/payment-methods/customer-key", false),
    ("post", "/payment-methods", true),
    ("post", "/payment-methods/{id}/default", false),
    ("delete", "/payment-methods/{id}", false),
    ("post", "/points/{userId}/adjustments", true),
    ("post", "/events/{position}/resend", false),
];

/// No command, and the one way in without a token.
const WEBHOOKS: &str = "/api/v1/webhooks/{company}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_3_1_and_lists_every_command_and_no_other() {
    let world = World::start().await;
    let document = world.contract.document();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let paths = document["paths"].as_object().expect("paths");
    let listed: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("an item");
            item.keys().map(|method| (method.clone(), path.clone()))
        })
        .collect();
    let expected: BTreeSet<(String, String)> = COMMANDS
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), format!("/api/v1{path}")))
        .chain([("post".to_owned(), WEBHOOKS.to_owned())])
        .collect();
    assert_eq!(listed, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_listed_command_has_a_route_behind_the_door() {
    let world = World::start().await;
    for (method, path, _) in COMMANDS {
        let path = path
            .replace("{id}", "0")
            .replace("{refundId}", "0")
            .replace("{userId}", "ann")
            .replace("{position}", "0");
        let verb = match method {
            "post" => "POST",
            "delete" => "DELETE",
            _ => "PATCH",
        };
        let answer = world.request(verb, &path).send().await;
        assert_eq!(answer.error(), (401, "UNAUTHENTICATED"), "{method} {path}");
    }
    let other = world.request("DELETE", "/orders").send().await;
    assert_eq!(other.error(), (405, "METHOD_NOT_ALLOWED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_says_its_headers_its_security_and_its_errors() {
    let world = World::start().await;
    let document = world.contract.document();
    assert!(document["components"]["securitySchemes"]["bearer"].is_object());
    for (method, path, needs_key) in COMMANDS {
        let operation = &document["paths"][format!("/api/v1{path}")][method];
        let name = format!("{method} {path}");
        assert_eq!(
            operation["security"],
            serde_json::json!([{ "bearer": [] }]),
            "{name}"
        );
        assert!(operation["summary"].is_string(), "{name} says what it does");
        let parameters = operation["parameters"].as_array().expect("parameters");
        let key = parameters
            .iter()
            .find(|parameter| parameter["name"] == "Idempotency-Key")
            .unwrap_or_else(|| panic!("{name} has a key"));
        assert_eq!(
            (&key["in"], &key["required"]),
            (&"header".into(), &needs_key.into()),
            "{name}"
        );
        let responses = operation["responses"].as_object().expect("responses");
        for status in ["400", "401", "403", "409", "413", "422", "500", "503"] {
            assert!(responses.contains_key(status), "{name} lists {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_schema_that_is_named_is_there() {
    let world = World::start().await;
    let document = world.contract.document();
    let mut named = BTreeSet::new();
    collect_refs(document, &mut named);
    assert!(named.len() > 10, "the search finds references: {named:?}");
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for name in named {
        let name = name
            .strip_prefix("#/components/schemas/")
            .expect("a schema of this document");
        assert!(schemas.contains_key(name), "{name} is named and not there");
    }
}

fn collect_refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            fields.values().for_each(|value| collect_refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_refs(value, found)),
        _ => {}
    }
}

//! A new version reads what the one before wrote: Confluent's BACKWARD.

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use event_schemas::{COMPATIBILITY, Version};

use crate::decode::registry;

/// Whether a consumer with the new schema reads *every* record of the old one. Avro's own check also lets
/// pass what some records could be read by; Confluent's doesn't.
fn check(old: &Schema, new: &Schema) -> Result<(), String> {
    if old.name() != new.name() {
        return Err(format!("{:?} became {:?}", old.name(), new.name()));
    }
    match SchemaCompatibility::can_read(old, new) {
        Ok(Compatibility::Full) => Ok(()),
        Ok(Compatibility::Partial) => Err("only some old records can be read".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_version_reads_what_the_one_before_wrote() {
    assert_eq!(COMPATIBILITY, "BACKWARD");
    let registry = registry();
    for subject in registry.subjects() {
        for pair in registry.versions(subject).windows(2) {
            let [old, new] = [pair[0], pair[1]]
                .map(|version| registry.schema(subject, Version::Number(version)).unwrap());
            if let Err(error) = check(old.avro(), new.avro()) {
                panic!("{subject} version {}: {error}", new.version());
            }
        }
    }
}

/// The created event as published, and the same with one thing changed.
fn planted(was: &str, becomes: &str) -> Result<(), String> {
    let old = registry()
        .schema("order.order.created-value", Version::Number(1))
        .unwrap();
    assert!(old.text().contains(was), "nothing to change: {was}");
    let new = Schema::parse_str(&old.text().replacen(was, becomes, 1)).unwrap();
    check(old.avro(), &new)
}

#[test]
fn a_field_more_is_compatible_only_with_a_default() {
    let fields = "\"fields\":[";
    let with_default = r#""fields":[{"name":"x","type":["null","string"],"default":null},"#;
    assert_eq!(planted(fields, with_default), Ok(()));
    let without = r#""fields":[{"name":"x","type":"string"},"#;
    assert!(planted(fields, without).unwrap_err().contains('x'));
}

#[test]
fn a_narrower_or_other_type_is_incompatible() {
    let total = r#""name":"total_amount","type":"long""#;
    assert!(planted(total, r#""name":"total_amount","type":"int""#).is_err());
    assert!(planted(total, r#""name":"total_amount","type":"string""#).is_err());
    let quantity = r#""name":"quantity","type":"int""#;
    assert_eq!(
        planted(quantity, r#""name":"quantity","type":"long""#),
        Ok(())
    );
}

#[test]
fn what_may_be_null_stays_so() {
    let id = |kind: &str, default: &str| {
        format!(r#""type":{kind},"doc":"The line's own id, a UUID.","default":{default}"#)
    };
    let found = planted(
        &id(r#"["null","string"]"#, "null"),
        &id(r#""string""#, "\"\""),
    );
    assert!(found.unwrap_err().contains("only some"));
}

#[test]
fn a_renamed_record_or_field_is_incompatible() {
    assert!(planted("OrderCreatedEvent", "OrderPlacedEvent").is_err());
    assert!(planted("com.commerce.order", "com.commerce.checkout").is_err());
    assert!(planted("\"name\":\"user_id\"", "\"name\":\"buyer_id\"").is_err());
}

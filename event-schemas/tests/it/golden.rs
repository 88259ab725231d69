//! Records as they were once published, in `golden/{topic}/v{version}.json`: their bytes, and what they say.
//!
//! They stand for the records that lie in Kafka for good: each must decode under its id for ever, also
//! for a consumer that knows a newer version. And those of a topic's newest version are what the
//! program writes today, so that no change of a rule changes the published language unseen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use data_encoding::HEXLOWER;
use event_schemas::{Version, publish, topics};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{decode, decode_as, encoded, registry};
use crate::manifest::{Line, lines, room};
use crate::samples::samples;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Golden {
    event_type: String,
    key: String,
    record: String,
    value: Value,
}

fn golden(line: &Line) -> Vec<Golden> {
    let path = room().join(golden_path(line));
    let json = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    serde_json::from_str(&json).unwrap()
}

fn golden_path(line: &Line) -> String {
    let topic = line.subject.strip_suffix("-value").unwrap();
    format!("golden/{topic}/v{}.json", line.version)
}

/// What the program publishes of every sample, by topic.
fn published_now() -> BTreeMap<&'static str, Vec<Golden>> {
    let mut by_topic = BTreeMap::<_, Vec<_>>::new();
    for event in samples().iter().filter_map(publish) {
        let record = encoded(&event);
        by_topic.entry(event.topic).or_default().push(Golden {
            event_type: event.event_type.to_owned(),
            key: event.key,
            value: decode(&record).value,
            record: HEXLOWER.encode(&record),
        });
    }
    by_topic
}

#[test]
fn what_was_published_still_decodes_for_old_and_new_consumers() {
    for line in lines() {
        let newest = registry().schema(&line.subject, Version::Latest).unwrap();
        for golden in golden(&line) {
            let record = HEXLOWER.decode(golden.record.as_bytes()).unwrap();
            let old = decode(&record);
            assert_eq!(old.schema_id, line.id, "{}", line.file);
            assert_eq!(old.value, golden.value, "{}", line.file);
            let new = decode_as(&record, Some(newest.avro()));
            assert_eq!(new.value["event_id"], golden.value["event_id"]);
        }
    }
}

#[test]
fn the_program_publishes_what_the_golden_records_say() {
    let now = published_now();
    let mut changed = Vec::new();
    for topic in topics() {
        let subject = format!("{}-value", topic.name);
        let newest = registry().schema(&subject, Version::Latest).unwrap().id();
        let line = lines().into_iter().find(|line| line.id == newest).unwrap();
        let actual = &now[topic.name];
        if !room().join(golden_path(&line)).exists() || golden(&line) != *actual {
            changed.push(propose(&golden_path(&line), actual));
        }
    }
    assert!(
        changed.is_empty(),
        "golden/ does not say what is published now. If the change is meant and these versions were \
         never published, copy the files there; else add a version: {changed:#?}",
    );
}

/// Writes what is published now beside the build's other leavings, for a person to look at and copy.
fn propose(path: &str, actual: &[Golden]) -> String {
    let proposal = Path::new(env!("CARGO_TARGET_TMPDIR")).join(path);
    fs::create_dir_all(proposal.parent().unwrap()).unwrap();
    let json = serde_json::to_string_pretty(actual).unwrap();
    fs::write(&proposal, json + "\n").unwrap();
    proposal.display().to_string()
}

#[test]
fn every_public_name_of_the_catalogue_is_published_and_no_other() {
    let now = published_now();
    let published: BTreeMap<_, Vec<_>> = now
        .iter()
        .map(|(topic, records)| {
            let mut types: Vec<_> = records.iter().map(|r| r.event_type.as_str()).collect();
            types.dedup();
            (*topic, types)
        })
        .collect();
    let listed: BTreeMap<_, _> = topics()
        .iter()
        .map(|topic| (topic.name, topic.event_types.to_vec()))
        .collect();
    assert_eq!(published, listed);
}

#[test]
fn the_readme_has_the_catalogue() {
    let readme = fs::read_to_string(room().join("README.md")).unwrap();
    let written: Vec<_> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| topic |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let listed: Vec<_> = topics()
        .iter()
        .map(|t| {
            format!(
                "| `{}` | `{}` | {} |",
                t.name,
                t.event_types.join("` `"),
                t.keyed_by
            )
        })
        .collect();
    assert_eq!(written, listed);
}

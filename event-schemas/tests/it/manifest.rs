//! `registry.json` only grows: a published schema is never edited, and an id never means another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::decode::registry;

/// A line of the manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) id: u32,
    pub(crate) subject: String,
    pub(crate) version: u32,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

pub(crate) fn room() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

pub(crate) fn lines() -> Vec<Line> {
    let json = fs::read_to_string(room().join("registry.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// The schemas on disk, by path from the room.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for topic in fs::read_dir(room().join("schemas")).unwrap() {
        for file in fs::read_dir(topic.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(room()).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// The first thing that is wrong with a manifest.
fn check(lines: &[Line], files: &BTreeMap<String, String>) -> Result<(), String> {
    let mut versions = BTreeMap::<&str, u32>::new();
    let mut listed = BTreeSet::new();
    for (id, line) in (1..).zip(lines) {
        let Line { file, subject, .. } = line;
        if line.id != id {
            return Err(format!(
                "{file} has id {}, its place gives it {id}",
                line.id
            ));
        }
        let version = versions.entry(subject).or_default();
        *version += 1;
        if line.version != *version {
            return Err(format!("{file} is not version {version} of {subject}"));
        }
        let topic = subject.strip_suffix("-value").unwrap_or_default();
        if *file != format!("schemas/{topic}/v{version}.avsc") {
            return Err(format!("{file} is not where {subject} belongs"));
        }
        let content = files
            .get(file)
            .ok_or_else(|| format!("{file} is missing"))?;
        let fingerprint = fingerprint(content);
        if line.sha256 != fingerprint {
            return Err(format!(
                "{file} was edited: {fingerprint}; if it was published, add a version instead"
            ));
        }
        listed.insert(file.as_str());
    }
    match files.keys().find(|file| !listed.contains(file.as_str())) {
        Some(file) => Err(format!("{file} is not listed")),
        None => Ok(()),
    }
}

/// Of what the schema says, whatever its white space and the order of its keys.
fn fingerprint(schema: &str) -> String {
    let canonical = serde_json::from_str::<serde_json::Value>(schema).unwrap();
    HEXLOWER.encode(&Sha256::digest(canonical.to_string()))
}

#[test]
fn the_manifest_lists_every_schema_as_it_was_published() {
    assert_eq!(check(&lines(), &files()), Ok(()));
}

#[test]
fn the_registry_is_what_the_manifest_lists() {
    for line in lines() {
        let registered = registry().by_id(line.id).unwrap();
        assert_eq!(registered.subject(), line.subject);
        assert_eq!(registered.version(), line.version);
        assert_eq!(fingerprint(registered.text()), line.sha256);
    }
    let listed: BTreeSet<_> = lines().into_iter().map(|line| line.subject).collect();
    assert!(listed.iter().eq(registry().subjects()));
}

/// Plants a fault; gives what the check says to it.
fn planted(fault: impl FnOnce(&mut Vec<Line>, &mut BTreeMap<String, String>)) -> String {
    let (mut lines, mut files) = (lines(), files());
    fault(&mut lines, &mut files);
    check(&lines, &files).unwrap_err()
}

#[test]
fn an_edited_schema_is_found() {
    let found = planted(|lines, files| {
        let schema = files.get_mut(&lines[0].file).unwrap();
        *schema = schema.replace("\"default\": \"KRW\"", "\"default\": \"USD\"");
    });
    assert!(found.contains("was edited"), "{found}");
}

#[test]
fn an_id_given_twice_is_found() {
    let found = planted(|lines, _| lines[1].id = 1);
    assert!(found.contains("has id 1, its place gives it 2"), "{found}");
}

#[test]
fn a_withdrawn_schema_is_found() {
    let found = planted(|lines, _| drop(lines.remove(3)));
    assert!(found.contains("has id 5, its place gives it 4"), "{found}");
    let found = planted(|lines, files| drop(files.remove(&lines[3].file)));
    assert!(found.contains("is missing"), "{found}");
}

#[test]
fn a_skipped_version_is_found() {
    let found = planted(|lines, _| lines.last_mut().unwrap().version += 1);
    assert!(found.contains("is not version"), "{found}");
}

#[test]
fn a_schema_that_nobody_listed_is_found() {
    let found = planted(|_, files| {
        files.insert(
            "schemas/order.order.lost/v1.avsc".to_owned(),
            "{}".to_owned(),
        );
    });
    assert_eq!(found, "schemas/order.order.lost/v1.avsc is not listed");
}

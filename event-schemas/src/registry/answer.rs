//! Answers of a Confluent Schema Registry that takes no writes.
//!
//! Pure functions of a request, so that whoever serves HTTP mounts them with one handler. The paths, bodies
//! and error codes are those of Confluent's public API reference. Paging and filters of the query are
//! not heeded: everything there is fits into one answer.

use serde_json::{Value, json};

use super::{COMPATIBILITY, Registered, Registry, Version};

/// The first segments of every path that [`Registry::answer`] knows: what has to be mounted.
pub const PATH_ROOTS: [&str; 6] = [
    "subjects",
    "schemas",
    "config",
    "mode",
    "contexts",
    "associations",
];

/// A status and a JSON body.
type Answer = (u16, Value);

impl Registry {
    /// Answers a request: its method, the decoded segments of its path (`["subjects"]`), and its body,
    /// which only `POST /subjects/{subject}` reads. Answers are of the type
    /// [`CONTENT_TYPE`](super::CONTENT_TYPE).
    ///
    /// | request | answer |
    /// | --- | --- |
    /// | `GET /subjects` · `/subjects/{s}/versions` | names · versions |
    /// | `GET /subjects/{s}/versions/{v or latest}` · `…/schema` | the version · its schema alone |
    /// | `GET /schemas/ids/{id}` · `…/schema` · `…/subjects` · `…/versions` | the schema, and where it stands |
    /// | `GET /schemas/types` · `/config` · `/config/{s}` · `/mode` · `/mode/{s}` · `/contexts` | what this registry is |
    /// | `GET /associations/resources/…` | none: every topic's subject is its own |
    /// | `POST /subjects/{s}` | the version that has this schema |
    /// | any write | 422, code 42205: schemas are registered by a commit |
    #[must_use]
    pub fn answer(&self, method: &str, segments: &[&str], body: &[u8]) -> Answer {
        match (method, segments) {
            ("GET" | "HEAD", _) => self.get(segments),
            ("POST", ["subjects", subject]) => self.look_up(subject, body),
            ("POST" | "PUT" | "DELETE", ["subjects" | "config" | "mode", ..]) => (
                422,
                error(
                    42205,
                    "This registry is read-only: its schemas are committed with the program.",
                ),
            ),
            _ => not_found(),
        }
    }

    fn get(&self, segments: &[&str]) -> Answer {
        match segments {
            [] | [""] => (200, json!({})),
            ["subjects"] => (200, json!(self.subjects())),
            ["subjects", subject, rest @ ..] => self.get_subject(subject, rest),
            ["schemas", "types"] => (200, json!(["AVRO"])),
            ["schemas", "ids", id, rest @ ..] => self.get_schema(id, rest),
            ["config"] => (200, json!({ "compatibilityLevel": COMPATIBILITY })),
            ["config", subject] if self.knows(subject) => {
                (200, json!({ "compatibilityLevel": COMPATIBILITY }))
            }
            ["mode"] => (200, json!({ "mode": "READONLY" })),
            ["mode", subject] if self.knows(subject) => (200, json!({ "mode": "READONLY" })),
            ["config" | "mode", subject] => no_subject(subject),
            ["contexts"] => (200, json!(["."])),
            // Clients ask whether a topic has another subject than its own; none has.
            ["associations", "resources", ..] => (200, json!([])),
            _ => not_found(),
        }
    }

    fn get_subject(&self, subject: &str, rest: &[&str]) -> Answer {
        let (version, rest) = match rest {
            ["versions"] if self.knows(subject) => return (200, json!(self.versions(subject))),
            ["versions"] => return no_subject(subject),
            ["versions", version, rest @ ..] => (version, rest),
            _ => return not_found(),
        };
        let Some(wanted) = parse_version(version) else {
            return (
                422,
                error(
                    42202,
                    "A version is a number from 1 to 2147483647, or latest.",
                ),
            );
        };
        let Some(registered) = self.schema(subject, wanted) else {
            if self.knows(subject) {
                return (404, error(40402, &format!("Version {version} not found.")));
            }
            return no_subject(subject);
        };
        match rest {
            [] => (200, whole(registered)),
            ["schema"] => (200, schema_json(registered)),
            ["referencedby"] => (200, json!([])),
            _ => not_found(),
        }
    }

    fn get_schema(&self, id: &str, rest: &[&str]) -> Answer {
        let Ok(id) = id.parse::<u32>() else {
            return not_found();
        };
        let Some(registered) = self.by_id(id) else {
            return (404, error(40403, &format!("Schema {id} not found.")));
        };
        let (subject, version) = (registered.subject(), registered.version());
        match rest {
            [] => (200, json!({ "schema": registered.text() })),
            ["schema"] => (200, schema_json(registered)),
            ["subjects"] => (200, json!([subject])),
            ["versions"] => (200, json!([{ "subject": subject, "version": version }])),
            _ => not_found(),
        }
    }

    /// Which version of the subject has the schema of the body, white space and the order of keys aside.
    fn look_up(&self, subject: &str, body: &[u8]) -> Answer {
        let schema = serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|body| serde_json::from_str::<Value>(body.get("schema")?.as_str()?).ok());
        let Some(schema) = schema else {
            return (422, error(42201, "The body has no schema that parses."));
        };
        if !self.knows(subject) {
            return no_subject(subject);
        }
        let same = self.of(subject).find(|r| schema_json(r) == schema);
        same.map_or_else(
            || (404, error(40403, "Schema not found.")),
            |registered| (200, whole(registered)),
        )
    }

    fn knows(&self, subject: &str) -> bool {
        self.of(subject).next().is_some()
    }
}

fn parse_version(version: &str) -> Option<Version> {
    if version == "latest" {
        return Some(Version::Latest);
    }
    let number = version.parse::<i32>().ok()?;
    let number = u32::try_from(number).ok().filter(|n| *n > 0)?;
    Some(Version::Number(number))
}

fn whole(registered: &Registered) -> Value {
    json!({
        "subject": registered.subject(),
        "version": registered.version(),
        "id": registered.id(),
        "schema": registered.text(),
    })
}

fn schema_json(registered: &Registered) -> Value {
    registered.json().clone()
}

fn error(code: u32, message: &str) -> Value {
    json!({ "error_code": code, "message": message })
}

fn no_subject(subject: &str) -> Answer {
    (404, error(40401, &format!("Subject {subject} not found.")))
}

fn not_found() -> Answer {
    (404, error(404, "Not found."))
}

//! Whether an answer is one that the OpenAPI document lists.

use serde_json::Value;

/// The document, as the server serves it.
pub(crate) struct Contract(Value);

impl Contract {
    pub(crate) fn new(document: Value) -> Self {
        Self(document)
    }

    pub(crate) fn document(&self) -> &Value {
        &self.0
    }

    /// Fails unless the operation's answers include this one.
    pub(crate) fn check(&self, method: &str, path: &str, status: u16, body: &Value) {
        let Some(operation) = self.operation(method, path) else {
            assert!(
                matches!(status, 404 | 405),
                "{method} {path} is in no document and answered {status}"
            );
            return;
        };
        let response = &operation["responses"][status.to_string()];
        assert!(
            response.is_object(),
            "{method} {path} answered {status}, which its document does not list: {body}"
        );
        // A webhook is answered as its company wants it, and not as the rest of the API.
        if status < 400 && response["content"]["text/plain"].is_object() {
            return;
        }
        if status < 400 {
            assert!(body["data"].is_object(), "a success has data: {body}");
            assert!(
                body["meta"]["position"].is_u64(),
                "a success has its position: {body}"
            );
            return;
        }
        let schema = &response["content"]["application/json"]["schema"];
        let listed = schema["allOf"][1]["properties"]["error"]["enum"]
            .as_array()
            .expect("the document lists the codes of each status");
        assert!(
            listed.contains(&body["error"]),
            "{method} {path} answered {status} {}, of {listed:?}",
            body["error"]
        );
        for field in ["error", "message", "requestId"] {
            assert!(body[field].is_string(), "an error has {field}: {body}");
        }
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.0["paths"].as_object().expect("paths");
        let item = paths
            .iter()
            .find(|(template, _)| matches(template, path))
            .map(|(_, item)| item)?;
        item.get(method.to_ascii_lowercase())
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(expected, segment)| expected.starts_with('{') || *expected == segment)
}

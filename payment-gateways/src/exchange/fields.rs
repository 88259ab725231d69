//! The allow-list of a call, and what passes it.

use serde_json::{Map, Value, json};

use super::cards::without_secrets;

/// The most characters of a text.
const TEXT_MAX_CHARS: usize = 500;
/// The most items of a list: a page of transactions.
const ITEMS_MAX: usize = 100;
/// The most fields of an object: a payment has fewer than fifty.
const OBJECT_MAX_FIELDS: usize = 100;
/// The most bytes of a body, written out.
const BODY_MAX_BYTES: usize = 16 * 1024;
const HIDDEN: &str = "***";

/// What of a call may be known. A field is named by its way from the top, with `[]` for "each of these":
/// `cancels[].cancelAmount`. Only texts, numbers, booleans and nulls are listed, never whole objects.
#[derive(Debug)]
pub(crate) struct CallFields {
    pub(crate) request: &'static [&'static str],
    pub(crate) response: &'static [&'static [&'static str]],
}

impl CallFields {
    pub(crate) fn allowed_of_request(&self, body: &Value) -> Value {
        bounded(allowed(&[self.request], "", body))
    }

    /// The answer's bytes, which need not be JSON.
    pub(crate) fn allowed_of_response(&self, body: &[u8]) -> Value {
        match serde_json::from_slice(body) {
            Ok(body) => bounded(allowed(self.response, "", &body)),
            Err(_) => json!({ "notJson": HIDDEN, "bytes": body.len() }),
        }
    }
}

fn allowed(lists: &[&[&str]], way: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(allowed_object(lists, way, fields)),
        Value::Array(items) => {
            let way = format!("{way}[]");
            let items = items.iter().take(ITEMS_MAX);
            let items = items.map(|item| step(lists, &way, item));
            Value::Array(items.collect())
        }
        // A body that is a bare text or number: nothing lists it.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            step(lists, way, value)
        }
    }
}

fn allowed_object(lists: &[&[&str]], way: &str, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in fields.iter().take(OBJECT_MAX_FIELDS) {
        let inner = if way.is_empty() {
            name.clone()
        } else {
            format!("{way}.{name}")
        };
        if leads_somewhere(lists, &inner) {
            kept.insert(name.clone(), step(lists, &inner, value));
        } else {
            // Even the name of an unheard-of field may be somebody's number.
            let name: String = name.chars().take(TEXT_MAX_CHARS).collect();
            kept.insert(without_secrets(&name), HIDDEN.into());
        }
    }
    kept
}

fn step(lists: &[&[&str]], way: &str, value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) if leads_further(lists, way) => {
            allowed(lists, way, value)
        }
        Value::Null => Value::Null,
        Value::Bool(_) if is_listed(lists, way) => value.clone(),
        Value::Number(number) if is_listed(lists, way) => {
            let text = number.to_string();
            let cut = without_secrets(&text);
            if cut == text {
                value.clone()
            } else {
                cut.into()
            }
        }
        Value::String(text) if is_listed(lists, way) => {
            let text: String = text.chars().take(TEXT_MAX_CHARS).collect();
            without_secrets(&text).into()
        }
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => HIDDEN.into(),
    }
}

fn is_listed(lists: &[&[&str]], way: &str) -> bool {
    lists.iter().any(|list| list.contains(&way))
}

/// Whether something behind this way is listed.
fn leads_further(lists: &[&[&str]], way: &str) -> bool {
    let mut all = lists.iter().flat_map(|list| list.iter());
    all.any(|listed| {
        let rest = listed.strip_prefix(way);
        rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
    })
}

fn leads_somewhere(lists: &[&[&str]], way: &str) -> bool {
    is_listed(lists, way) || leads_further(lists, way)
}

fn bounded(value: Value) -> Value {
    let bytes = value.to_string().len();
    if bytes <= BODY_MAX_BYTES {
        return value;
    }
    json!({ "tooLong": HIDDEN, "bytes": bytes })
}

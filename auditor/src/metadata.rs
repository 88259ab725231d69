//! An event's metadata, as far as it can be read: one that lacks an id is a finding, not an end.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

/// What the audit needs of an event's metadata.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    pub(crate) event_id: Option<Uuid>,
    pub(crate) command_id: Option<Uuid>,
    pub(crate) occurred_at: Option<DateTime<Utc>>,
}

impl Metadata {
    /// What can be read of it.
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_there() {
        for json in ["", "{}", "[]", r#"{"eventId":"x"}"#, r#"{"commandId":7}"#] {
            assert_eq!(Metadata::read(json), Metadata::default(), "{json}");
        }
        let id = Uuid::from_u128(7);
        let read = Metadata::read(&format!(r#"{{"eventId":"{id}","principal":"ann"}}"#));
        assert_eq!((read.event_id, read.command_id), (Some(id), None));
    }
}

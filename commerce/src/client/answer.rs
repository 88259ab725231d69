//! An answer of the shop.

use serde_json::Value;

/// An answer of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// As in HTTP.
    pub(crate) status: u16,
    /// Its JSON; null when it had none.
    pub(crate) body: Value,
}

impl Answer {
    pub(super) async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Self { status, body })
    }

    /// Whether it says yes.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same request may fare better in a moment.
    pub(super) fn says_later(&self) -> bool {
        matches!(self.status, 429 | 503) || self.error() == "REQUEST_IN_PROGRESS"
    }

    /// The error's code; empty when it is none.
    pub(crate) fn error(&self) -> &str {
        self.body
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A field of the data, as text; empty when it is not there.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A field of the data, as a number; 0 when it is not there.
    pub(crate) fn number(&self, pointer: &str) -> i64 {
        self.body
            .pointer(pointer)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    /// The log's position that a command reached.
    pub(crate) fn position(&self) -> u64 {
        self.body
            .pointer("/meta/position")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }
}

//! The log of exchanges: what was asked of a company and what it answered, for people who look into a payment.
//!
//! Everything passes an allow-list before the log hears of it ([`CallFields`], a table per company and call):
//! what is not listed is `"***"`. In what is listed, a card number is cut to its first six and last four digits.

mod cards;
mod fields;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

pub(crate) use self::cards::without_secrets;
pub(crate) use self::fields::CallFields;
use crate::client::{Answer, Outgoing, Trouble};

/// The headers that may be known. Those that carry secrets (`Authorization`) are not among them.
const HEADERS: [&str; 9] = [
    "accept-language",
    "content-length",
    "content-type",
    "date",
    "idempotency-key",
    "retry-after",
    "tosspayments-test-code",
    "x-mock-behaviour",
    "x-tosspayments-trace-id",
];
/// The most characters of a header's value.
const HEADER_MAX_CHARS: usize = 200;

/// One exchange with a company, with nothing in it that must not be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The company, as the gateway is called.
    pub company: &'static str,
    /// The path, with keys of payments and cards as `***`.
    pub endpoint: String,
    /// The HTTP method.
    pub method: String,
    /// The request's headers: an object of texts.
    pub request_headers: Value,
    /// The request's body, where there was one.
    pub request_body: Option<Value>,
    /// The answer's status, where there was an answer.
    pub response_status: Option<u16>,
    /// The answer's headers: an object of texts.
    pub response_headers: Option<Value>,
    /// The answer's body, where there was one.
    pub response_body: Option<Value>,
    /// How long it took.
    pub duration: Duration,
    /// Whether the company answered with a status below 400.
    pub is_success: bool,
    /// Why there was no answer: a stable word, such as `TIMEOUT`.
    pub error: Option<String>,
    /// The payment that it was about, where it was about one.
    pub payment_id: Option<Uuid>,
    /// What of the payment it was about: the charge, by the payment's id, or a refund, by its own.
    pub transaction_id: Option<Uuid>,
}

/// Hears of every exchange.
pub trait ExchangeLog: Send + Sync {
    /// Takes one. Must not wait: a payment does.
    fn told(&self, exchange: Exchange);

    /// Whether it wants to hear of any; who does not costs nothing.
    fn is_listening(&self) -> bool {
        true
    }
}

/// The log that keeps nothing.
pub struct NoLog;

impl ExchangeLog for NoLog {
    fn told(&self, _: Exchange) {}

    fn is_listening(&self) -> bool {
        false
    }
}

/// What came back.
pub(crate) enum Heard<'a> {
    Answer(&'a Answer),
    Nothing(Trouble),
}

/// What the log is told.
pub(crate) fn exchange_of(
    company: &'static str,
    outgoing: &Outgoing,
    heard: &Heard<'_>,
    duration: Duration,
) -> Exchange {
    let (answer, error) = match heard {
        Heard::Answer(answer) => (Some(answer), None),
        Heard::Nothing(trouble) => (None, Some(trouble.reason().to_owned())),
    };
    let sent = outgoing.headers.iter();
    let sent = sent.map(|(name, value)| (*name, value.as_str()));
    let fields = outgoing.fields;
    Exchange {
        at: Utc::now(),
        company,
        endpoint: without_secrets(&outgoing.logged_path),
        method: outgoing.method.as_str().to_owned(),
        request_headers: headers(sent),
        request_body: outgoing
            .body
            .as_ref()
            .map(|body| fields.allowed_of_request(body)),
        response_status: answer.map(|answer| answer.status),
        response_headers: answer.map(|answer| {
            let got = answer.headers.iter();
            headers(got.map(|(name, value)| (name.as_str(), value.as_str())))
        }),
        response_body: answer.map(|answer| fields.allowed_of_response(&answer.body)),
        duration,
        is_success: answer.is_some_and(|answer| answer.status < 400),
        error,
        payment_id: outgoing.payment_id,
        transaction_id: outgoing.transaction_id,
    }
}

fn headers<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut known = Map::new();
    for (name, value) in all {
        let name = name.to_ascii_lowercase();
        if HEADERS.contains(&name.as_str()) {
            let value: String = value.chars().take(HEADER_MAX_CHARS).collect();
            known.insert(name, Value::String(without_secrets(&value)));
        }
    }
    Value::Object(known)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! A payment as Toss tells it, as far as it matters here. Fields that Toss adds some day are not minded.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use crate::client::Answer;
use crate::gateway_text::safe_code;

pub(super) const MALFORMED: &str = "MALFORMED_ANSWER";
pub(super) const MISMATCHED: &str = crate::port::GatewayReply::MISMATCHED;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) total_amount: i64,
    pub(super) balance_amount: i64,
    #[serde(default)]
    pub(super) approved_at: Option<String>,
    #[serde(default)]
    pub(super) failure: Option<Failure>,
    #[serde(default)]
    pub(super) cancels: Option<Vec<Cancel>>,
    #[serde(default)]
    pub(super) virtual_account: Option<VirtualAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancel {
    pub(super) transaction_key: String,
    pub(super) cancel_amount: i64,
    pub(super) cancel_reason: String,
    #[serde(default)]
    pub(super) cancel_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VirtualAccount {
    pub(super) account_number: String,
    pub(super) bank_code: String,
    #[serde(default)]
    pub(super) customer_name: Option<String>,
    pub(super) due_date: DateTime<FixedOffset>,
    /// What became of the transfer back.
    #[serde(default)]
    pub(super) refund_status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
}

pub(super) fn failure_of(answer: &Answer) -> Option<Failure> {
    serde_json::from_slice(&answer.body).ok()
}

/// The reason for an answer that says nothing definite: its status, and its code if it has one.
pub(super) fn unexpected(answer: &Answer) -> String {
    let status = answer.status;
    let failure = failure_of(answer);
    let code = failure
        .as_ref()
        .and_then(|failure| safe_code(&failure.code));
    code.map_or_else(
        || format!("HTTP_{status}"),
        |code| format!("HTTP_{status}_{code}"),
    )
}

//! A payment as NICE tells it, as far as it matters here.

use serde::Deserialize;

use super::signature::SecretKey;
use crate::client::Answer;

pub(super) const MALFORMED: &str = "MALFORMED_ANSWER";
pub(super) const MISMATCHED: &str = crate::port::GatewayReply::MISMATCHED;
pub(super) const FORGED: &str = "SIGNATURE_WRONG";
/// The currency of all that is charged here; NICE takes others under another contract.
pub(super) const CURRENCY: &str = "KRW";

/// What every answer has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    pub(super) result_code: String,
    #[serde(default)]
    pub(super) result_msg: String,
    /// Only answers about a payment have one.
    #[serde(default)]
    pub(super) status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) tid: String,
    pub(super) order_id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) balance_amt: i64,
    #[serde(default)]
    pub(super) currency: Option<String>,
    pub(super) edi_date: String,
    #[serde(default)]
    pub(super) signature: Option<String>,
    #[serde(default)]
    pub(super) cancelled_tid: Option<String>,
    #[serde(default)]
    pub(super) paid_at: Option<String>,
    #[serde(default)]
    pub(super) vbank: Option<Account>,
    #[serde(default)]
    pub(super) cancels: Option<Vec<Cancel>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) vbank_code: String,
    pub(super) vbank_number: String,
    pub(super) vbank_exp_date: String,
    #[serde(default)]
    pub(super) vbank_holder: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancel {
    pub(super) tid: String,
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl Payment {
    /// Whether NICE signed it. What the signature covers is its id, its amount and its time; not its status, so a
    /// signed payment is only as good as the connection that it came over.
    pub(super) fn is_signed(&self, key: &SecretKey) -> bool {
        let amount = self.amount.to_string();
        let signed = [self.tid.as_str(), amount.as_str(), self.edi_date.as_str()];
        let signature = self.signature.as_deref();
        signature.is_some_and(|signature| key.signed(&signed, signature))
    }

    pub(super) fn is_in_won(&self) -> bool {
        // Left out where there is nothing else it could be.
        self.currency.as_deref().is_none_or(|own| own == CURRENCY)
    }

    /// Zero stands for never.
    pub(super) fn was_paid(&self) -> bool {
        let never = |at: &str| at.is_empty() || at == "0";
        self.paid_at.as_deref().is_some_and(|at| !never(at))
    }
}

/// The reason for an answer that says nothing definite: its status, and its code if it has one.
pub(super) fn unexpected(answer: &Answer) -> String {
    let status = answer.status;
    let outcome = serde_json::from_slice::<Outcome>(&answer.body).ok();
    let code = outcome.and_then(|outcome| safe_code(&outcome.result_code));
    code.map_or_else(
        || format!("HTTP_{status}"),
        |code| format!("HTTP_{status}_{code}"),
    )
}

/// NICE's codes are four characters.
pub(super) fn safe_code(code: &str) -> Option<String> {
    let is_code = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| code.to_ascii_uppercase())
}

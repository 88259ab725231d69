//! The mock's JSON: what it takes and what it answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{Charge, NewCharge, NewRefund, Refund};
use super::refusal::Refusal;
use crate::gateway_text::is_currency;

/// The largest amount, in minor units; far from where arithmetic could overflow.
const AMOUNT_MAX_MINOR: i64 = 9_999_999_999_999;
/// The longest token.
const TOKEN_MAX_CHARS: usize = 200;
/// The longest reason of a refund.
const REASON_MAX_CHARS: usize = 200;

/// A request to charge. It does not print: it holds a token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConfirmBody {
    order_id: Uuid,
    amount: i64,
    currency: String,
    pub(super) token: String,
}

impl ConfirmBody {
    pub(super) fn checked(&self, merchant_key: Uuid) -> Result<NewCharge, Refusal> {
        check_money(self.amount, &self.currency)?;
        if self.token.chars().count() > TOKEN_MAX_CHARS {
            let too_long = format!("token: at most {TOKEN_MAX_CHARS} characters");
            return Err(Refusal::Invalid(too_long));
        }
        Ok(NewCharge {
            merchant_key,
            order_id: self.order_id,
            amount: self.amount,
            currency: self.currency.clone(),
        })
    }
}

/// A request to give back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RefundBody {
    transaction_id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    reason: String,
}

impl RefundBody {
    pub(super) fn checked(self, key: Uuid, payment_id: Uuid) -> Result<NewRefund, Refusal> {
        check_money(self.amount, &self.currency)?;
        if self.reason.chars().count() > REASON_MAX_CHARS {
            let too_long = format!("reason: at most {REASON_MAX_CHARS} characters");
            return Err(Refusal::Invalid(too_long));
        }
        Ok(NewRefund {
            merchant_key: key,
            payment_id,
            charge_transaction_id: self.transaction_id,
            amount: self.amount,
            currency: self.currency,
        })
    }
}

fn check_money(amount: i64, currency: &str) -> Result<(), Refusal> {
    if !(1..=AMOUNT_MAX_MINOR).contains(&amount) {
        return Err(Refusal::Invalid(format!("amount: 1 to {AMOUNT_MAX_MINOR}")));
    }
    if !is_currency(currency) {
        return Err(Refusal::Invalid("currency: ISO 4217".to_owned()));
    }
    Ok(())
}

/// A payment, as its merchant sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentView {
    payment_id: Uuid,
    order_id: Uuid,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    amount: i64,
    refunded_amount: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Charge> for PaymentView {
    fn from(charge: Charge) -> Self {
        Self {
            payment_id: charge.merchant_key,
            order_id: charge.order_id,
            status: charge.state.as_str(),
            transaction_id: charge.transaction_id,
            amount: charge.amount,
            refunded_amount: charge.refunded_amount,
            currency: charge.currency,
            code: charge.decline.map(|decline| decline.code()),
            message: charge.decline.map(|decline| decline.message()),
            created_at: charge.created_at,
            updated_at: charge.updated_at,
        }
    }
}

/// A refund, as its merchant sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundView {
    refund_id: Uuid,
    payment_id: Uuid,
    transaction_id: String,
    status: &'static str,
    amount: i64,
    currency: String,
    created_at: DateTime<Utc>,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            refund_id: refund.merchant_key,
            payment_id: refund.payment_id,
            transaction_id: refund.transaction_id,
            status: "REFUNDED",
            amount: refund.amount,
            currency: refund.currency,
            created_at: refund.created_at,
        }
    }
}

//! What the mock answers when it does not do what it was asked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

/// A refusal, as its client sees it: `{code, message}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Invalid(String),
    #[error("the Idempotency-Key header is missing or is not a UUID")]
    KeyRequired,
    #[error("the key was used for something else")]
    KeyReused,
    #[error("there is no such call")]
    NoSuchCall,
    #[error("there is no such payment")]
    PaymentNotFound,
    #[error("the payment was not charged")]
    NotRefundable,
    #[error("only {left} is left of the charge")]
    ExceedsBalance { left: i64 },
    #[error("the refund was refused, as told")]
    RefundRefused,
    #[error("the transaction or the currency is another's")]
    TransactionMismatch,
    #[error("the ledger is full")]
    LedgerFull,
    #[error("the ledger cannot be written")]
    LedgerBroken,
    #[error("an error, as told")]
    AsTold,
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_REQUEST",
            Self::KeyRequired => "IDEMPOTENCY_KEY_REQUIRED",
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::NoSuchCall => "NO_SUCH_CALL",
            Self::PaymentNotFound => "PAYMENT_NOT_FOUND",
            Self::NotRefundable => "PAYMENT_NOT_REFUNDABLE",
            Self::ExceedsBalance { .. } => "REFUND_EXCEEDS_BALANCE",
            Self::RefundRefused => "REFUND_REFUSED",
            Self::TransactionMismatch => "TRANSACTION_MISMATCH",
            Self::LedgerFull => "LEDGER_FULL",
            Self::LedgerBroken => "LEDGER_BROKEN",
            Self::AsTold => "INTERNAL_ERROR",
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::KeyRequired => StatusCode::BAD_REQUEST,
            Self::KeyReused => StatusCode::CONFLICT,
            Self::NoSuchCall | Self::PaymentNotFound => StatusCode::NOT_FOUND,
            Self::NotRefundable
            | Self::ExceedsBalance { .. }
            | Self::RefundRefused
            | Self::TransactionMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::LedgerFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::LedgerBroken | Self::AsTold => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let body = json!({ "code": self.code(), "message": self.to_string() });
        HttpResponse::build(self.status_code()).json(body)
    }
}

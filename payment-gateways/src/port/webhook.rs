//! What a company tells the shop by itself.
//!
//! A notice is never the truth about a payment: it says which payment to ask about. What it claims is kept as
//! evidence, with how far the sender is known.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One delivery, as it came.
#[derive(Clone, Copy, Debug)]
pub struct WebhookDelivery<'a> {
    /// Its header lines: names in any case.
    pub headers: &'a [(String, String)],
    /// Its raw bytes: signatures cover these, not what a parser makes of them.
    pub body: &'a [u8],
    /// When it came, by our clock: signatures older than a few minutes count for nothing.
    pub received_at: DateTime<Utc>,
}

impl WebhookDelivery<'_> {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookNotice {
    /// The same for every delivery of this notice, so that doubles are seen.
    pub id: String,
    /// What it is about.
    pub subject: NoticeSubject,
    /// What it claims.
    pub claim: NoticeClaim,
    /// How far the sender is known.
    pub trust: NoticeTrust,
}

impl WebhookNotice {
    /// The payments to ask about.
    #[must_use]
    pub fn payment_ids(&self) -> &[Uuid] {
        match &self.subject {
            NoticeSubject::Payments(ids) => ids,
            NoticeSubject::BillingKey(_) | NoticeSubject::Settlement { .. } => &[],
        }
    }
}

/// What a notice is about.
#[derive(Clone, PartialEq, Eq)]
pub enum NoticeSubject {
    /// These payments of ours: at least one.
    Payments(Vec<Uuid>),
    /// A billing key that charges no more.
    BillingKey(String),
    /// A payout or a seller: nothing that a payment waits for.
    Settlement {
        /// The company's word for the kind.
        kind: String,
        /// The company's id of it.
        id: String,
    },
}

impl std::fmt::Debug for NoticeSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Payments(ids) => f.debug_tuple("Payments").field(ids).finish(),
            Self::BillingKey(_) => f.debug_tuple("BillingKey").field(&"***").finish(),
            Self::Settlement { kind, id } => f
                .debug_struct("Settlement")
                .field("kind", kind)
                .field("id", id)
                .finish(),
        }
    }
}

/// What a notice claims; nothing of it is believed before the company was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeClaim {
    /// The company's word for the state.
    pub status: Option<String>,
    /// In minor units.
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What is left of the charge, in minor units: nothing of one that did not happen or was given back.
    pub left_minor: Option<i64>,
}

/// How far a notice's sender is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeTrust {
    /// Its signature is the company's. What the signature does not cover may still be forged.
    Signed,
    /// The company does not sign these: anybody may have sent it.
    Unsigned,
}

/// Why a delivery is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// The company sends none, or none is configured.
    #[error("this gateway sends no webhooks")]
    Unsupported,
    /// It is not what the company sends.
    #[error("the webhook makes no sense")]
    Malformed,
    /// It is longer than any of the company's.
    #[error("the webhook is too long")]
    TooLarge,
    /// It must be signed and is not, or there is no key to look with.
    #[error("the webhook's signature is missing or cannot be checked")]
    SignatureMissing,
    /// Its signature is another's.
    #[error("the webhook's signature is wrong")]
    SignatureWrong,
    /// It was signed too long ago, or in the future.
    #[error("the webhook was signed at another time")]
    SignatureStale,
    /// It is about something that is not ours: another shop's order number.
    #[error("the webhook is about no payment of this shop")]
    NotOurs,
}

impl WebhookRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsupported => "WEBHOOK_UNSUPPORTED",
            Self::Malformed => "WEBHOOK_MALFORMED",
            Self::TooLarge => "WEBHOOK_TOO_LARGE",
            Self::SignatureMissing => "WEBHOOK_SIGNATURE_MISSING",
            Self::SignatureWrong => "WEBHOOK_SIGNATURE_WRONG",
            Self::SignatureStale => "WEBHOOK_SIGNATURE_STALE",
            Self::NotOurs => "WEBHOOK_NOT_OURS",
        }
    }
}

/// How a company wants to hear that a delivery was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookAcknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

impl WebhookAcknowledgement {
    /// 200 and an empty object: all that most companies look at is the status.
    pub const EMPTY: Self = Self {
        status: 200,
        content_type: "application/json",
        body: "{}",
    };
}

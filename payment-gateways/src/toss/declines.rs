//! The codes on which a charge by Toss is declined: nothing was charged, and nothing will be.
//!
//! Only what the card's or the account's own company said of the buyer's means is here. All other codes are
//! unknown, and the payment is read back by its order number:
//!
//! | code | why it declines nothing |
//! | --- | --- |
//! | `ALREADY_PROCESSED_PAYMENT` | it was charged, most likely by an earlier try |
//! | `PROVIDER_ERROR`, every 5xx | passing; the charge may have gone through before the error |
//! | 409 `IDEMPOTENT_REQUEST_PROCESSING` | the first try is still under way |
//! | `NOT_FOUND_PAYMENT_SESSION`, `NOT_FOUND_PAYMENT` | says what Toss finds now, not what it did; the inquiry tells |
//! | `UNAUTHORIZED_KEY`, `INVALID_API_KEY`, `FORBIDDEN_REQUEST`, `INCORRECT_BASIC_AUTH_FORMAT` | our mistake |
//! | `INVALID_REQUEST`, `UNAPPROVED_ORDER_ID` | our mistake |

/// Why a code declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The card is not good, or was typed wrong.
    Card,
    /// The card's company says no, and does not say why.
    Refused,
    /// The buyer has spent as much, or as often, as they may.
    Limit,
    /// The buyer's bank account is not good for it.
    Account,
    /// The amount is less than the means allow.
    TooLittle,
    /// The company takes the buyer for a fraud.
    Fraud,
}

/// The codes, with their grounds.
pub(super) const DECLINES: [(&str, Ground); 13] = [
    ("INVALID_CARD_NUMBER", Ground::Card),
    ("INVALID_CARD_EXPIRATION", Ground::Card),
    ("INVALID_STOPPED_CARD", Ground::Card),
    ("INVALID_REJECT_CARD", Ground::Card),
    ("INVALID_PASSWORD", Ground::Card),
    ("REJECT_CARD_PAYMENT", Ground::Limit),
    ("REJECT_CARD_COMPANY", Ground::Refused),
    ("EXCEED_MAX_DAILY_PAYMENT_COUNT", Ground::Limit),
    ("EXCEED_MAX_ONE_DAY_AMOUNT", Ground::Limit),
    ("REJECT_ACCOUNT_PAYMENT", Ground::Account),
    ("NOT_AVAILABLE_BANK", Ground::Account),
    ("BELOW_MINIMUM_AMOUNT", Ground::TooLittle),
    ("FDS_ERROR", Ground::Fraud),
];

/// Whether this answer declines: with the statuses that Toss documents for these codes.
pub(super) fn declines(status: u16, code: &str) -> bool {
    matches!(status, 400 | 403) && DECLINES.iter().any(|(own, _)| *own == code)
}

/// The codes on which a cancel is refused: nothing went back.
pub(super) const REFUSALS: [&str; 15] = [
    "INVALID_REFUND_ACCOUNT_INFO",
    "INVALID_REFUND_ACCOUNT_NUMBER",
    "INVALID_BANK",
    "NOT_MATCHES_REFUNDABLE_AMOUNT",
    "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
    "REFUND_REJECTED",
    "FORBIDDEN_BANK_REFUND_REQUEST",
    "NOT_CANCELABLE_AMOUNT",
    "NOT_CANCELABLE_PAYMENT",
    "FORBIDDEN_CONSECUTIVE_REQUEST",
    "EXCEED_MAX_REFUND_DUE",
    "EXCEED_CANCEL_LIMIT",
    "NOT_ALLOWED_PARTIAL_REFUND",
    "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
    "NOT_FOUND_PAYMENT",
];

/// The codes that say that the payment is cancelled by now: perhaps by this very refund.
pub(super) const ALREADY: [&str; 2] = ["ALREADY_CANCELED_PAYMENT", "ALREADY_REFUND_PAYMENT"];

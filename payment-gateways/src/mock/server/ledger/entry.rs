//! The entries of the ledger, as they are kept, stored and shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NewCharge, NewRefund, Verdict};
use crate::mock::server::company::Company;
use crate::mock::server::records::Kept;
use crate::mock::server::refusal::Refusal;

/// One entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::mock::server) enum Entry {
    Charge(Charge),
    Refund(Refund),
    /// What became of a deposit after its charge.
    Deposit(Deposit),
    /// Nothing moved; something is to be kept.
    Note(Note),
}

/// A charge, or the refusal of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mock::server) struct Charge {
    /// Its place on the ledger, from 1.
    pub(super) number: usize,
    /// The merchant's payment.
    pub(in crate::mock::server) merchant_key: Uuid,
    pub(in crate::mock::server) order_id: Uuid,
    pub(in crate::mock::server) transaction_id: Option<String>,
    pub(super) requested_amount: i64,
    /// What was charged: nothing, if it was declined.
    pub(in crate::mock::server) amount: i64,
    pub(in crate::mock::server) refunded_amount: i64,
    pub(in crate::mock::server) currency: String,
    pub(in crate::mock::server) state: ChargeState,
    pub(in crate::mock::server) decline: Option<Decline>,
    /// Whose it is.
    #[serde(default)]
    pub(in crate::mock::server) company: Company,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kept: Vec<Kept>,
    pub(in crate::mock::server) created_at: DateTime<Utc>,
    pub(in crate::mock::server) updated_at: DateTime<Utc>,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::mock::server) enum ChargeState {
    Charged,
    Declined,
    PartiallyRefunded,
    Refunded,
    DepositTakenBack,
}

impl ChargeState {
    /// As its merchant sees it.
    pub(in crate::mock::server) fn as_str(self) -> &'static str {
        match self {
            Self::Charged => "APPROVED",
            Self::Declined => "DECLINED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
            Self::DepositTakenBack => "DEPOSIT_TAKEN_BACK",
        }
    }
}

/// Why a charge was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::mock::server) enum Decline {
    CardDeclined,
    InvalidToken,
}

impl Decline {
    pub(in crate::mock::server) fn code(self) -> &'static str {
        match self {
            Self::CardDeclined => "CARD_DECLINED",
            Self::InvalidToken => "INVALID_TOKEN",
        }
    }

    pub(in crate::mock::server) fn message(self) -> &'static str {
        match self {
            Self::CardDeclined => "the card was declined",
            Self::InvalidToken => "the token is unknown",
        }
    }
}

/// Money given back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mock::server) struct Refund {
    /// Its place on the ledger, from 1.
    pub(super) number: usize,
    /// The merchant's refund.
    pub(in crate::mock::server) merchant_key: Uuid,
    /// The merchant's payment.
    pub(in crate::mock::server) payment_id: Uuid,
    pub(super) order_id: Uuid,
    pub(in crate::mock::server) transaction_id: String,
    pub(super) charge_transaction_id: String,
    pub(in crate::mock::server) amount: i64,
    pub(in crate::mock::server) currency: String,
    pub(super) state: RefundState,
    #[serde(default)]
    pub(in crate::mock::server) company: Company,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kept: Vec<Kept>,
    pub(in crate::mock::server) created_at: DateTime<Utc>,
}

/// What there is of a deposit, from now on: nothing when the bank took it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mock::server) struct Deposit {
    pub(super) number: usize,
    pub(super) merchant_key: Uuid,
    pub(super) payment_id: Uuid,
    pub(super) amount: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) kept: Vec<Kept>,
}

/// Something to keep.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mock::server) struct Note {
    pub(super) number: usize,
    pub(super) merchant_key: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) kept: Vec<Kept>,
}

/// Where a refund stands: only those that were made have an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RefundState {
    Refunded,
}

impl Charge {
    pub(super) fn made(
        number: usize,
        new: NewCharge,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Self {
        let (amount, state, decline) = match verdict {
            Verdict::Charge(amount) => (amount, ChargeState::Charged, None),
            Verdict::Decline(decline) => (0, ChargeState::Declined, Some(decline)),
        };
        let charged = decline.is_none();
        Self {
            number,
            merchant_key: new.merchant_key,
            order_id: new.order_id,
            transaction_id: charged.then(|| format!("mock_charge_{}", Uuid::now_v7().simple())),
            requested_amount: new.amount,
            amount,
            refunded_amount: 0,
            currency: new.currency,
            state,
            decline,
            company: Company::Mock,
            kept: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it is the answer to this request.
    pub(super) fn answers(&self, new: &NewCharge) -> bool {
        self.order_id == new.order_id
            && self.requested_amount == new.amount
            && self.currency == new.currency
    }

    pub(super) fn can_give_back(&self, new: &NewRefund) -> Result<(), Refusal> {
        let Some(transaction_id) = &self.transaction_id else {
            return Err(Refusal::NotRefundable);
        };
        if *transaction_id != new.charge_transaction_id || self.currency != new.currency {
            return Err(Refusal::TransactionMismatch);
        }
        let left = self.amount - self.refunded_amount;
        if new.amount > left {
            return Err(Refusal::ExceedsBalance { left });
        }
        Ok(())
    }

    /// What there is of its deposit, from now on.
    pub(super) fn redeposit(&mut self, deposit: &Deposit) {
        self.amount = deposit.amount;
        self.updated_at = deposit.at;
        self.state = if deposit.amount == 0 {
            ChargeState::DepositTakenBack
        } else {
            ChargeState::Charged
        };
    }

    pub(super) fn give_back(&mut self, refund: &Refund) {
        self.refunded_amount += refund.amount;
        self.updated_at = refund.created_at;
        self.state = if self.refunded_amount >= self.amount {
            ChargeState::Refunded
        } else {
            ChargeState::PartiallyRefunded
        };
    }
}

impl Refund {
    pub(super) fn made(number: usize, new: NewRefund, order_id: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            number,
            merchant_key: new.merchant_key,
            payment_id: new.payment_id,
            order_id,
            transaction_id: format!("mock_refund_{}", Uuid::now_v7().simple()),
            charge_transaction_id: new.charge_transaction_id,
            amount: new.amount,
            currency: new.currency,
            state: RefundState::Refunded,
            company: Company::Mock,
            kept: Vec::new(),
            created_at: now,
        }
    }

    /// Whether it is the answer to this request.
    pub(super) fn answers(&self, new: &NewRefund) -> bool {
        self.payment_id == new.payment_id
            && self.charge_transaction_id == new.charge_transaction_id
            && self.amount == new.amount
            && self.currency == new.currency
    }
}

impl Entry {
    pub(super) fn number(&self) -> usize {
        match self {
            Self::Charge(charge) => charge.number,
            Self::Refund(refund) => refund.number,
            Self::Deposit(deposit) => deposit.number,
            Self::Note(note) => note.number,
        }
    }

    pub(super) fn merchant_key(&self) -> Uuid {
        match self {
            Self::Charge(charge) => charge.merchant_key,
            Self::Refund(refund) => refund.merchant_key,
            Self::Deposit(deposit) => deposit.merchant_key,
            Self::Note(note) => note.merchant_key,
        }
    }

    /// What is kept with it; taken out of what stays in memory, since the records are there already.
    pub(super) fn take_kept(&mut self) -> Vec<Kept> {
        std::mem::take(match self {
            Self::Charge(charge) => &mut charge.kept,
            Self::Refund(refund) => &mut refund.kept,
            Self::Deposit(deposit) => &mut deposit.kept,
            Self::Note(note) => &mut note.kept,
        })
    }

    /// Whether it is part of what a tester is shown: money that moved, or did not.
    pub(super) fn is_shown(&self) -> bool {
        match self {
            Self::Charge(_) | Self::Refund(_) => true,
            Self::Deposit(_) | Self::Note(_) => false,
        }
    }
}

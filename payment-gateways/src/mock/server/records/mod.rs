//! What Toss and NICE know of a payment, beside the money on the ledger: kept with the ledger's entries, so that
//! the two never disagree.
//!
//! ```text
//! Ready ── the buyer authenticates ──▶ InProgress ── confirmed ──▶ Done ⇄ Waiting ◀── an account was given out
//!   │ 30 min                              │ 10 min     │ declined    │                    │ cancelled
//!   ▼                                     ▼            ▼             ▼ cancels            ▼
//! Expired                               Expired      Aborted      Done, less left       Closed
//! ```

mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(super) use self::steps::{Step, StepError};
use super::company::Company;

/// How long the buyer may take to authenticate.
pub(super) const AUTHENTICATION_MINUTES: i64 = 30;
/// How long the merchant may take to confirm, then.
pub(super) const CONFIRMATION_MINUTES: i64 = 10;
/// How long an account that was given out waits, unless the merchant says otherwise.
pub(super) const DEPOSIT_HOURS: i64 = 168;

/// Something kept with an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Kept {
    Payment(Box<PaymentRecord>),
    Reply(ReplyRecord),
    BillingKey(BillingKeyRecord),
}

/// A payment of Toss or NICE.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentRecord {
    pub(super) company: Company,
    /// The company's own id: `paymentKey`, `tid`.
    pub(super) key: String,
    pub(super) order_no: String,
    pub(super) order_name: String,
    /// What the buyer agreed to.
    pub(super) amount: i64,
    /// What was charged: another amount only when the mock was told to err.
    pub(super) charged: i64,
    pub(super) means: Means,
    pub(super) stage: Stage,
    pub(super) created_at: DateTime<Utc>,
    pub(super) authenticated_at: Option<DateTime<Utc>>,
    pub(super) approved_at: Option<DateTime<Utc>>,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) account_number: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) cancels: Vec<CancelRecord>,
    /// The id of the last thing that happened to it.
    pub(super) last_key: String,
    pub(super) approval_key: Option<String>,
    pub(super) secret: String,
    pub(super) origin: Option<Origin>,
    pub(super) is_billing: bool,
}

/// Where a buyer's browser came from, and where it goes back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Origin {
    pub(super) success_url: String,
    /// The same, where the company knows only one.
    pub(super) fail_url: String,
    /// The merchant's key for browsers, where the company signs with it.
    pub(super) client_id: String,
}

/// What the buyer pays with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Means {
    Card,
    VirtualAccount,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    Ready,
    InProgress,
    Waiting,
    Done,
    Aborted,
    Expired,
    /// Cancelled before anything was paid in.
    Closed,
}

/// A part, or all, given back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelRecord {
    pub(super) key: String,
    pub(super) amount: i64,
    pub(super) left: i64,
    pub(super) reason: String,
    /// The merchant's number of this cancel, where the company asks for one.
    pub(super) order_no: Option<String>,
    pub(super) at: DateTime<Utc>,
}

/// An answer that is given again to whoever repeats the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplyRecord {
    pub(super) scope: String,
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) at: DateTime<Utc>,
}

/// A card that was registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BillingKeyRecord {
    pub(super) company: Company,
    pub(super) auth_key: String,
    pub(super) customer_key: String,
    /// None until it is issued.
    pub(super) billing_key: Option<String>,
    pub(super) is_deleted: bool,
    pub(super) created_at: DateTime<Utc>,
}

/// What is asked for when a payment begins.
pub(super) struct NewPayment {
    pub(super) company: Company,
    pub(super) order_no: String,
    pub(super) order_name: String,
    pub(super) amount: i64,
    pub(super) means: Means,
}

impl PaymentRecord {
    pub(super) fn begin(new: NewPayment, now: DateTime<Utc>) -> Self {
        Self {
            key: fresh_key(new.company, "pay"),
            company: new.company,
            order_no: new.order_no,
            order_name: new.order_name,
            amount: new.amount,
            charged: 0,
            means: new.means,
            stage: Stage::Ready,
            created_at: now,
            authenticated_at: None,
            approved_at: None,
            changed_at: now,
            due_at: None,
            account_number: None,
            failure: None,
            cancels: Vec::new(),
            last_key: fresh_key(new.company, "tx"),
            approval_key: None,
            secret: format!("ps_{}", Uuid::now_v7().simple()),
            origin: None,
            is_billing: false,
        }
    }

    /// How far it is now: a window may have passed since anybody looked.
    pub(super) fn stage_at(&self, now: DateTime<Utc>) -> Stage {
        let is_over = |since: DateTime<Utc>, minutes| now > since + TimeDelta::minutes(minutes);
        match (self.stage, self.authenticated_at) {
            (Stage::Ready, _) if is_over(self.created_at, AUTHENTICATION_MINUTES) => Stage::Expired,
            (Stage::InProgress, Some(at)) if is_over(at, CONFIRMATION_MINUTES) => Stage::Expired,
            (stage, _) => stage,
        }
    }

    pub(super) fn given_back(&self) -> i64 {
        self.cancels.iter().map(|cancel| cancel.amount).sum()
    }

    /// What is left of it: before it is paid, all of it.
    pub(super) fn left(&self) -> i64 {
        match self.stage {
            Stage::Closed => 0,
            Stage::Done => self.charged - self.given_back(),
            Stage::Ready | Stage::InProgress | Stage::Waiting | Stage::Aborted | Stage::Expired => {
                self.amount
            }
        }
    }

    /// The merchant's payment: the order number, where it is an id, else an id made of it.
    pub(super) fn merchant_key(&self) -> Uuid {
        merchant_key_of(self.company, &self.order_no)
    }
}

pub(super) fn merchant_key_of(company: Company, order_no: &str) -> Uuid {
    let made = || {
        Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{company:?}/{order_no}").as_bytes(),
        )
    };
    order_no.parse().unwrap_or_else(|_| made())
}

/// A new id, as the company's look.
pub(super) fn fresh_key(company: Company, what: &str) -> String {
    let id = Uuid::now_v7().simple();
    match company {
        Company::Mock => format!("mock_{what}_{id}"),
        Company::Toss => format!("t{what}_{id}"),
        // NICE's are thirty characters.
        Company::Nice => {
            let id: String = id.to_string().chars().skip(8).collect();
            format!("nic{}{id}", what.chars().next().unwrap_or('x'))
        }
    }
}

//! What the shop asks of whoever keeps billing keys.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::refund_accounts::{AccountOfRefund, RefundAccount};

/// A text that opens money. It prints as `***`, and is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct BillingKey(Zeroizing<String>);

impl BillingKey {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one call that uses it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BillingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key that a company has just issued.
#[derive(Clone, Debug)]
pub struct NewMethod {
    /// The method's id.
    pub method_id: Uuid,
    /// Whose: an id, not a name.
    pub user_id: String,
    /// Which company issued it.
    pub company: String,
    /// The key.
    pub billing_key: BillingKey,
    /// The name that the key was issued for.
    pub customer_key: BillingKey,
    /// `CARD`, `ACCOUNT` or `MOBILE`.
    pub kind: &'static str,
    /// The card's company.
    pub card_company: Option<String>,
    /// The card's last four digits.
    pub card_last4: Option<String>,
    /// When.
    pub now: DateTime<Utc>,
}

/// A key that is kept, opened.
#[derive(Clone, Debug)]
pub struct KeptMethod {
    /// Whose: an id, not a name.
    pub user_id: String,
    /// The key.
    pub billing_key: BillingKey,
    /// The name that it was issued for.
    pub customer_key: BillingKey,
    /// The card's company.
    pub card_company: Option<String>,
    /// The card's last four digits.
    pub card_last4: Option<String>,
    /// Whether it may be charged.
    pub is_active: bool,
}

/// What became of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is kept, from now or since before.
    Kept,
    /// Another method has this very key.
    Elsewhere,
}

/// Keeps billing keys. Each method may be repeated: what is done stays done.
#[async_trait]
pub trait KeySafe: Send + Sync {
    /// The name by which a company knows a user.
    fn customer_key(&self, user_id: &str) -> String;

    /// Seals a key and keeps it.
    ///
    /// # Errors
    /// It is not known to be kept.
    async fn keep(&self, new: &NewMethod) -> Result<Keeping, VaultError>;

    /// Opens a key; none when none is kept under this id, or it was wiped.
    ///
    /// # Errors
    /// The database is away, or it does not open.
    async fn open(&self, method_id: Uuid, company: &str) -> Result<Option<KeptMethod>, VaultError>;

    /// Lets a key be charged no more. It can still be opened, to be erased at the company. Whether a key was ever kept
    /// under this id, also if it was wiped since.
    ///
    /// # Errors
    /// It is not known to be done.
    async fn retire(&self, method_id: Uuid, now: DateTime<Utc>) -> Result<bool, VaultError>;

    /// Wipes a key: it is nowhere any more.
    ///
    /// # Errors
    /// It is not known to be done.
    async fn wipe(&self, method_id: Uuid, now: DateTime<Utc>) -> Result<(), VaultError>;

    /// The method of a key that a company's notice names.
    ///
    /// # Errors
    /// The database is away.
    async fn find(
        &self,
        company: &str,
        billing_key: &BillingKey,
    ) -> Result<Option<Uuid>, VaultError>;

    /// What tells one account of a refund from another to whoever has the keys; it changes with the key in use.
    fn account_fingerprint(&self, refund_id: Uuid, account: &RefundAccount) -> String;

    /// Seals the account that a refund goes to and keeps it, in the place of one that was told before; one that was
    /// told since stays.
    ///
    /// # Errors
    /// It is not known to be kept.
    async fn keep_account(&self, told: &AccountOfRefund) -> Result<(), VaultError>;

    /// Opens the account that a refund goes to; none when none was told, or it was wiped.
    ///
    /// # Errors
    /// The database is away, or it does not open.
    async fn open_account(&self, refund_id: Uuid) -> Result<Option<RefundAccount>, VaultError>;

    /// Wipes the account that a refund went to.
    ///
    /// # Errors
    /// It is not known to be done.
    async fn wipe_account(&self, refund_id: Uuid) -> Result<(), VaultError>;
}

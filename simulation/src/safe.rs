//! Where billing keys and the accounts of refunds are kept, in memory, with the semantics of `payment.methods`,
//! `payment.method_keys` and `payment.refund_accounts`. The contract tests hold it against PostgreSQL.

use std::collections::BTreeMap;

use payment_vault::{AccountOfRefund, BillingKey, Keeping, KeptMethod, NewMethod, RefundAccount};
use uuid::Uuid;

/// The tables.
#[derive(Default)]
pub struct Safe {
    rows: BTreeMap<Uuid, Row>,
    accounts: BTreeMap<Uuid, AccountOfRefund>,
}

/// A method's row, and its key's while it has one.
struct Row {
    company: String,
    card_company: Option<String>,
    card_last4: Option<String>,
    is_active: bool,
    secrets: Option<Secrets>,
}

struct Secrets {
    user_id: String,
    billing_key: BillingKey,
    customer_key: BillingKey,
}

impl Safe {
    /// Keeps a key, unless one is kept under this id, or this key under another.
    pub fn keep(&mut self, new: &NewMethod) -> Keeping {
        if self.rows.contains_key(&new.method_id) {
            return Keeping::Kept;
        }
        if self.find(&new.company, &new.billing_key).is_some() {
            return Keeping::Elsewhere;
        }
        let secrets = Secrets {
            user_id: new.user_id.clone(),
            billing_key: new.billing_key.clone(),
            customer_key: new.customer_key.clone(),
        };
        let row = Row {
            company: new.company.clone(),
            card_company: new.card_company.clone(),
            card_last4: new.card_last4.clone(),
            is_active: true,
            secrets: Some(secrets),
        };
        self.rows.insert(new.method_id, row);
        Keeping::Kept
    }

    /// A key that is kept; none when none is, or it was wiped.
    #[must_use]
    pub fn open(&self, method_id: Uuid) -> Option<KeptMethod> {
        let row = self.rows.get(&method_id)?;
        let secrets = row.secrets.as_ref()?;
        Some(KeptMethod {
            user_id: secrets.user_id.clone(),
            billing_key: secrets.billing_key.clone(),
            customer_key: secrets.customer_key.clone(),
            card_company: row.card_company.clone(),
            card_last4: row.card_last4.clone(),
            is_active: row.is_active,
        })
    }

    /// Lets a key be charged no more. Whether one was ever kept under this id.
    pub fn retire(&mut self, method_id: Uuid) -> bool {
        let row = self.rows.get_mut(&method_id);
        row.is_some_and(|row| {
            row.is_active = false;
            true
        })
    }

    /// Wipes a key.
    pub fn wipe(&mut self, method_id: Uuid) {
        if let Some(row) = self.rows.get_mut(&method_id) {
            row.is_active = false;
            row.secrets = None;
        }
    }

    /// The method of a key.
    #[must_use]
    pub fn find(&self, company: &str, billing_key: &BillingKey) -> Option<Uuid> {
        let mut rows = self.rows.iter();
        let found = rows.find(|(_, row)| {
            let secrets = row.secrets.as_ref();
            row.company == company && secrets.is_some_and(|own| own.billing_key == *billing_key)
        });
        found.map(|(method_id, _)| *method_id)
    }

    /// Keeps the account that a refund goes to, unless another was told later.
    pub fn keep_account(&mut self, told: &AccountOfRefund) {
        let kept = self.accounts.get(&told.refund_id);
        if kept.is_none_or(|kept| kept.told_at <= told.told_at) {
            self.accounts.insert(told.refund_id, told.clone());
        }
    }

    /// The account that a refund goes to.
    #[must_use]
    pub fn open_account(&self, refund_id: Uuid) -> Option<RefundAccount> {
        let told = self.accounts.get(&refund_id);
        told.map(|told| told.account.clone())
    }

    /// Wipes the account that a refund went to.
    pub fn wipe_account(&mut self, refund_id: Uuid) {
        self.accounts.remove(&refund_id);
    }

    /// The refunds whose accounts are kept.
    pub fn accounts(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.accounts.keys().copied()
    }

    /// The methods whose keys are kept.
    pub fn kept(&self) -> impl Iterator<Item = Uuid> + '_ {
        let kept = self.rows.iter().filter(|(_, row)| row.secrets.is_some());
        kept.map(|(method_id, _)| *method_id)
    }
}

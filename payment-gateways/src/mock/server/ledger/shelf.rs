//! What is kept beside the entries, found by its names: the newest of each.

use std::collections::HashMap;

use crate::mock::server::company::Company;
use crate::mock::server::records::{BillingKeyRecord, Kept, PaymentRecord, ReplyRecord};

/// The records.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    payments: HashMap<(Company, String), PaymentRecord>,
    /// The newest payment of an order.
    by_order: HashMap<(Company, String), String>,
    replies: HashMap<String, ReplyRecord>,
    /// By the key that the browser brought.
    billing_keys: HashMap<String, BillingKeyRecord>,
    auth_keys: HashMap<String, String>,
}

impl Shelf {
    pub(super) fn put(&mut self, kept: Kept) {
        match kept {
            Kept::Payment(payment) => {
                let order = (payment.company, payment.order_no.clone());
                self.by_order.insert(order, payment.key.clone());
                let key = (payment.company, payment.key.clone());
                self.payments.insert(key, *payment);
            }
            Kept::Reply(reply) => {
                self.replies.insert(reply.scope.clone(), reply);
            }
            Kept::BillingKey(record) => {
                if let Some(key) = &record.billing_key {
                    self.auth_keys.insert(key.clone(), record.auth_key.clone());
                }
                self.billing_keys.insert(record.auth_key.clone(), record);
            }
        }
    }

    pub(super) fn payment(&self, company: Company, key: &str) -> Option<&PaymentRecord> {
        self.payments.get(&(company, key.to_owned()))
    }

    pub(super) fn payment_of_order(
        &self,
        company: Company,
        order_no: &str,
    ) -> Option<&PaymentRecord> {
        let key = self.by_order.get(&(company, order_no.to_owned()))?;
        self.payment(company, key)
    }

    pub(super) fn payments(&self, company: Company) -> impl Iterator<Item = &PaymentRecord> {
        let all = self.payments.values();
        all.filter(move |payment| payment.company == company)
    }

    pub(super) fn reply(&self, scope: &str) -> Option<&ReplyRecord> {
        self.replies.get(scope)
    }

    pub(super) fn by_auth_key(&self, auth_key: &str) -> Option<&BillingKeyRecord> {
        self.billing_keys.get(auth_key)
    }

    pub(super) fn by_billing_key(&self, billing_key: &str) -> Option<&BillingKeyRecord> {
        let auth_key = self.auth_keys.get(billing_key)?;
        self.billing_keys.get(auth_key)
    }
}

//! One notice, and how each company's looks on the way.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{WebhookTarget, Webhooks};
use crate::mock::server::company::Company;
use crate::mock::server::ledger::Charge;
use crate::mock::server::views::PaymentView;

/// One change, to be told to the target that there was at its time.
pub(in crate::mock::server) struct Notice {
    pub(super) id: Uuid,
    /// The payment, for the log.
    pub(super) about: String,
    pub(super) company: Company,
    pub(super) target: Arc<WebhookTarget>,
    pub(super) body: Vec<u8>,
    /// Header lines beside those that every delivery has.
    pub(super) headers: Vec<(String, String)>,
}

impl Webhooks {
    /// Tells how a payment of the mock company stands now.
    pub(in crate::mock::server) fn announce(&self, charge: &Charge, now: DateTime<Utc>) {
        let body = json!({
            "eventType": "PAYMENT_STATUS_CHANGED",
            "createdAt": now,
            "data": PaymentView::from(charge.clone()),
        });
        self.announce_as(Company::Mock, charge.merchant_key.to_string(), &body);
    }

    /// Tells something in the name of a company.
    pub(in crate::mock::server) fn announce_as(
        &self,
        company: Company,
        about: String,
        body: &Value,
    ) {
        self.announce_raw(company, about, body.to_string().into_bytes(), Vec::new());
    }

    /// Tells just these bytes in the name of a company; whether there is anybody to tell.
    pub(in crate::mock::server) fn announce_raw(
        &self,
        company: Company,
        about: String,
        body: Vec<u8>,
        headers: Vec<(String, String)>,
    ) -> bool {
        let Some(target) = self.target(company) else {
            return false;
        };
        self.tell(Notice {
            id: Uuid::now_v7(),
            about,
            company,
            target,
            body,
            headers,
        });
        true
    }
}

//! Keys by which a buyer's card is charged again: issued by the shop's request, charged while they live, erased.

use std::collections::BTreeMap;

use fastrand::Rng;
use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeletionReply, GatewayReply,
    IssueBillingKeyRequest, IssuedBillingKey,
};
use uuid::Uuid;

use super::{Answered, Bank, Mood};

/// The keys of all buyers.
#[derive(Default)]
pub(super) struct Keys {
    /// By the shop's request: the same is answered again.
    answers: BTreeMap<Uuid, BillingKeyReply>,
    issued: BTreeMap<String, Key>,
}

/// A key, living or dead.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The request that it was issued for.
    pub(crate) request_id: Uuid,
    /// What the buyer's browser brought for it.
    pub(crate) auth_key: String,
    customer_key: String,
    pub(crate) is_alive: bool,
}

impl Bank {
    /// Issues a key, unless it has an answer for this request already. It is lenient, and looks not whether another
    /// request brought the same: that the shop asks for one key only is the shop's to see to.
    pub(crate) fn issue(
        &mut self,
        request: &IssueBillingKeyRequest,
        refuses: bool,
        chance: &mut Rng,
    ) -> BillingKeyReply {
        if let Some(answer) = self.keys.answers.get(&request.request_id) {
            return answer.clone();
        }
        let answer = if refuses {
            BillingKeyReply::Refused {
                code: "INVALID_CARD_NUMBER".to_owned(),
                message: "The card was refused.".to_owned(),
            }
        } else {
            let billing_key = format!("key-{:032x}", chance.u128(..));
            let key = Key {
                request_id: request.request_id,
                auth_key: request.auth_key.clone(),
                customer_key: request.customer_key.clone(),
                is_alive: true,
            };
            self.keys.issued.insert(billing_key.clone(), key);
            BillingKeyReply::Issued(IssuedBillingKey {
                billing_key,
                card_company: Some("71".to_owned()),
                card_last4: Some(format!("{:04}", chance.u16(0..10_000))),
            })
        };
        self.keys.answers.insert(request.request_id, answer.clone());
        answer
    }

    /// Whether it has answered this request for a key.
    pub(crate) fn has_issued(&self, request_id: Uuid) -> bool {
        self.keys.answers.contains_key(&request_id)
    }

    /// Charges by a key, unless it has an answer for this payment already.
    pub(crate) fn charge(
        &mut self,
        request: &ChargeBillingKeyRequest,
        mood: Mood,
        chance: &mut Rng,
    ) -> GatewayReply {
        if let Some(answered) = self.payments.get(&request.payment_id) {
            return answered.reply.clone();
        }
        let key = self.keys.issued.get(&request.billing_key);
        if key.is_some_and(|key| key.is_alive && key.customer_key == request.customer_key) {
            let request = ConfirmRequest {
                payment_id: request.payment_id,
                order_id: request.payment_id,
                amount_minor: request.amount_minor,
                currency: request.currency.clone(),
                token: String::new(),
            };
            return self.confirm(&request, mood, chance);
        }
        let reply = GatewayReply::Declined {
            code: "NOT_FOUND_BILLING_KEY".to_owned(),
            message: "The card is not saved any more.".to_owned(),
        };
        let answered = Answered::new(reply.clone());
        self.payments.insert(request.payment_id, answered);
        self.news.push(request.payment_id);
        reply
    }

    /// Lets a key charge no more.
    pub(crate) fn erase(&mut self, billing_key: &str) -> DeletionReply {
        if let Some(key) = self.keys.issued.get_mut(billing_key) {
            key.is_alive = false;
        }
        DeletionReply::Deleted
    }

    /// All keys that were ever issued.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, &Key)> {
        let all = self.keys.issued.iter();
        all.map(|(text, key)| (text.as_str(), key))
    }
}

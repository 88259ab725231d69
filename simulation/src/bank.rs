//! The gateway's side: what it charged and gave back, by the keys that it was given.

use std::collections::BTreeMap;

use domain::{Currency, PaymentId};
use fastrand::Rng;
use invariants::LedgerEntry;
use payment_gateways::{ConfirmRequest, GatewayReply, RefundReply, RefundRequest};
use uuid::Uuid;

/// A gateway with its ledger. Each key is charged once, and each refund made once, however often it is asked.
#[derive(Default)]
pub(crate) struct Bank {
    payments: BTreeMap<Uuid, Answered>,
}

struct Answered {
    reply: GatewayReply,
    refunds: BTreeMap<Uuid, i64>,
}

/// How a gateway feels about a charge that it has not seen before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mood {
    pub(crate) declines: bool,
    pub(crate) charges_wrong: bool,
}

impl Bank {
    /// Charges, unless it has an answer for this key already.
    pub(crate) fn confirm(
        &mut self,
        request: &ConfirmRequest,
        mood: Mood,
        chance: &mut Rng,
    ) -> GatewayReply {
        let make = || Answered {
            reply: first_answer(request, mood, chance),
            refunds: BTreeMap::new(),
        };
        let answered = self.payments.entry(request.payment_id).or_insert_with(make);
        answered.reply.clone()
    }

    /// What became of a payment.
    pub(crate) fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let answered = self.payments.get(&payment_id);
        answered.map_or(GatewayReply::NoRecord, |answered| answered.reply.clone())
    }

    /// Gives back, unless it did under this key.
    pub(crate) fn refund(&mut self, request: &RefundRequest) -> RefundReply {
        let refused = |code: &str| RefundReply::Refused {
            code: code.to_owned(),
            message: "no".to_owned(),
        };
        let Some(answered) = self.payments.get_mut(&request.payment_id) else {
            return refused("NO_SUCH_PAYMENT");
        };
        let GatewayReply::Approved {
            transaction_id,
            amount_minor,
            currency,
        } = &answered.reply
        else {
            return refused("NOT_CHARGED");
        };
        if *transaction_id != request.transaction_id || *currency != request.currency {
            return refused("ANOTHER_CHARGE");
        }
        let done = RefundReply::Done {
            refund_transaction_id: format!("r-{}", request.refund_id.simple()),
        };
        if answered.refunds.contains_key(&request.refund_id) {
            return done;
        }
        let back: i64 = answered.refunds.values().sum();
        if back + request.amount_minor > *amount_minor {
            return refused("MORE_THAN_CHARGED");
        }
        answered
            .refunds
            .insert(request.refund_id, request.amount_minor);
        done
    }

    /// Whether it gave back under this key.
    pub(crate) fn has_refunded(&self, request: &RefundRequest) -> bool {
        let answered = self.payments.get(&request.payment_id);
        answered.is_some_and(|answered| answered.refunds.contains_key(&request.refund_id))
    }

    /// All that it charged or declined.
    pub(crate) fn ledger(&self) -> impl Iterator<Item = LedgerEntry> + '_ {
        self.payments.iter().map(|(payment_id, answered)| {
            let (charged, currency) = match &answered.reply {
                GatewayReply::Approved {
                    amount_minor,
                    currency,
                    ..
                } => (*amount_minor, currency.parse().unwrap_or(Currency::Krw)),
                _ => (0, Currency::Krw),
            };
            LedgerEntry {
                payment_id: PaymentId::new(*payment_id),
                charged,
                refunded: answered.refunds.values().sum(),
                currency,
            }
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.payments.len()
    }
}

fn first_answer(request: &ConfirmRequest, mood: Mood, chance: &mut Rng) -> GatewayReply {
    if mood.declines {
        return GatewayReply::Declined {
            code: "CARD_DECLINED".to_owned(),
            message: "The card was declined.".to_owned(),
        };
    }
    let (mut amount_minor, mut currency) = (request.amount_minor, request.currency.clone());
    if mood.charges_wrong {
        match chance.u8(0..3) {
            0 => amount_minor += 1 + chance.i64(0..500),
            1 => amount_minor = (amount_minor / 2).max(1),
            _ => "USD".clone_into(&mut currency),
        }
    }
    GatewayReply::Approved {
        transaction_id: format!("t-{}", request.payment_id.simple()),
        amount_minor,
        currency,
    }
}

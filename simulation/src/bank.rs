//! The gateway's side: what it charged and gave back, by the keys that it was given.

mod accounts;
mod keys;

use std::collections::{BTreeMap, BTreeSet};

use domain::payment::GatewayNotice;
use domain::{Currency, PaymentId};
use fastrand::Rng;
use invariants::LedgerEntry;
use payment_gateways::{ConfirmRequest, GatewayReply, RefundReply, RefundRequest};
use uuid::Uuid;

pub(crate) use self::accounts::ACCOUNT_TOKEN;
use self::accounts::Account;
use self::keys::Keys;

/// Its word for a payment that is charged.
pub(crate) const CHARGED: &str = "DONE";

/// A gateway with its ledger. Each key is charged once, and each refund made once, however often it is asked.
#[derive(Default)]
pub(crate) struct Bank {
    payments: BTreeMap<Uuid, Answered>,
    /// Payments of which something new is to be told.
    news: Vec<Uuid>,
    keys: Keys,
    /// What it said to each key of a refund: it repeats itself.
    refund_answers: BTreeMap<Uuid, RefundReply>,
}

struct Answered {
    reply: GatewayReply,
    /// What it will say; until then it is undecided.
    decides: Option<GatewayReply>,
    /// Where the buyer pays into.
    account: Option<Account>,
    refunds: BTreeMap<Uuid, i64>,
}

impl Answered {
    fn new(reply: GatewayReply) -> Self {
        Self {
            reply,
            decides: None,
            account: None,
            refunds: BTreeMap::new(),
        }
    }

    /// What it answers now.
    fn said(&self) -> GatewayReply {
        let back: i64 = self.refunds.values().sum();
        match &self.reply {
            GatewayReply::Approved {
                transaction_id,
                amount_minor,
                currency,
            } if back > 0 => GatewayReply::GivenBack {
                transaction_id: transaction_id.clone(),
                amount_minor: *amount_minor,
                left_minor: amount_minor - back,
                currency: currency.clone(),
            },
            other => other.clone(),
        }
    }

    fn taken_back(&self) -> Option<i64> {
        self.account.as_ref()?.taken_back
    }
}

/// How a gateway feels about a charge that it has not seen before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mood {
    pub(crate) declines: bool,
    /// It declines, and needs a while for it.
    pub(crate) hesitates: bool,
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
        let known = self.payments.get(&request.payment_id);
        if let Some(answered) = known {
            return answered.said();
        }
        let answer = first_answer(request, mood, chance);
        let (reply, decides) = if mood.hesitates {
            let reason = "IN_PROGRESS".to_owned();
            (GatewayReply::Unknown { reason }, Some(answer))
        } else {
            self.news.push(request.payment_id);
            (answer, None)
        };
        let answered = Answered {
            decides,
            ..Answered::new(reply.clone())
        };
        self.payments.insert(request.payment_id, answered);
        reply
    }

    /// Makes up its mind about a payment that it was undecided about.
    pub(crate) fn decide(&mut self, payment_id: Uuid) {
        let answered = self.payments.get_mut(&payment_id);
        let decision = answered.and_then(|answered| {
            answered.reply = answered.decides.take()?;
            Some(())
        });
        self.news.extend(decision.map(|()| payment_id));
    }

    /// What became of a payment.
    pub(crate) fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let answered = self.payments.get(&payment_id);
        answered.map_or(GatewayReply::NoRecord, Answered::said)
    }

    /// Gives back, unless it has an answer for this key already, and then says the same, like Toss. Where an
    /// earlier try may have done it, its adapter looks first.
    pub(crate) fn refund(&mut self, request: &RefundRequest, refuses: bool) -> RefundReply {
        if request.may_be_done && self.has_refunded(request) {
            return refunded(request);
        }
        if let Some(answer) = self.refund_answers.get(&request.key()) {
            return answer.clone();
        }
        let answer = if refuses {
            refused("LATER")
        } else {
            self.give_back(request)
        };
        self.refund_answers.insert(request.key(), answer.clone());
        answer
    }

    fn give_back(&mut self, request: &RefundRequest) -> RefundReply {
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
        if answered.account.is_some() && request.account.is_none() {
            return refused("NOT_FOUND_REFUND_ACCOUNT");
        }
        let back: i64 = answered.refunds.values().sum();
        if back + request.amount_minor > *amount_minor {
            return refused("MORE_THAN_CHARGED");
        }
        *answered.refunds.entry(request.refund_id).or_default() += request.amount_minor;
        self.news.push(request.payment_id);
        refunded(request)
    }

    /// Payments of which it has not told the last.
    pub(crate) fn take_news(&mut self) -> Vec<Uuid> {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// What it tells of a payment by itself, as that stands now. Like the real companies' notices it has no id: what
    /// it says makes one.
    pub(crate) fn notice(&self, payment_id: Uuid) -> Option<GatewayNotice> {
        let answered = self.payments.get(&payment_id)?;
        let (status, amount, currency) = match &answered.reply {
            GatewayReply::Approved {
                amount_minor,
                currency,
                ..
            } => {
                let back: i64 = answered.refunds.values().sum();
                let status = match back {
                    0 => CHARGED,
                    back if back < *amount_minor => "PARTIAL_CANCELED",
                    _ => "CANCELED",
                };
                (status, Some(*amount_minor), Some(currency.clone()))
            }
            GatewayReply::WaitingForDeposit {
                amount_minor,
                currency,
                ..
            } => (
                "WAITING_FOR_DEPOSIT",
                Some(*amount_minor),
                Some(currency.clone()),
            ),
            GatewayReply::Declined { .. } => ("ABORTED", None, None),
            GatewayReply::Unknown { .. } => ("IN_PROGRESS", None, None),
            GatewayReply::GivenBack { .. }
            | GatewayReply::NoRecord
            | GatewayReply::NotAttempted { .. }
            | GatewayReply::Unsupported => return None,
        };
        let back: i64 = answered.refunds.values().sum();
        let left = match &answered.reply {
            GatewayReply::Approved { amount_minor, .. } => amount_minor - back,
            _ => 0,
        };
        Some(GatewayNotice {
            notice_id: format!("{status}-{amount:?}-{back}"),
            status: Some(status.to_owned()),
            amount,
            currency,
            left: Some(left),
            signed: true,
        })
    }

    /// A payment that it has heard of, the how-many-th, counted round.
    pub(crate) fn any(&self, number: usize) -> Option<Uuid> {
        let place = number.checked_rem(self.payments.len())?;
        self.payments.keys().nth(place).copied()
    }

    /// What it charged for a payment, if it did, though the bank has taken it back.
    pub(crate) fn charged(&self, payment_id: Uuid) -> Option<(i64, &str)> {
        let answered = self.payments.get(&payment_id)?;
        if let Some(taken_back) = answered.taken_back() {
            return Some((taken_back, Currency::Krw.code()));
        }
        match &answered.reply {
            GatewayReply::Approved {
                amount_minor,
                currency,
                ..
            } => Some((*amount_minor, currency)),
            GatewayReply::GivenBack { .. }
            | GatewayReply::WaitingForDeposit { .. }
            | GatewayReply::Declined { .. }
            | GatewayReply::NoRecord
            | GatewayReply::Unknown { .. }
            | GatewayReply::NotAttempted { .. }
            | GatewayReply::Unsupported => None,
        }
    }

    /// What it gave back under a refund's key.
    pub(crate) fn gave_back(&self, payment_id: Uuid, refund_id: Uuid) -> Option<i64> {
        let refunds = &self.payments.get(&payment_id)?.refunds;
        refunds.get(&refund_id).copied()
    }

    /// Whether it gave back under this key.
    pub(crate) fn has_refunded(&self, request: &RefundRequest) -> bool {
        let answered = self.payments.get(&request.payment_id);
        answered.is_some_and(|answered| answered.refunds.contains_key(&request.refund_id))
    }

    /// All that it charged or declined. What the bank took back of a payment that a person knows of counts as charged:
    /// it is theirs to settle.
    pub(crate) fn ledger(&self, known: &BTreeSet<Uuid>) -> impl Iterator<Item = LedgerEntry> {
        self.payments.iter().map(|(payment_id, answered)| {
            let taken_back = answered.taken_back().filter(|_| known.contains(payment_id));
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
                charged: taken_back.unwrap_or(charged),
                refunded: answered.refunds.values().sum(),
                currency,
            }
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.payments.len()
    }
}

fn refunded(request: &RefundRequest) -> RefundReply {
    RefundReply::Done {
        refund_transaction_id: format!("r-{}", request.refund_id.simple()),
    }
}

fn refused(code: &str) -> RefundReply {
    RefundReply::Refused {
        code: code.to_owned(),
        message: "no".to_owned(),
    }
}

/// Its own id of a payment.
fn transaction_id(payment_id: Uuid) -> String {
    format!("t-{}", payment_id.simple())
}

fn first_answer(request: &ConfirmRequest, mood: Mood, chance: &mut Rng) -> GatewayReply {
    if mood.declines || mood.hesitates {
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
        transaction_id: transaction_id(request.payment_id),
        amount_minor,
        currency,
    }
}

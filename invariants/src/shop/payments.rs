//! Payments: as much as the order costs; what was captured is kept for a sold order or goes back, once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::payment::{PaymentEvent, ReviewReason};
use domain::{Currency, Money, OrderId, PaymentId, RefundId};

use super::closed::{ClosedPayment, End, key};
use super::stage::Stage;
use super::{At, Shop};
use crate::invariant::{Invariant, Violation};

/// So long after its account closed, neither a payment nor its order waits for a deposit any more.
const DEPOSIT_GIVEN_UP_AFTER: TimeDelta = TimeDelta::minutes(20);

/// A payment whose money may still move.
#[derive(Debug)]
pub(super) struct Payment {
    sequence: u64,
    /// What was asked for; `None` when it was not. Of one that ended charged, what was charged.
    requested: Option<i64>,
    currency: Currency,
    captured: Option<i64>,
    failed: bool,
    /// Whether it paid an order that is sold.
    kept: bool,
    /// What its order gave up of it by refunds.
    given_up: i64,
    refunds: Vec<Refund>,
    pub(super) waits: Waits,
    /// Why a person must look at it.
    pub(super) review: Option<ReviewReason>,
}

/// Money that is to go back, or has.
#[derive(Debug)]
struct Refund {
    /// `None` when it was done before the payment ended.
    id: Option<RefundId>,
    amount: i64,
    done: bool,
    waits: Waits,
}

/// What a payment waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Nothing,
    /// Something that should have happened by then.
    Until(DateTime<Utc>, &'static str),
    /// A person, for this reason.
    Parked(String),
}

impl Payment {
    fn unknown() -> Self {
        Self {
            sequence: 0,
            requested: None,
            currency: Currency::Krw,
            captured: None,
            failed: false,
            kept: false,
            given_up: 0,
            refunds: Vec::new(),
            waits: Waits::Nothing,
            review: None,
        }
    }

    fn reopened(closed: ClosedPayment) -> Self {
        let captured = (closed.end != End::Failed).then_some(closed.amount);
        let back = (closed.end == End::Refunded).then_some(closed.amount);
        Self {
            sequence: closed.sequence,
            requested: Some(closed.amount),
            currency: closed.currency,
            captured,
            failed: closed.end == End::Failed,
            kept: closed.end == End::Kept,
            given_up: 0,
            refunds: back.map(Refund::done_before).into_iter().collect(),
            waits: Waits::Nothing,
            review: None,
        }
    }

    /// How it ended, if it did.
    fn closed(&self) -> Option<ClosedPayment> {
        // One that a person must look at is kept whole, or nobody could list it.
        if !self.is_settled() || self.review.is_some() {
            return None;
        }
        let none = self.refunds.is_empty();
        let (end, amount) = match self.captured {
            None if self.failed && none => (End::Failed, self.requested?),
            Some(amount) if self.kept && none => (End::Kept, amount),
            Some(amount) if !self.kept && !none && amount == self.back() => (End::Refunded, amount),
            _ => return None,
        };
        Some(ClosedPayment {
            sequence: self.sequence,
            end,
            amount,
            currency: self.currency,
        })
    }

    /// Counts an event of it.
    pub(super) fn follow(&mut self, at: At<'_>) -> Option<Violation> {
        let gap = at.gap_after(self.sequence);
        self.sequence = at.sequence;
        gap
    }

    pub(super) fn captured(&self) -> (i64, i64, Currency) {
        let captured = self.captured.unwrap_or(0);
        (captured, self.back(), self.currency)
    }

    /// What is to go back, or has.
    fn asked(&self) -> i64 {
        let amounts = self.refunds.iter().map(|refund| refund.amount);
        amounts.fold(0, i64::saturating_add)
    }

    /// What has gone back.
    fn back(&self) -> i64 {
        let done = self.refunds.iter().filter(|refund| refund.done);
        done.map(|refund| refund.amount)
            .fold(0, i64::saturating_add)
    }

    /// All that it waits for: its outcome, and its refunds.
    pub(super) fn all_waits(&self) -> impl Iterator<Item = &Waits> {
        let refunds = self.refunds.iter().map(|refund| &refund.waits);
        std::iter::once(&self.waits).chain(refunds)
    }

    /// Whether it is known what became of it.
    pub(super) fn is_settled(&self) -> bool {
        self.all_waits().all(|waits| *waits == Waits::Nothing)
    }
}

impl Refund {
    fn done_before(amount: i64) -> Self {
        Self {
            id: None,
            amount,
            done: true,
            waits: Waits::Nothing,
        }
    }
}

impl Shop {
    pub(super) fn payment(&mut self, id: PaymentId) -> &mut Payment {
        self.touched.payment(id);
        let ended = &mut self.ended_payments;
        self.payments.entry(id).or_insert_with(|| {
            ended
                .take(id)
                .map_or_else(Payment::unknown, Payment::reopened)
        })
    }

    /// An order says that this payment paid it, or that it is sold no longer.
    pub(super) fn payment_keeps(&mut self, id: PaymentId, keeps: bool) {
        self.payment(id).kept = keeps;
    }

    /// An order says that this much of its payment goes back.
    pub(super) fn payment_gives_up(&mut self, id: PaymentId, amount: i64) {
        let payment = self.payment(id);
        payment.given_up = payment.given_up.saturating_add(amount);
    }

    pub(super) fn payment_event(
        &mut self,
        at: At<'_>,
        id: PaymentId,
        event: &PaymentEvent,
        occurred_at: DateTime<Utc>,
    ) {
        let payment = self.payment(id);
        let gap = payment.follow(at);
        let unasked = payment.requested.is_none();
        self.found.extend(gap);
        if unasked && !matches!(event, PaymentEvent::PaymentRequested { .. }) {
            let evidence = "something happened to it before it was requested".to_owned();
            self.found.push(at.violation(Invariant::Money, evidence));
        }
        match event {
            PaymentEvent::PaymentRequested {
                order_id, amount, ..
            } => self.requested(at, id, *order_id, *amount, occurred_at),
            PaymentEvent::PaymentOutcomeUnknown {
                reason,
                next_inquiry_at,
                ..
            } => {
                let waits = waits(*next_inquiry_at, "its outcome is unknown", reason);
                self.payment(id).waits = waits;
            }
            PaymentEvent::PaymentSucceeded { amount, .. } => {
                let payment = self.payment(id);
                let requested = payment.requested;
                if requested.is_some_and(|requested| requested != amount.amount()) {
                    let evidence = format!("{amount} was charged, {requested:?} asked for");
                    self.found.push(at.violation(Invariant::Money, evidence));
                }
                self.captured(at, id, *amount);
            }
            PaymentEvent::PaymentMismatched {
                expected, charged, ..
            } => {
                let requested = self.payment(id).requested;
                if requested.is_some_and(|requested| requested != expected.amount()) {
                    let evidence = format!("{expected} was expected, {requested:?} asked for");
                    self.found.push(at.violation(Invariant::Money, evidence));
                }
                // The wrong charge may be in another currency too: that is what is owed back.
                self.payment(id).currency = charged.currency();
                self.captured(at, id, *charged);
            }
            PaymentEvent::PaymentFailed { .. } => {
                let payment = self.payment(id);
                payment.failed = true;
                payment.waits = Waits::Nothing;
                if payment.captured.is_some() {
                    let evidence = "failed after it was charged".to_owned();
                    self.found.push(at.violation(Invariant::Money, evidence));
                }
            }
            PaymentEvent::PaymentRefundRequested {
                refund_id, amount, ..
            } => self.refund_requested(at, id, *refund_id, *amount, occurred_at),
            PaymentEvent::PaymentRefundDelayed {
                refund_id,
                reason,
                next_attempt_at,
                ..
            } => {
                let waits = waits(*next_attempt_at, "its refund is not done", reason);
                let refunds = &mut self.payment(id).refunds;
                match pending(refunds, *refund_id) {
                    Some(refund) => refund.waits = waits,
                    None => {
                        let evidence = format!("refund {refund_id} is delayed, and not under way");
                        self.found.push(at.violation(Invariant::Refunds, evidence));
                    }
                }
            }
            PaymentEvent::PaymentRefunded {
                refund_id, amount, ..
            } => self.refunded(at, id, *refund_id, *amount),
            PaymentEvent::PaymentDepositAwaited {
                order_id,
                amount,
                account,
                ..
            } => self.deposit_awaited(at, id, *order_id, *amount, account.until),
            PaymentEvent::PaymentInquiryRequested { .. } => {}
            PaymentEvent::PaymentReviewRequired { reason, .. } => {
                self.payment(id).review = Some(*reason);
            }
        }
    }

    fn requested(
        &mut self,
        at: At<'_>,
        id: PaymentId,
        order_id: OrderId,
        amount: Money,
        occurred_at: DateTime<Utc>,
    ) {
        let payment = self.payment(id);
        let twice = payment.requested.replace(amount.amount()).is_some();
        payment.currency = amount.currency();
        payment.waits = Waits::Until(occurred_at, "it has no outcome");
        let order = self.orders.get(&order_id);
        let fits = order.is_some_and(|order| {
            order.stage == Stage::Paying
                && order.payment == Some(id)
                && order.payable() == amount.amount()
                && order.currency == amount.currency()
        });
        if twice || !fits {
            let order = order.map_or_else(
                || "has no open order".to_owned(),
                |order| {
                    let (stage, total) = (order.stage, order.payable());
                    format!(
                        "its order is {stage:?} and costs {total} {}",
                        order.currency
                    )
                },
            );
            let again = if twice { "again " } else { "" };
            let evidence = format!("{amount} {again}asked for order {order_id}: {order}");
            self.found.push(at.violation(Invariant::Money, evidence));
        }
    }

    /// The payment and its order wait until the account is closed, and a while for those who ask and cancel.
    fn deposit_awaited(
        &mut self,
        at: At<'_>,
        id: PaymentId,
        order_id: OrderId,
        amount: Money,
        until: DateTime<Utc>,
    ) {
        let given_up_at = until
            .checked_add_signed(DEPOSIT_GIVEN_UP_AFTER)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let payment = self.payment(id);
        payment.failed = false;
        payment.waits = Waits::Until(given_up_at, "its deposit is awaited");
        let fits = payment.captured.is_none()
            && payment.requested == Some(amount.amount())
            && payment.currency == amount.currency();
        if !fits {
            let evidence = format!("a deposit of {amount} is awaited for another payment");
            self.found.push(at.violation(Invariant::Money, evidence));
        }
        self.order_waits_until(order_id, given_up_at);
    }

    fn captured(&mut self, at: At<'_>, id: PaymentId, amount: Money) {
        let payment = self.payment(id);
        payment.waits = Waits::Nothing;
        payment.failed = false;
        let same_currency = payment.currency == amount.currency();
        let before = payment.captured.replace(amount.amount());
        if let Some(before) = before {
            let evidence = format!("{amount} charged after {before} was");
            self.found.push(at.violation(Invariant::Money, evidence));
        } else if !same_currency {
            let evidence = format!("{amount} charged, in another currency than asked for");
            self.found.push(at.violation(Invariant::Money, evidence));
        }
        let captured = i128::from(amount.amount());
        self.money
            .change(amount.currency(), |totals| totals.captured += captured);
        self.touched.money = true;
    }

    fn refund_requested(
        &mut self,
        at: At<'_>,
        id: PaymentId,
        refund_id: RefundId,
        amount: Money,
        occurred_at: DateTime<Utc>,
    ) {
        let payment = self.payment(id);
        let captured = payment.captured.unwrap_or(0);
        let (before, currency) = (payment.asked(), payment.currency);
        let mut refunds = payment.refunds.iter();
        let twice = refunds.any(|refund| refund.id == Some(refund_id));
        payment.refunds.push(Refund {
            id: Some(refund_id),
            amount: amount.amount(),
            done: false,
            waits: Waits::Until(occurred_at, "its refund is not done"),
        });
        if twice || payment.asked() > captured || amount.currency() != currency {
            let evidence = format!(
                "refund {refund_id} of {amount} asked for: {captured} {currency} captured, {before} owed before"
            );
            self.found.push(at.violation(Invariant::Refunds, evidence));
        }
        let owed = i128::from(amount.amount());
        self.money
            .change(amount.currency(), |totals| totals.owed += owed);
        self.touched.money = true;
    }

    fn refunded(&mut self, at: At<'_>, id: PaymentId, refund_id: RefundId, amount: Money) {
        let payment = self.payment(id);
        let (captured, before) = (payment.captured.unwrap_or(0), payment.back());
        let known = pending(&mut payment.refunds, refund_id);
        let asked = known.is_some_and(|refund| {
            refund.done = true;
            refund.waits = Waits::Nothing;
            refund.amount == amount.amount()
        });
        if !asked || payment.back() > captured {
            let evidence = format!(
                "refund {refund_id} of {amount}: {captured} captured, {before} given back before, of {:?}",
                payment.refunds
            );
            self.found.push(at.violation(Invariant::Refunds, evidence));
        }
        let back = i128::from(amount.amount());
        self.money.change(amount.currency(), |totals| {
            totals.owed -= back;
            totals.refunded += back;
        });
        self.touched.money = true;
    }

    /// After a command: captured money is kept for the order that it sold, but for what that order gave up; or
    /// it goes back, all of it.
    pub(super) fn check_payment(&mut self, id: PaymentId) {
        let position = self.position;
        let Some(payment) = self.payments.get(&id) else {
            return;
        };
        let owed = payment.asked();
        let expected = if payment.kept {
            payment.given_up
        } else {
            payment.captured.unwrap_or(0)
        };
        let sold_for_nothing = payment.kept && payment.captured.is_none();
        if owed != expected || sold_for_nothing {
            let sold = if payment.kept {
                "paid a sold order"
            } else {
                "paid no sold order"
            };
            let evidence = format!(
                "{sold}: {:?} captured, {owed} to go back, not {expected}",
                payment.captured
            );
            self.found.push(Violation {
                invariant: Invariant::Refunds,
                position: Some(position),
                stream: Some(format!("payment/{id}")),
                evidence,
            });
        }
        let closed = payment.closed();
        if closed.is_some_and(|closed| self.ended_payments.put(id, closed)) {
            self.payments.remove(&id);
        }
    }
}

/// A refund that is under way.
fn pending(refunds: &mut [Refund], id: RefundId) -> Option<&mut Refund> {
    let mut pending = refunds.iter_mut();
    pending.find(|refund| refund.id == Some(id) && !refund.done)
}

/// What a payment waits for that will be tried at a moment, or never again by itself.
fn waits(next: Option<DateTime<Utc>>, what: &'static str, why: &str) -> Waits {
    next.map_or_else(
        || Waits::Parked(format!("{what}, and nobody asks any more: {why}")),
        |at| Waits::Until(at, what),
    )
}

/// For the gateway's ledger.
impl Shop {
    /// What the shop knows of a payment: captured, given back, in which currency, and whether that is the
    /// last word.
    pub(crate) fn paid(&self, id: PaymentId) -> Option<(i64, i64, Currency, bool)> {
        if let Some(payment) = self.payments.get(&id) {
            let (captured, back, currency) = payment.captured();
            return Some((captured, back, currency, payment.is_settled()));
        }
        let closed = self.ended_payments.get(id)?;
        let (captured, back) = closed.money();
        Some((captured, back, closed.currency, true))
    }

    pub(crate) fn ledger_key(id: PaymentId) -> u64 {
        key(id.uuid())
    }

    /// Charged payments that a ledger does not have. One that cost nothing never went to a gateway.
    pub(crate) fn missing_from(&self, has: impl Fn(u64) -> bool) -> Vec<Violation> {
        let open = self.payments.iter();
        let open = open.map(|(id, payment)| (key(id.uuid()), id.to_string(), payment.captured().0));
        let ended = self.ended_payments.iter();
        let ended = ended.map(|(key, closed)| {
            let tail = format!("…-{:04x}-{:012x}", key >> 48, key & 0xFFFF_FFFF_FFFF);
            (key, tail, closed.money().0)
        });
        let mut missing: Vec<Violation> = open
            .chain(ended)
            .filter(|(key, _, captured)| *captured != 0 && !has(*key))
            .map(|(_, id, captured)| Violation {
                invariant: Invariant::GatewayLedger,
                position: None,
                stream: Some(format!("payment/{id}")),
                evidence: format!(
                    "the shop captured {captured}, the gateway knows of no such payment"
                ),
            })
            .collect();
        missing.sort_by(|one, other| one.stream.cmp(&other.stream));
        missing
    }
}

//! What becomes of an account that a buyer was given: somebody pays in, or nobody does; it closes; and the bank may
//! take back what was paid in.

use chrono::TimeDelta;
use domain::payment::{NoteRefundAccount, PaymentEvent};
use domain::{DomainEvent, PaymentId, RefundId};
use payment_gateways::{ConfirmRequest, GatewayReply};
use payment_vault::{AccountOfRefund, RefundAccount};
use uuid::Uuid;

use super::{NOBODY, World, tell};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// How long an account is open.
const WINDOW_US: std::ops::Range<u64> = 15_000_000..240_000_000;
/// Nobody pays in sooner.
const PAID_AFTER_US: u64 = 1_000_000;
/// How long after it closed a late deposit comes: some before the shop's last look at it, some long after.
const LATE_US: std::ops::Range<u64> = 1_000_000..1_500_000_000;
/// How long after it a deposit is taken back: some at once, while the shop hears that it has come.
const TAKEN_BACK_US: std::ops::Range<u64> = 1_000_000..120_000_000;
const TAKEN_BACK_AT_ONCE_US: std::ops::Range<u64> = 200_000..4_000_000;
/// How long a person needs to find out where a buyer wants the money.
const ACCOUNT_KNOWN_US: std::ops::Range<u64> = 5_000_000..900_000_000;

impl World {
    /// The gateway is asked for an account.
    pub(super) fn open_account(&mut self, request: &ConfirmRequest) -> GatewayReply {
        let payment_id = request.payment_id;
        let known = self.bank.inquire(payment_id);
        if known != GatewayReply::NoRecord {
            return known;
        }
        let is_mismatched = self.strikes(Kind::DepositMismatched, NOBODY);
        let mut rng = self.draw(Topic::Deposit, 0);
        let window = rng.u64(WINDOW_US);
        let until = self.true_time() + TimeDelta::microseconds(window.try_into().unwrap_or(0));
        let reply = self
            .bank
            .open_account(request, until, is_mismatched, &mut rng);
        let is_late = self.strikes(Kind::DepositLate, NOBODY);
        // A company that has said that the time is over takes nothing any more.
        if !is_late && rng.bool() {
            self.by_itself(window, move |world| world.bank.close_account(payment_id));
        }
        if !self.strikes(Kind::DepositNever, NOBODY) {
            let wait = if is_late {
                window + rng.u64(LATE_US)
            } else {
                rng.u64(PAID_AFTER_US..window)
            };
            // What goes wrong with it is settled now: the time of faults may be over when it comes.
            let wrongly = if self.strikes(Kind::DepositWrongAmount, NOBODY) {
                rng.i64(-400..400)
            } else {
                0
            };
            let is_taken_back = self.strikes(Kind::DepositTakenBack, NOBODY);
            let after = if rng.bool() {
                TAKEN_BACK_US
            } else {
                TAKEN_BACK_AT_ONCE_US
            };
            let taken_back_after = is_taken_back.then(|| rng.u64(after));
            self.by_itself(wait, move |world| {
                world.pay_in(payment_id, wrongly, taken_back_after);
            });
        }
        if self.plant == Some(Plant::BelievedDeposit) {
            return paid_already(reply);
        }
        reply
    }

    fn pay_in(&mut self, payment_id: Uuid, wrongly: i64, taken_back_after: Option<u64>) {
        let now = self.true_time();
        if !self.bank.deposit(payment_id, wrongly, now) {
            return;
        }
        tell!(self, "somebody pays into the account of {payment_id}");
        let Some(later) = taken_back_after else {
            return;
        };
        self.by_itself(later, move |world| {
            if world.bank.take_deposit_back(payment_id) {
                tell!(world, "the bank takes the deposit of {payment_id} back");
                if world.plant == Some(Plant::UnseenTakeBack) {
                    world.bank.take_news();
                }
            }
        });
    }

    /// A process has looked in vain for the account that a refund goes to: its buyer tells it some time.
    pub(super) fn find_out_where_to(&mut self, refund_id: Uuid) {
        let Some(payment_id) = self.payment_of_refund(refund_id) else {
            return;
        };
        if !self.bank.is_to_go_back(payment_id.uuid()) {
            return;
        }
        let later = self.draw(Topic::Deposit, 2).u64(ACCOUNT_KNOWN_US);
        self.by_itself(later, move |world| {
            world.tell_account(payment_id, RefundId::new(refund_id));
        });
    }

    /// The account that a refund goes to is told, as the command API takes it in, unless it is kept by now: who had no
    /// answer tells it again. Whether it is wanted.
    pub(super) fn tell_account(&mut self, payment_id: PaymentId, refund_id: RefundId) -> bool {
        let payment = self.payment(payment_id.uuid());
        let is_wanted =
            payment.is_some_and(|payment| payment.check_account_wanted(refund_id).is_ok());
        if !is_wanted || self.safe.open_account(refund_id.uuid()).is_some() {
            return false;
        }
        let told = AccountOfRefund {
            refund_id: refund_id.uuid(),
            account: RefundAccount {
                bank: "20".to_owned(),
                number: "1002123456789".to_owned(),
                holder: "somebody".to_owned(),
            },
            told_at: self.wall(0),
        };
        let note = NoteRefundAccount {
            payment_id,
            refund_id,
            user_id: None,
            now: self.wall(0),
        };
        self.operate_then(refund_id.uuid(), note, move |world, is_taken| {
            if is_taken {
                world.safe.keep_account(&told);
            } else if world.is_owed(refund_id.uuid()) {
                world.fail(
                    "operator",
                    format!("the account of {refund_id} was refused"),
                );
            }
        });
        true
    }

    /// Whether a refund has not been done: one that a company refuses for good is a person's to settle.
    pub(super) fn is_owed(&self, refund_id: Uuid) -> bool {
        let payment_id = self.payment_of_refund(refund_id);
        let payment = payment_id.and_then(|payment_id| self.payment(payment_id.uuid()));
        payment.is_some_and(|payment| {
            let refund = payment.refund(RefundId::new(refund_id));
            refund.is_some_and(|refund| !refund.done)
        })
    }

    fn payment_of_refund(&self, refund_id: Uuid) -> Option<PaymentId> {
        let mut events = self.log.decoded(0, usize::MAX).iter();
        events.find_map(|recorded| match &recorded.event {
            DomainEvent::Payment(PaymentEvent::PaymentRefundRequested {
                refund_id: id, ..
            }) if id.uuid() == refund_id => recorded.aggregate_id.parse().ok(),
            _ => None,
        })
    }
}

/// The planted defect: an adapter that takes an account for a deposit.
fn paid_already(reply: GatewayReply) -> GatewayReply {
    let GatewayReply::WaitingForDeposit {
        transaction_id,
        amount_minor,
        currency,
        ..
    } = reply
    else {
        return reply;
    };
    GatewayReply::Approved {
        transaction_id,
        amount_minor,
        currency,
    }
}

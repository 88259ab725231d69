//! Does what the sagas ask for, in the order of their time, with a clock of its own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::gateway::Gateway;
use super::shop::Shop;
use crate::checkout::sagas::react;
use crate::checkout::{ConfirmOrder, ExpireOrder, RetrySchedule, SettlePayment, SettleRefund};
use crate::coupon_pool::CloseCouponPool;
use crate::ids::{LotId, RefundId};
use crate::payment::Payment;
use crate::payment_method::{
    ErasureAnswer, MethodKind, RegistrationAnswer, SettleErasure, SettleRegistration,
};
use crate::points::{EarningPolicy, ExpirePoints};
use crate::rejection::Rejection;
use crate::saga::{Action, Due};
use crate::workspace::Operation;

/// After how long a paid order confirms itself.
const CONFIRMED_AFTER: Duration = Duration::minutes(30);

/// The steps that wait, and the gateway that they call.
#[derive(Default)]
pub(super) struct Runner {
    pub(super) gateway: Gateway,
    /// By due time, then by id: each once.
    waiting: BTreeMap<(DateTime<Utc>, Uuid), Action>,
    /// What was executed: a command's outcome is kept under its id, and its repeat only answered.
    done: BTreeSet<Uuid>,
    /// How many events it has read.
    read: usize,
    /// Steps that were refused, with the code.
    pub(super) refused: Vec<(Action, Rejection)>,
}

/// What waits, at which time, under which id.
pub(super) type Waiting = (DateTime<Utc>, Uuid, Action);

impl Runner {
    /// Reads what is new in the log.
    pub(super) fn read(&mut self, shop: &Shop) {
        for recorded in &shop.log.events[self.read..] {
            for step in react(recorded) {
                let due = match step.due {
                    Due::Now => recorded.occurred_at,
                    Due::At(moment) => moment,
                };
                self.waiting
                    .insert((due, step.id(recorded.event_id)), step.action);
            }
        }
        self.read = shop.log.events.len();
    }

    /// Reads the log from its start, as after a crash that lost the checkpoint.
    pub(super) fn read_again(&mut self, shop: &Shop) {
        self.read = 0;
        self.read(shop);
    }

    /// The step that is due next; the clock moves there.
    pub(super) fn next(&mut self, shop: &mut Shop) -> Option<Waiting> {
        self.read(shop);
        let ((due, id), action) = self.waiting.pop_first()?;
        shop.now = shop.now.max(due);
        Some((due, id, action))
    }

    /// The step that is due next, if it is due by now.
    pub(super) fn due(&mut self, shop: &mut Shop) -> Option<Waiting> {
        self.read(shop);
        let ((due, _), _) = self.waiting.first_key_value()?;
        if *due <= shop.now {
            self.next(shop)
        } else {
            None
        }
    }

    /// Does a step: the gateway may be called again, the command is executed once.
    pub(super) fn perform(&mut self, shop: &mut Shop, id: Uuid, action: &Action) {
        let operation = self.operation(shop, id, action);
        if !self.done.insert(id) {
            return;
        }
        if let Err(rejection) = shop.attempt(operation.as_ref()) {
            self.refused.push((action.clone(), rejection));
        }
    }

    /// Does a step whose command's outcome was not kept.
    pub(super) fn perform_anew(&mut self, shop: &mut Shop, id: Uuid, action: &Action) {
        self.done.remove(&id);
        self.perform(shop, id, action);
    }

    /// Does all that is due until this moment.
    pub(super) fn run_until(&mut self, shop: &mut Shop, until: DateTime<Utc>) {
        self.read(shop);
        while self
            .waiting
            .first_key_value()
            .is_some_and(|((due, _), _)| *due <= until)
        {
            if let Some((_, id, action)) = self.next(shop) {
                self.perform(shop, id, &action);
            }
            self.read(shop);
        }
        shop.now = shop.now.max(until);
    }

    /// Does everything until nothing waits.
    pub(super) fn run_to_the_end(&mut self, shop: &mut Shop) {
        while let Some((_, id, action)) = self.next(shop) {
            self.perform(shop, id, &action);
        }
    }

    fn operation(&mut self, shop: &Shop, id: Uuid, action: &Action) -> Box<dyn Operation> {
        let now = shop.now;
        let settle = |payment_id, answer| {
            Box::new(SettlePayment {
                payment_id,
                answer,
                refund_id: RefundId::new(id),
                now,
                confirmation_due_at: now + CONFIRMED_AFTER,
                inquiries: RetrySchedule::default(),
                out_of_turn: matches!(action, Action::AskAboutPayment { .. }),
                asked_at: u32::MAX,
                deposit_window: crate::checkout::DEPOSIT_WINDOW_DEFAULT,
            })
        };
        match action {
            Action::ConfirmPayment(request) => {
                let answer = self.gateway.confirm(request);
                settle(request.payment_id, answer)
            }
            Action::InquirePayment { payment_id } | Action::AskAboutPayment { payment_id } => {
                let answer = self.gateway.inquire(*payment_id);
                settle(*payment_id, answer)
            }
            Action::RefundPayment {
                payment_id,
                refund_id,
            } => {
                let payment = shop.state::<Payment>(payment_id);
                let refund = payment.requested().unwrap().refund(*refund_id);
                let amount = refund.unwrap().amount;
                Box::new(SettleRefund {
                    payment_id: *payment_id,
                    refund_id: *refund_id,
                    answer: self.gateway.refund(*payment_id, *refund_id, amount),
                    now,
                    attempts: RetrySchedule::default(),
                })
            }
            Action::ConfirmOrder { order_id } => Box::new(ConfirmOrder {
                order_id: *order_id,
                lot_id: LotId::new(id),
                earning: EarningPolicy::default(),
                now,
            }),
            Action::ExpireOrder { order_id } => Box::new(ExpireOrder {
                order_id: *order_id,
                now,
            }),
            Action::CloseCouponPool { pool_id } => Box::new(CloseCouponPool {
                pool_id: *pool_id,
                now,
            }),
            Action::ExpirePoints { user_id, lot_id } => Box::new(ExpirePoints {
                user_id: user_id.clone(),
                lot_id: *lot_id,
                now,
            }),
            Action::RegisterMethod { user_id, method_id } => Box::new(SettleRegistration {
                user_id: user_id.clone(),
                method_id: *method_id,
                answer: RegistrationAnswer::Kept {
                    kind: MethodKind::Card,
                    card_company: None,
                    card_last4: None,
                },
                now,
                attempts: RetrySchedule::default(),
            }),
            Action::EraseMethod { user_id, method_id } => Box::new(SettleErasure {
                user_id: user_id.clone(),
                method_id: *method_id,
                answer: ErasureAnswer::Done,
                now,
                attempts: RetrySchedule::default(),
            }),
        }
    }
}

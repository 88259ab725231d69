//! What the gateway said about a key, taken into its user's payment methods.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{MethodKind, MethodStage, PaymentMethodCommand, PaymentMethods};
use crate::checkout::RetrySchedule;
use crate::ids::{PaymentMethodId, UserId};
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// The code of a method that no answer ever came about.
const NO_ANSWER: &str = "GATEWAY_NO_ANSWER";
/// After its schedule an erasure is tried so often, for ever: a key that still charges is never forgotten.
const ERASURE_REPEAT_DAYS: i64 = 1;

/// What came of asking a gateway for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationAnswer {
    /// A key was issued, and is kept under the method's id.
    Kept {
        /// What kind of means.
        kind: MethodKind,
        /// The card's company.
        card_company: Option<String>,
        /// The card's last four digits.
        card_last4: Option<String>,
    },
    /// None was issued, definitely.
    Refused {
        /// A code.
        code: String,
        /// The gateway's words.
        message: String,
    },
    /// Nothing definite: it is asked again under the same id.
    NotDone {
        /// Why.
        reason: String,
    },
}

/// What came of asking a gateway to erase a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErasureAnswer {
    /// It charges no more, and is nowhere any more.
    Done,
    /// Nothing definite: it is asked again.
    NotDone {
        /// Why.
        reason: String,
    },
}

/// Take in what came of asking for a key.
#[derive(Clone, Debug)]
pub struct SettleRegistration {
    /// Whose method.
    pub user_id: UserId,
    /// Which.
    pub method_id: PaymentMethodId,
    /// What came of it.
    pub answer: RegistrationAnswer,
    /// When.
    pub now: DateTime<Utc>,
    /// When the gateway is asked again; at its end the registration has failed. A key that was issued and
    /// never heard of charges nothing, because nobody knows it.
    pub attempts: RetrySchedule,
}

/// Take in what came of erasing a key.
#[derive(Clone, Debug)]
pub struct SettleErasure {
    /// Whose method.
    pub user_id: UserId,
    /// Which.
    pub method_id: PaymentMethodId,
    /// What came of it.
    pub answer: ErasureAnswer,
    /// When.
    pub now: DateTime<Utc>,
    /// When it is tried again; after its end once a day.
    pub attempts: RetrySchedule,
}

impl Operation for SettleRegistration {
    fn name(&self) -> &'static str {
        "settle-registration"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PaymentMethods>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let method_id = self.method_id;
        let command = match self.answer.clone() {
            RegistrationAnswer::Kept {
                kind,
                card_company,
                card_last4,
            } => PaymentMethodCommand::Register {
                method_id,
                kind,
                card_company,
                card_last4,
            },
            RegistrationAnswer::Refused { code, message } => {
                PaymentMethodCommand::FailRegistration {
                    method_id,
                    code,
                    message,
                }
            }
            RegistrationAnswer::NotDone { reason } => {
                let made = self.attempts_made(workspace)?;
                match self.attempts.next(made.saturating_add(1), self.now) {
                    Some(next_attempt_at) => PaymentMethodCommand::DelayRegistration {
                        method_id,
                        reason,
                        next_attempt_at,
                    },
                    None => PaymentMethodCommand::FailRegistration {
                        method_id,
                        code: NO_ANSWER.to_owned(),
                        message: reason,
                    },
                }
            }
        };
        workspace.execute::<PaymentMethods>(&self.user_id, command)?;
        Ok(json!({ "id": method_id }))
    }
}

impl SettleRegistration {
    fn attempts_made(&self, workspace: &mut Workspace<'_>) -> Result<u32, Halt> {
        let methods = workspace.read::<PaymentMethods>(&self.user_id)?;
        let method = methods.method(self.method_id).ok();
        Ok(match method.map(|method| &method.stage) {
            Some(MethodStage::Pending { attempts, .. }) => *attempts,
            Some(MethodStage::Active { .. } | MethodStage::Deleted { .. }) | None => 0,
        })
    }
}

impl Operation for SettleErasure {
    fn name(&self) -> &'static str {
        "settle-erasure"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PaymentMethods>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let method_id = self.method_id;
        let command = match self.answer.clone() {
            ErasureAnswer::Done => PaymentMethodCommand::CompleteErasure { method_id },
            ErasureAnswer::NotDone { reason } => {
                let methods = workspace.read::<PaymentMethods>(&self.user_id)?;
                let method = methods.method(method_id).ok();
                let made = match method.map(|method| &method.stage) {
                    Some(MethodStage::Deleted { attempts }) => *attempts,
                    Some(MethodStage::Pending { .. } | MethodStage::Active { .. }) | None => 0,
                };
                let scheduled = self.attempts.next(made.saturating_add(1), self.now);
                PaymentMethodCommand::DelayErasure {
                    method_id,
                    reason,
                    next_attempt_at: scheduled.or_else(|| self.tomorrow()),
                }
            }
        };
        workspace.execute::<PaymentMethods>(&self.user_id, command)?;
        Ok(json!({ "id": method_id }))
    }
}

impl SettleErasure {
    /// `None` only at the end of the calendar.
    fn tomorrow(&self) -> Option<DateTime<Utc>> {
        let repeat = TimeDelta::try_days(ERASURE_REPEAT_DAYS)?;
        self.now.checked_add_signed(repeat)
    }
}

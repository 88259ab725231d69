//! The rules of a user's payment methods.

use chrono::{DateTime, Utc};

use super::commands::PaymentMethodCommand;
use super::error::PaymentMethodError;
use super::events::{DeletionReason, MethodKind, PaymentMethodEvent};
use super::state::{MethodStage, PaymentMethodsState};
use crate::decider::Decider;
use crate::ids::PaymentMethodId;

/// The most methods of one user, those on their way included: more than anybody keeps in a wallet.
const METHODS_MAX: usize = 20;
/// The most characters of a gateway's name.
const GATEWAY_MAX_CHARS: usize = 32;
/// The most characters of what a browser brings (Toss allows 300 for its `authKey`).
const AUTH_KEY_MAX_CHARS: usize = 300;

/// The rules.
pub struct PaymentMethods;

impl Decider for PaymentMethods {
    const TYPE: &'static str = "payment_methods";
    const STATE_VERSION: u32 = 1;
    type State = PaymentMethodsState;
    type Command = PaymentMethodCommand;
    type Event = PaymentMethodEvent;
    type Error = PaymentMethodError;

    fn decide(
        state: &PaymentMethodsState,
        command: PaymentMethodCommand,
    ) -> Result<Vec<PaymentMethodEvent>, PaymentMethodError> {
        match command {
            PaymentMethodCommand::Request {
                method_id,
                gateway,
                auth_token,
            } => request(state, method_id, gateway, auth_token),
            PaymentMethodCommand::Register {
                method_id,
                kind,
                card_company,
                card_last4,
            } => register(state, method_id, kind, card_company, card_last4),
            PaymentMethodCommand::FailRegistration {
                method_id,
                code,
                message,
            } => fail(state, method_id, code, message),
            PaymentMethodCommand::DelayRegistration {
                method_id,
                reason,
                next_attempt_at,
            } => delay_registration(state, method_id, reason, next_attempt_at),
            PaymentMethodCommand::MakeDefault { method_id } => make_default(state, method_id),
            PaymentMethodCommand::Delete { method_id, reason } => delete(state, method_id, reason),
            PaymentMethodCommand::CompleteErasure { method_id } => {
                complete_erasure(state, method_id)
            }
            PaymentMethodCommand::DelayErasure {
                method_id,
                reason,
                next_attempt_at,
            } => delay_erasure(state, method_id, reason, next_attempt_at),
        }
    }

    fn evolve(state: &mut PaymentMethodsState, event: &PaymentMethodEvent) {
        state.evolve(event);
    }
}

type Decided = Result<Vec<PaymentMethodEvent>, PaymentMethodError>;

fn request(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    gateway: String,
    auth_token: String,
) -> Decided {
    let fits = |text: &str, max| (1..=max).contains(&text.chars().count());
    if !fits(&gateway, GATEWAY_MAX_CHARS) {
        return Err(PaymentMethodError::Invalid {
            field: "gateway",
            reason: "1 to 32 characters",
        });
    }
    if !fits(&auth_token, AUTH_KEY_MAX_CHARS) {
        return Err(PaymentMethodError::Invalid {
            field: "authKey",
            reason: "1 to 300 characters",
        });
    }
    if let Ok(method) = state.method(method_id) {
        return match &method.stage {
            MethodStage::Pending {
                auth_token: same, ..
            } if *same == auth_token && method.gateway == gateway => Ok(vec![]),
            MethodStage::Pending { .. }
            | MethodStage::Active { .. }
            | MethodStage::Deleted { .. } => Err(PaymentMethodError::AlreadyExists),
        };
    }
    if state.count() >= METHODS_MAX {
        return Err(PaymentMethodError::TooMany { max: METHODS_MAX });
    }
    Ok(vec![PaymentMethodEvent::PaymentMethodRequested {
        method_id,
        gateway,
        auth_token,
    }])
}

fn register(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    kind: MethodKind,
    card_company: Option<String>,
    card_last4: Option<String>,
) -> Decided {
    let method = state.method(method_id)?;
    match method.stage {
        MethodStage::Active { .. } | MethodStage::Deleted { .. } => return Ok(vec![]),
        MethodStage::Pending { .. } => {}
    }
    let mut events = vec![PaymentMethodEvent::PaymentMethodRegistered {
        method_id,
        gateway: method.gateway.clone(),
        kind,
        card_company,
        card_last4,
    }];
    if state.default_method().is_none() {
        events.push(PaymentMethodEvent::PaymentMethodMadeDefault { method_id });
    }
    Ok(events)
}

fn fail(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    code: String,
    message: String,
) -> Decided {
    // One that failed before is forgotten, so that a repeat has nothing to do.
    let Ok(method) = state.method(method_id) else {
        return Ok(vec![]);
    };
    match method.stage {
        MethodStage::Pending { .. } => {
            Ok(vec![PaymentMethodEvent::PaymentMethodRegistrationFailed {
                method_id,
                code,
                message,
            }])
        }
        MethodStage::Active { .. } | MethodStage::Deleted { .. } => {
            Err(PaymentMethodError::AlreadyExists)
        }
    }
}

fn delay_registration(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    reason: String,
    next_attempt_at: DateTime<Utc>,
) -> Decided {
    match state.method(method_id)?.stage {
        MethodStage::Pending { attempts, .. } => {
            Ok(vec![PaymentMethodEvent::PaymentMethodRegistrationDelayed {
                method_id,
                reason,
                attempts: attempts.saturating_add(1),
                next_attempt_at,
            }])
        }
        MethodStage::Active { .. } | MethodStage::Deleted { .. } => Ok(vec![]),
    }
}

fn make_default(state: &PaymentMethodsState, method_id: PaymentMethodId) -> Decided {
    state.active(method_id)?;
    if state.default_method() == Some(method_id) {
        return Ok(vec![]);
    }
    Ok(vec![PaymentMethodEvent::PaymentMethodMadeDefault {
        method_id,
    }])
}

fn delete(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    reason: DeletionReason,
) -> Decided {
    let method = state.method(method_id)?;
    match method.stage {
        MethodStage::Pending { .. } => return Err(PaymentMethodError::NotActive),
        MethodStage::Deleted { .. } => return Ok(vec![]),
        MethodStage::Active { .. } => {}
    }
    let mut events = vec![PaymentMethodEvent::PaymentMethodDeleted {
        method_id,
        gateway: method.gateway.clone(),
        reason,
    }];
    if state.default_method() == Some(method_id) {
        let heir = state.newest_but(method_id);
        events.extend(
            heir.map(|method_id| PaymentMethodEvent::PaymentMethodMadeDefault { method_id }),
        );
    }
    Ok(events)
}

fn complete_erasure(state: &PaymentMethodsState, method_id: PaymentMethodId) -> Decided {
    let Ok(method) = state.method(method_id) else {
        return Ok(vec![]);
    };
    match method.stage {
        MethodStage::Deleted { .. } => {
            Ok(vec![PaymentMethodEvent::PaymentMethodErased { method_id }])
        }
        MethodStage::Pending { .. } | MethodStage::Active { .. } => {
            Err(PaymentMethodError::AlreadyExists)
        }
    }
}

fn delay_erasure(
    state: &PaymentMethodsState,
    method_id: PaymentMethodId,
    reason: String,
    next_attempt_at: Option<DateTime<Utc>>,
) -> Decided {
    match state.method(method_id)?.stage {
        MethodStage::Deleted { attempts } => {
            Ok(vec![PaymentMethodEvent::PaymentMethodErasureDelayed {
                method_id,
                reason,
                attempts: attempts.saturating_add(1),
                next_attempt_at,
            }])
        }
        MethodStage::Pending { .. } | MethodStage::Active { .. } => {
            Err(PaymentMethodError::AlreadyExists)
        }
    }
}

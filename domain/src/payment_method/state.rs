//! A user's payment methods as their events made them.

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::error::PaymentMethodError;
use super::events::PaymentMethodEvent;
use crate::ids::PaymentMethodId;

/// The methods that the rules have to know: those that failed or are erased are forgotten.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentMethodsState {
    methods: RedBlackTreeMapSync<PaymentMethodId, Method>,
    default: Option<PaymentMethodId>,
    /// How many there ever were: numbers them.
    registered: u64,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Whose key it has, or is to have.
    pub gateway: String,
    /// Where it stands.
    pub stage: MethodStage,
}

/// Where a method stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodStage {
    /// A key is to be issued.
    Pending {
        /// What the gateway gave the user's browser.
        auth_token: String,
        /// How often the gateway was asked in vain.
        attempts: u32,
    },
    /// It can be charged.
    Active {
        /// The how manieth of the user's it is.
        number: u64,
    },
    /// It is charged no more, and its key is to be erased.
    Deleted {
        /// How often that was tried in vain.
        attempts: u32,
    },
}

impl PaymentMethodsState {
    /// A method that is on its way, can be charged, or waits for its key to be erased.
    ///
    /// # Errors
    /// There is none with this id.
    pub fn method(&self, id: PaymentMethodId) -> Result<&Method, PaymentMethodError> {
        self.methods.get(&id).ok_or(PaymentMethodError::NotFound)
    }

    /// A method that can be charged.
    ///
    /// # Errors
    /// There is none with this id, it was deleted, or it is still on its way.
    pub fn active(&self, id: PaymentMethodId) -> Result<&Method, PaymentMethodError> {
        let method = self.method(id)?;
        match method.stage {
            MethodStage::Active { .. } => Ok(method),
            MethodStage::Pending { .. } => Err(PaymentMethodError::NotActive),
            MethodStage::Deleted { .. } => Err(PaymentMethodError::NotFound),
        }
    }

    /// The one that is charged when nothing else is named; none when there is none.
    #[must_use]
    pub fn default_method(&self) -> Option<PaymentMethodId> {
        self.default
    }

    /// How many the user has, those on their way included.
    #[must_use]
    pub fn count(&self) -> usize {
        let all = self.methods.values();
        all.filter(|method| match method.stage {
            MethodStage::Pending { .. } | MethodStage::Active { .. } => true,
            MethodStage::Deleted { .. } => false,
        })
        .count()
    }

    /// The newest that can be charged, but for this one.
    pub(super) fn newest_but(&self, id: PaymentMethodId) -> Option<PaymentMethodId> {
        let active = self.methods.iter().filter_map(|(own, method)| {
            if let MethodStage::Active { number } = method.stage {
                return (*own != id).then_some((number, *own));
            }
            None
        });
        active.max().map(|(_, own)| own)
    }

    /// Folds one event in.
    pub(super) fn evolve(&mut self, event: &PaymentMethodEvent) {
        match event {
            PaymentMethodEvent::PaymentMethodRequested {
                method_id,
                gateway,
                auth_token,
            } => {
                let stage = MethodStage::Pending {
                    auth_token: auth_token.clone(),
                    attempts: 0,
                };
                let gateway = gateway.clone();
                self.methods
                    .insert_mut(*method_id, Method { gateway, stage });
            }
            PaymentMethodEvent::PaymentMethodRegistrationDelayed {
                method_id,
                attempts: made,
                ..
            } => self.change(*method_id, |stage| {
                if let MethodStage::Pending { attempts, .. } = stage {
                    *attempts = *made;
                }
            }),
            PaymentMethodEvent::PaymentMethodRegistered { method_id, .. } => {
                self.registered = self.registered.saturating_add(1);
                let number = self.registered;
                self.change(*method_id, |stage| *stage = MethodStage::Active { number });
            }
            PaymentMethodEvent::PaymentMethodMadeDefault { method_id } => {
                self.default = Some(*method_id);
            }
            PaymentMethodEvent::PaymentMethodDeleted { method_id, .. } => {
                self.default = self.default.filter(|default| default != method_id);
                self.change(*method_id, |stage| {
                    *stage = MethodStage::Deleted { attempts: 0 };
                });
            }
            PaymentMethodEvent::PaymentMethodErasureDelayed {
                method_id,
                attempts: made,
                ..
            } => self.change(*method_id, |stage| {
                if let MethodStage::Deleted { attempts } = stage {
                    *attempts = *made;
                }
            }),
            PaymentMethodEvent::PaymentMethodRegistrationFailed { method_id, .. }
            | PaymentMethodEvent::PaymentMethodErased { method_id } => {
                self.methods.remove_mut(method_id);
            }
        }
    }

    fn change(&mut self, id: PaymentMethodId, change: impl FnOnce(&mut MethodStage)) {
        if let Some(method) = self.methods.get(&id) {
            let mut method = method.clone();
            change(&mut method.stage);
            self.methods.insert_mut(id, method);
        }
    }
}

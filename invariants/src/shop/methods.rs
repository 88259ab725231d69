//! 19: saved payment methods.

use std::collections::BTreeMap;

use domain::payment_method::PaymentMethodEvent;
use domain::{PaymentMethodId, UserId};

use super::{At, Shop};
use crate::invariant::{Invariant, Violation};

/// A user's payment methods.
#[derive(Debug, Default)]
pub(super) struct Wallet {
    /// The sequence of the stream.
    last: u64,
    methods: BTreeMap<PaymentMethodId, Stage>,
    default: Option<PaymentMethodId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Pending,
    Active,
    Deleted,
    Gone,
}

impl Wallet {
    /// The stream's next event, whatever it says.
    pub(super) fn follow(&mut self, at: At<'_>) -> Option<Violation> {
        let gap = at.gap_after(self.last);
        self.last = at.sequence;
        gap
    }

    fn is_active(&self, id: PaymentMethodId) -> bool {
        self.methods.get(&id) == Some(&Stage::Active)
    }

    /// Takes an event in; what is wrong with it, in words.
    fn take(&mut self, event: &PaymentMethodEvent) -> Option<String> {
        let id = event.method_id();
        let was = self.methods.get(&id).copied();
        let (expected, becomes) = match event {
            PaymentMethodEvent::PaymentMethodRequested { .. } => (None, Stage::Pending),
            PaymentMethodEvent::PaymentMethodRegistrationDelayed { .. } => {
                (Some(Stage::Pending), Stage::Pending)
            }
            PaymentMethodEvent::PaymentMethodRegistrationFailed { .. } => {
                (Some(Stage::Pending), Stage::Gone)
            }
            PaymentMethodEvent::PaymentMethodRegistered { .. } => {
                (Some(Stage::Pending), Stage::Active)
            }
            PaymentMethodEvent::PaymentMethodMadeDefault { .. } => {
                self.default = Some(id);
                (Some(Stage::Active), Stage::Active)
            }
            PaymentMethodEvent::PaymentMethodDeleted { .. } => {
                self.default = self.default.filter(|default| *default != id);
                (Some(Stage::Active), Stage::Deleted)
            }
            PaymentMethodEvent::PaymentMethodErasureDelayed { .. } => {
                (Some(Stage::Deleted), Stage::Deleted)
            }
            PaymentMethodEvent::PaymentMethodErased { .. } => (Some(Stage::Deleted), Stage::Gone),
        };
        self.methods.insert(id, becomes);
        (was != expected).then(|| format!("method {id} was {was:?}, and becomes {becomes:?}"))
    }

    /// What is wrong with the default, in words.
    fn default_trouble(&self) -> Option<String> {
        let any = self.methods.values().any(|stage| *stage == Stage::Active);
        match self.default {
            Some(default) if !self.is_active(default) => {
                Some(format!("its default {default} cannot be charged"))
            }
            None if any => Some("none of its methods is the default".to_owned()),
            Some(_) | None => None,
        }
    }
}

impl Shop {
    pub(super) fn method_event(&mut self, at: At<'_>, id: UserId, event: &PaymentMethodEvent) {
        let wallet = self.wallets.entry(id.clone()).or_default();
        let gap = wallet.follow(at);
        let wrong = wallet.take(event);
        self.found.extend(gap);
        let wrong = wrong.map(|evidence| at.violation(Invariant::PaymentMethods, evidence));
        self.found.extend(wrong);
        self.touched.wallet(id);
    }

    /// After a command: its default may be none only for a moment.
    pub(super) fn check_wallet(&mut self, id: &UserId) {
        let Some(trouble) = self.wallets.get(id).and_then(Wallet::default_trouble) else {
            return;
        };
        self.found.push(Violation {
            invariant: Invariant::PaymentMethods,
            position: Some(self.position),
            stream: Some(format!("payment_methods/{id}")),
            evidence: trouble,
        });
    }
}

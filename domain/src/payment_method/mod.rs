//! A user's saved payment methods: cards, accounts and phones that a gateway charges without a browser.
//!
//! ```text
//! (none) ── request ──▶ PENDING ── register ──▶ ACTIVE ── delete ──▶ DELETED ── erase ──▶ (gone)
//!                        │    └── delay (asked again)                   └── delay (tried again)
//!                        └── fail ──▶ (gone)
//! ```
//!
//! One stream holds all of a user's methods, because the rules are about the set: so many at most, and one
//! of them the default. The first to be registered becomes the default; when the default is deleted, the
//! newest of those left takes its place.
//!
//! It protects: never two defaults, and none that is not active; never more than the limit, those on their
//! way included; nothing deleted comes back; a key is asked for once, under the method's id, and what is
//! deleted stays owed to the gateway until the key is erased there. The key itself is never seen here: it is
//! encrypted in the schema `payment`, under the method's id.

mod aggregate;
mod commands;
mod error;
mod events;
mod operations;
mod saga;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub use aggregate::PaymentMethods;
pub use commands::PaymentMethodCommand;
pub use error::PaymentMethodError;
pub use events::{DeletionReason, MethodKind, PaymentMethodEvent};
pub use operations::{DeletePaymentMethod, MakeDefaultPaymentMethod, RequestPaymentMethod};
pub(crate) use saga::follow;
pub use settle::{ErasureAnswer, RegistrationAnswer, SettleErasure, SettleRegistration};
pub use state::{Method, MethodStage, PaymentMethodsState};

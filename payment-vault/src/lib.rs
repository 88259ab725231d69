//! The billing keys of saved payment methods at rest: sealed, in the schema `payment`, under the role
//! `payment_service`.
//!
//! A key is worth money to whoever has it, so it is in one column of one table (`payment.method_keys`), and there
//! only sealed: XChaCha20-Poly1305 under a key from the configuration, with a random nonce of 192 bits, bound to
//! the method's id and the company, so that a sealed key that is copied to another row opens nothing. It is opened
//! at the moment of the call that needs it, and never logged; the types here print as `***`.
//!
//! `payment.methods.pg_billing_key`, which has to be there and unique, holds a fingerprint of the key (HMAC-SHA-256
//! under a key of its own, 76 characters): a key of Toss's may have 200 characters, and what is sealed is longer
//! still. By the fingerprint a notice of the company's about a key is found, and a key that is saved twice is seen.
//!
//! The bank accounts of buyers that refunds of deposits go to are kept in the same way (`payment.refund_accounts`),
//! each until its money is back.
//!
//! Keys are rotated by putting a new one in front: what is written from then on is sealed with it, and what was
//! sealed with the others is opened with them as long as they are configured.

mod error;
mod keys;
mod refund_accounts;
mod safe;
mod seal;
mod vault;

pub use error::{VaultError, VaultKeysError};
pub use keys::VaultKeys;
pub use refund_accounts::{AccountOfRefund, RefundAccount};
pub use safe::{BillingKey, Keeping, KeptMethod, KeySafe, NewMethod};
pub use vault::Vault;

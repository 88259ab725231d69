//! Who calls: JSON Web Tokens of one pinned algorithm, and the roles that they carry.
//!
//! A token needs `iss`, `aud`, `exp`, `sub` and the claim `roles`, an array of `customer`, `operator`,
//! `service`; other roles in it are some other system's and are passed over. Times are whole seconds.

mod claims;
mod config;
mod extract;
mod memory;
mod mint;
mod principal;
#[cfg(test)]
mod tests;
mod verifier;

pub use config::{AuthConfig, JwtAlgorithm, MintConfig};
pub use extract::{Customer, Operator};
pub use mint::{DevKeys, MAX_TTL, MintError, Minter, mint};
pub use principal::{Principal, Role, Roles, UnknownRole};
pub use verifier::{TokenError, Verifier, VerifierError};

//! The caller: a subject and its roles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::errors::ApiError;

/// What a caller may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Buys, and touches only what is theirs.
    Customer,
    /// Runs the shop.
    Operator,
    /// Another program.
    Service,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Operator, Self::Service];

    /// Its name, as in the claim.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the roles are customer, operator and service")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Whether the role is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & Self::bit(role) != 0
    }

    fn bit(role: Role) -> u8 {
        1 << role as u8
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(
            roles
                .into_iter()
                .fold(0, |bits, role| bits | Self::bit(role)),
        )
    }
}

/// A verified caller. As a handler's argument it makes the call need a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    subject: Arc<str>,
    roles: Roles,
}

impl Principal {
    /// A caller whom somebody else has verified, for instance a test.
    #[must_use]
    pub fn new(subject: &str, roles: impl IntoIterator<Item = Role>) -> Self {
        Self::with(subject, roles.into_iter().collect())
    }

    pub(super) fn with(subject: &str, roles: Roles) -> Self {
        Self {
            subject: Arc::from(subject),
            roles,
        }
    }

    /// The token's `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its roles.
    #[must_use]
    pub fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether it has the role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.has(role)
    }

    /// Demands a role.
    ///
    /// # Errors
    /// 403 `FORBIDDEN` when it does not have it.
    pub fn require(&self, role: Role) -> Result<(), ApiError> {
        if self.has(role) {
            Ok(())
        } else {
            Err(ApiError::forbidden())
        }
    }
}

//! The claims, read strictly: a claim of the wrong type is a refusal, never an absence.

use serde::{Deserialize, Deserializer};

use super::principal::{Principal, Role, Roles};
use super::verifier::TokenError;

/// The longest `sub`, in bytes: a user's id has at most 64 and a service's name is no longer.
const MAX_SUBJECT_BYTES: usize = 128;

#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    roles: Vec<String>,
}

/// `null` is not an absent claim, so it must not deserialize as one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    u64::deserialize(deserializer).map(Some)
}

impl Claims {
    pub(super) fn expires_at_s(&self) -> u64 {
        self.exp
    }

    pub(super) fn check_times(&self, now_s: u64, leeway_s: u64) -> Result<(), TokenError> {
        if self.exp.saturating_add(leeway_s) <= now_s {
            return Err(TokenError::Expired);
        }
        match self.nbf {
            Some(nbf) if nbf > now_s.saturating_add(leeway_s) => Err(TokenError::NotYetValid),
            _ => Ok(()),
        }
    }

    pub(super) fn into_principal(self) -> Result<Principal, TokenError> {
        let is_subject = (1..=MAX_SUBJECT_BYTES).contains(&self.sub.len())
            && self.sub.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_subject {
            return Err(TokenError::Claims);
        }
        let roles: Roles = self
            .roles
            .iter()
            .filter_map(|role| role.parse::<Role>().ok())
            .collect();
        Ok(Principal::with(&self.sub, roles))
    }
}

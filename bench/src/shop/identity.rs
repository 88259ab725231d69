//! Who calls: keys for one run, and tokens of many buyers.

use std::time::Duration;

use platform::Role;
use platform::auth::{DevKeys, Minter};

use crate::error::BenchError;

const ISSUER: &str = "bench";
const AUDIENCE: &str = "commerce";
/// Longer than any run.
const TOKEN_TTL: Duration = Duration::from_secs(6 * 60 * 60);

/// The keys of one run.
pub(super) struct Identity {
    public_pem: String,
    minter: Minter,
}

impl Identity {
    pub(super) fn new() -> Result<Self, BenchError> {
        let keys = DevKeys::generate().map_err(|error| BenchError::Value(error.to_string()))?;
        let (_, mint) = keys.configs(ISSUER, AUDIENCE);
        Ok(Self {
            minter: Minter::new(&mint).map_err(|error| BenchError::Value(error.to_string()))?,
            public_pem: keys.public_pem,
        })
    }

    /// What a server that trusts these tokens reads.
    pub(super) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("JWT_PUBLIC_KEY", self.public_pem.clone()),
            ("JWT_ISSUER", ISSUER.to_owned()),
            ("JWT_AUDIENCE", AUDIENCE.to_owned()),
        ]
    }

    pub(super) fn operator(&self) -> Result<String, BenchError> {
        self.token("operator-7", Role::Operator)
    }

    /// A buyer's own token.
    pub(super) fn buyer(&self, number: u64) -> Result<String, BenchError> {
        self.token(&format!("buyer-{number}"), Role::Customer)
    }

    fn token(&self, subject: &str, role: Role) -> Result<String, BenchError> {
        let token = self.minter.mint(subject, &[role], TOKEN_TTL);
        token.map_err(|error| BenchError::Value(error.to_string()))
    }
}

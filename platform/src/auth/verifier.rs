//! Verifies tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};

use super::claims::Claims;
use super::config::{AuthConfig, JwtAlgorithm};
use super::memory::{Memory, fingerprint};
use super::principal::Principal;

/// The longest token, in bytes: one with our claims has 300 to 700.
const MAX_TOKEN_BYTES: usize = 4096;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("there is no token")]
    Missing,
    /// It is not a token, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// It names another algorithm than the pinned one, `none` included.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Another key signed it.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing or has the wrong type.
    #[error("a claim of the token is missing or has the wrong type")]
    Claims,
    /// Another issuer, or another audience.
    #[error("the token is another issuer's or for another audience")]
    NotForUs,
    /// Its time is over.
    #[error("the token is expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// The public key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the public key is not a PEM of {algorithm}: {source}")]
pub struct VerifierError {
    algorithm: JwtAlgorithm,
    source: jsonwebtoken::errors::Error,
}

/// Verifies tokens and remembers those that it verified.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
    leeway_s: u64,
    memory: Memory,
}

impl Verifier {
    /// A verifier of these tokens.
    ///
    /// # Errors
    /// The key is not a PEM of the algorithm.
    pub fn new(config: &AuthConfig) -> Result<Self, VerifierError> {
        let pem = config.public_key_pem.reveal().as_bytes();
        let algorithm = config.algorithm;
        let key = match algorithm {
            JwtAlgorithm::EdDsa => DecodingKey::from_ed_pem(pem),
            JwtAlgorithm::Rs256 => DecodingKey::from_rsa_pem(pem),
        };
        let mut validation = Validation::new(algorithm.algorithm());
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        // Times are checked by `Claims`, against a clock that tests can set and with stricter types.
        validation.validate_exp = false;
        Ok(Self {
            key: key.map_err(|source| VerifierError { algorithm, source })?,
            validation,
            leeway_s: config.leeway_s,
            memory: Memory::new(config.remembered_tokens),
        })
    }

    /// The caller whom the token names.
    ///
    /// # Errors
    /// The token is refused.
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        self.verify_at(token, now_s())
    }

    /// As [`Verifier::verify`], at a time of one's own, in seconds since 1970.
    ///
    /// # Errors
    /// The token is refused.
    pub fn verify_at(&self, token: &str, now_s: u64) -> Result<Principal, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let fingerprint = fingerprint(token);
        if let Some(principal) = self.memory.recall(&fingerprint, now_s) {
            return Ok(principal);
        }
        let epoch = self.memory.epoch();
        let claims = self.check_signature(token)?;
        claims.check_times(now_s, self.leeway_s)?;
        let expires_at_s = claims.expires_at_s();
        let principal = claims.into_principal()?;
        self.memory
            .remember(fingerprint, principal.clone(), expires_at_s, epoch);
        Ok(principal)
    }

    /// Forgets every verified token: each is verified anew at its next use.
    pub fn revoke_all(&self) {
        self.memory.forget_all();
    }

    fn check_signature(&self, token: &str) -> Result<Claims, TokenError> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|error| refusal(error.kind()))?;
        // RFC 7515 §4.1.11: extensions that are marked critical and not understood are a refusal. The
        // library reads the header and leaves it at that; we understand none.
        if data.header.crit.is_some() {
            Err(TokenError::Malformed)
        } else {
            Ok(data.claims)
        }
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.memory.len()
    }
}

fn refusal(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::NotForUs,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => TokenError::Claims,
        _ => TokenError::Malformed,
    }
}

fn now_s() -> u64 {
    // A clock before 1970 is broken; at 0 every token with `nbf` is refused, which is the safe side.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

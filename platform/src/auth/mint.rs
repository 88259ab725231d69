//! Makes tokens, and keys for them, for development and tests. A server never signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::config::{AuthConfig, JwtAlgorithm, MintConfig};
use super::principal::Role;
use crate::config::Secret;

/// The longest life of a token made here: these are for a working day, not to be handed out.
pub const MAX_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// DER that stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410 §7).
const PRIVATE_PREFIX: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];
/// DER that stands before the 32 bytes of an Ed25519 public key (RFC 8410 §4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// A token or a key cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The private key is not of the algorithm, or does not sign.
    #[error("the private key does not sign: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The token would live too long.
    #[error("a token made here lives at most 30 days")]
    TooLong,
}

#[derive(Serialize)]
struct NewClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    roles: Vec<&'static str>,
}

/// Makes tokens of one issuer for one audience.
pub struct Minter {
    key: EncodingKey,
    algorithm: JwtAlgorithm,
    issuer: String,
    audience: String,
}

impl Minter {
    /// A minter with this key.
    ///
    /// # Errors
    /// The key is not a PEM of the algorithm.
    pub fn new(config: &MintConfig) -> Result<Self, MintError> {
        let pem = config.private_key_pem.reveal().as_bytes();
        let key = match config.algorithm {
            JwtAlgorithm::EdDsa => EncodingKey::from_ed_pem(pem)?,
            JwtAlgorithm::Rs256 => EncodingKey::from_rsa_pem(pem)?,
        };
        let (issuer, audience) = (config.issuer.clone(), config.audience.clone());
        Ok(Self {
            key,
            algorithm: config.algorithm,
            issuer,
            audience,
        })
    }

    /// A token for the subject, valid from now for as long as given.
    ///
    /// # Errors
    /// It would live longer than [`MAX_TTL`], or the key does not sign.
    pub fn mint(&self, subject: &str, roles: &[Role], ttl: Duration) -> Result<String, MintError> {
        if ttl > MAX_TTL {
            return Err(MintError::TooLong);
        }
        let now_s = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs());
        let claims = NewClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            iat: now_s,
            exp: now_s + ttl.as_secs(),
            roles: roles.iter().map(|role| role.as_str()).collect(),
        };
        let header = Header::new(self.algorithm.algorithm());
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

/// One token, for `commerce token`.
///
/// # Errors
/// The key does not sign, or the token would live too long.
pub fn mint(
    config: &MintConfig,
    subject: &str,
    role: Role,
    ttl: Duration,
) -> Result<String, MintError> {
    Minter::new(config)?.mint(subject, &[role], ttl)
}

/// A fresh pair of Ed25519 keys, for development and tests.
pub struct DevKeys {
    /// PKCS #8, PEM.
    pub private_pem: Secret,
    /// PEM.
    pub public_pem: String,
}

impl DevKeys {
    /// Makes a pair.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, MintError> {
        let mut der = [0; 48];
        der[..16].copy_from_slice(&PRIVATE_PREFIX);
        getrandom::fill(&mut der[16..])?;
        let private_pem = pem("PRIVATE KEY", &der);
        let key = EncodingKey::from_ed_pem(private_pem.as_bytes())?;
        let invalid = || MintError::Key(jsonwebtoken::errors::ErrorKind::InvalidEddsaKey.into());
        let jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let AlgorithmParameters::OctetKeyPair(parameters) = jwk.algorithm else {
            return Err(invalid());
        };
        let public = BASE64URL_NOPAD
            .decode(parameters.x.as_bytes())
            .map_err(|_| invalid())?;
        let public_pem = pem("PUBLIC KEY", &[&PUBLIC_PREFIX[..], &public].concat());
        Ok(Self {
            private_pem: Secret::new(private_pem),
            public_pem,
        })
    }

    /// The configurations of a verifier and of a minter that belong together.
    #[must_use]
    pub fn configs(&self, issuer: &str, audience: &str) -> (AuthConfig, MintConfig) {
        let auth = AuthConfig {
            algorithm: JwtAlgorithm::EdDsa,
            public_key_pem: Secret::new(&*self.public_pem),
            issuer: issuer.into(),
            audience: audience.into(),
            leeway_s: 5,
            remembered_tokens: 1024,
        };
        let mint = MintConfig {
            algorithm: JwtAlgorithm::EdDsa,
            private_key_pem: self.private_pem.clone(),
            issuer: issuer.into(),
            audience: audience.into(),
        };
        (auth, mint)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        BASE64.encode(der)
    )
}

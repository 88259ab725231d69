//! Which tokens are accepted, and which key makes development tokens.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::Algorithm;

use crate::config::{Env, Secret};

/// The signature algorithm that is accepted. There is one, so that a token can never choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// Ed25519.
    EdDsa,
    /// RSA with SHA-256.
    Rs256,
}

impl JwtAlgorithm {
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        })
    }
}

impl FromStr for JwtAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "EdDSA" => Ok(Self::EdDsa),
            "RS256" => Ok(Self::Rs256),
            _ => Err("the algorithm is EdDSA or RS256"),
        }
    }
}

/// Which tokens are accepted.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// The one algorithm.
    pub algorithm: JwtAlgorithm,
    /// The issuer's public key, PEM.
    pub public_key_pem: Secret,
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must name.
    pub audience: String,
    /// How far clocks may differ, in seconds.
    pub leeway_s: u64,
    /// How many verified tokens are remembered.
    pub remembered_tokens: usize,
}

impl AuthConfig {
    /// Reads it.
    pub fn read(env: &Env) -> Self {
        Self {
            algorithm: read_algorithm(env),
            public_key_pem: env.secret(
                "JWT_PUBLIC_KEY",
                "-----BEGIN PUBLIC KEY-----…",
                "The public key, PEM, that tokens are verified with; or JWT_PUBLIC_KEY_FILE.",
            ),
            issuer: read_issuer(env),
            audience: read_audience(env),
            // Enough for clocks kept by NTP; every second more is one that a dead token lives on.
            leeway_s: env.within("JWT_LEEWAY_S", 5, 0..=60, "How far clocks may differ."),
            // About 150 bytes each: 15 MB when full.
            remembered_tokens: env.within(
                "JWT_REMEMBERED_TOKENS",
                100_000,
                1_024..=10_000_000,
                "How many verified tokens are remembered until they expire.",
            ),
        }
    }
}

/// What `commerce token` signs with. A server never reads it.
#[derive(Clone, Debug)]
pub struct MintConfig {
    /// The one algorithm.
    pub algorithm: JwtAlgorithm,
    /// The private key, PEM (PKCS #8).
    pub private_key_pem: Secret,
    /// The `iss` of the tokens.
    pub issuer: String,
    /// The `aud` of the tokens.
    pub audience: String,
}

impl MintConfig {
    /// Reads it.
    pub fn read(env: &Env) -> Self {
        Self {
            algorithm: read_algorithm(env),
            private_key_pem: env.secret(
                "JWT_PRIVATE_KEY",
                "-----BEGIN PRIVATE KEY-----…",
                "The private key, PEM, that `commerce token` signs with; or JWT_PRIVATE_KEY_FILE.",
            ),
            issuer: read_issuer(env),
            audience: read_audience(env),
        }
    }
}

fn read_algorithm(env: &Env) -> JwtAlgorithm {
    let what = "The one signature algorithm of tokens: EdDSA or RS256.";
    env.parsed("JWT_ALGORITHM", JwtAlgorithm::EdDsa, what)
}

fn read_issuer(env: &Env) -> String {
    env.required(
        "JWT_ISSUER",
        "https://login.example.com/",
        "The `iss` that tokens must have.",
    )
}

fn read_audience(env: &Env) -> String {
    env.required(
        "JWT_AUDIENCE",
        "commerce",
        "The `aud` that tokens must name.",
    )
}

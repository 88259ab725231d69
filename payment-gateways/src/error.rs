//! What can be wrong before the first call: configuration and start-up. A call itself has no errors,
//! only replies.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a gateway, or the mock's server, cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum PaymentGatewaysError {
    /// A gateway's name is not one.
    #[error("{name:?} is not a gateway's name: 1 to 32 lower-case letters, digits or hyphens")]
    InvalidName {
        /// As given.
        name: String,
    },
    /// Two gateways share a name.
    #[error("two gateways are called {name:?}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// The default gateway is none of those that there are.
    #[error("the default gateway {name:?} is not among the gateways")]
    UnknownDefault {
        /// Its name.
        name: String,
    },
    /// A gateway's address is not usable.
    #[error("the gateway's base URL is not usable: {reason}")]
    InvalidBaseUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A limit is out of its bounds.
    #[error("{setting} must be {bounds}")]
    InvalidSetting {
        /// Which.
        setting: &'static str,
        /// From what to what.
        bounds: &'static str,
    },
    /// The HTTP client cannot be made.
    #[error("the gateway's HTTP client cannot be made: {0}")]
    Client(#[source] reqwest::Error),
    /// The mock's address cannot be listened on.
    #[error("the mock gateway cannot listen on {addr}: {source}")]
    Bind {
        /// Which.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The mock's server ended by an error.
    #[error("the mock gateway's server failed: {0}")]
    Server(#[source] std::io::Error),
    /// The mock's ledger file cannot be opened, read or locked.
    #[error("the ledger file {path} cannot be used: {source}")]
    LedgerFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The mock's ledger file is in use by another mock.
    #[error("the ledger file {path} is in use by another mock gateway")]
    LedgerInUse {
        /// Which.
        path: PathBuf,
    },
    /// A line of the mock's ledger file makes no sense.
    #[error("line {line} of the ledger file {path} is corrupt: {reason}")]
    LedgerCorrupt {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl PaymentGatewaysError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidName { .. } => "GATEWAY_NAME_INVALID",
            Self::DuplicateName { .. } => "GATEWAY_NAME_DUPLICATE",
            Self::UnknownDefault { .. } => "GATEWAY_DEFAULT_UNKNOWN",
            Self::InvalidBaseUrl { .. } => "GATEWAY_URL_INVALID",
            Self::InvalidSetting { .. } => "GATEWAY_SETTING_INVALID",
            Self::Client(_) => "GATEWAY_CLIENT_FAILED",
            Self::Bind { .. } => "MOCK_GATEWAY_BIND_FAILED",
            Self::Server(_) => "MOCK_GATEWAY_SERVER_FAILED",
            Self::LedgerFile { .. } => "LEDGER_FILE_UNUSABLE",
            Self::LedgerInUse { .. } => "LEDGER_FILE_IN_USE",
            Self::LedgerCorrupt { .. } => "LEDGER_FILE_CORRUPT",
        }
    }
}

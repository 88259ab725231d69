//! The payment gateways, and the mock one's server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use platform::config::Env;

/// The mock gateway's port.
const MOCK_PORT: u16 = 8090;

/// How to reach the gateways.
#[derive(Clone, Debug)]
pub(crate) struct GatewaysConfig {
    /// The mock company's server.
    pub(crate) mock_url: String,
    /// The longest wait for any gateway.
    pub(crate) timeout: Duration,
}

impl GatewaysConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            mock_url: env.text(
                "MOCK_GATEWAY_URL",
                "http://127.0.0.1:8090",
                "Where the mock payment gateway answers.",
            ),
            timeout: Duration::from_millis(env.within(
                "GATEWAY_TIMEOUT_MS",
                10_000,
                100..=60_000,
                "How long a payment gateway may take; then the outcome is unknown.",
            )),
        }
    }
}

/// Where the mock gateway's server listens, and what it keeps.
#[derive(Clone, Debug)]
pub(crate) struct MockServerSettings {
    pub(crate) addr: SocketAddr,
    pub(crate) ledger_file: Option<PathBuf>,
}

impl MockServerSettings {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            addr: env.parsed(
                "MOCK_GATEWAY_ADDR",
                SocketAddr::from((Ipv4Addr::LOCALHOST, MOCK_PORT)),
                "Where the mock payment gateway listens.",
            ),
            ledger_file: env
                .optional(
                    "MOCK_GATEWAY_LEDGER_FILE",
                    "/var/lib/commerce/ledger.jsonl",
                    "Where the mock gateway keeps its ledger; without it a restart forgets.",
                )
                .map(PathBuf::from),
        }
    }
}

//! Health and metrics of a process that serves no API.

use std::net::{Ipv4Addr, SocketAddr};

use platform::config::Env;
use platform::http::HttpConfig;

/// The port of health and metrics.
const OPS_PORT: u16 = 8082;

/// Where a process without an API answers probes.
#[derive(Clone, Debug)]
pub(crate) struct OpsConfig(pub(crate) HttpConfig);

impl OpsConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self(HttpConfig::read(
            env,
            "OPS",
            SocketAddr::from((Ipv4Addr::LOCALHOST, OPS_PORT)),
        ))
    }
}

//! Where an API listens, and its limits.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::Env;

/// Where an API listens, and its limits. All but the address are shared by the APIs of one process.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where it listens; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Threads; 0 is one a core.
    pub workers: usize,
    /// The largest body, in bytes.
    pub body_limit_bytes: usize,
    /// The wait for a request's head.
    pub head_timeout: Duration,
    /// The wait for a whole body.
    pub body_timeout: Duration,
    /// The wait for an answer, after which it is 503.
    pub answer_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long what is under way may take after the signal to stop.
    pub shutdown_timeout: Duration,
}

impl HttpConfig {
    /// Reads it; `{prefix}_ADDR` is the address.
    pub fn read(env: &Env, prefix: &str, default_addr: SocketAddr) -> Self {
        let addr_name = format!("{prefix}_ADDR");
        let addr_what = "Where this API listens; port 0 takes a free one.";
        Self {
            addr: env.parsed(&addr_name, default_addr, addr_what),
            workers: env.within(
                "HTTP_WORKERS",
                0,
                0..=512,
                "Threads of an API; 0 is one a core.",
            ),
            // An order of 100 lines has 8 KiB; a product with its description and images 64 KiB.
            body_limit_bytes: env.within(
                "HTTP_BODY_LIMIT_BYTES",
                262_144,
                1_024..=16_777_216,
                "The largest body of a request, in bytes.",
            ),
            head_timeout: seconds(env, "HTTP_HEAD_TIMEOUT_S", 5, "Wait for a request's head."),
            body_timeout: seconds(env, "HTTP_BODY_TIMEOUT_S", 10, "Wait for a request's body."),
            // Longer than any bounded wait inside, so that it only ends what is stuck.
            answer_timeout: seconds(env, "HTTP_ANSWER_TIMEOUT_S", 30, "Wait for an answer."),
            // Longer than the usual 60 s of load balancers, which must be the ones to close.
            keep_alive: seconds(env, "HTTP_KEEP_ALIVE_S", 75, "Life of an idle connection."),
            // About 20 KiB each: half a gigabyte when full.
            max_connections: env.within(
                "HTTP_MAX_CONNECTIONS",
                25_000,
                16..=1_000_000,
                "Connections of an API at once; more wait to be accepted.",
            ),
            shutdown_timeout: seconds(
                env,
                "HTTP_SHUTDOWN_TIMEOUT_S",
                10,
                "How long requests under way may take after the signal to stop.",
            ),
        }
    }
}

/// A wait of at least a second and at most an hour.
fn seconds(env: &Env, name: &str, default_s: u64, what: &str) -> Duration {
    Duration::from_secs(env.within(name, default_s, 1..=3600, what))
}

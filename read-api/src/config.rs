//! The settings of this room, read from the environment by the composition root.

use std::time::Duration;

use platform::config::Env;

/// The default wait for a position. Projections are milliseconds behind; after two seconds something is
/// wrong, and the caller is better off knowing.
const WAIT_DEFAULT_MS: u64 = 2_000;
/// The shortest wait for a position: less is no wait.
const WAIT_MIN_MS: u64 = 10;
/// The longest wait for a position: well below the 30 s after which the server gives up on an answer.
const WAIT_MAX_MS: u64 = 20_000;
/// The default limit of a statement. Each list has its index and takes milliseconds; whatever takes
/// seconds would only take connections from the others.
const STATEMENT_TIMEOUT_DEFAULT_MS: u64 = 5_000;
/// The shortest limit of a statement: less would end what only met a busy moment.
const STATEMENT_TIMEOUT_MIN_MS: u64 = 100;
/// The longest limit of a statement: below the 30 s after which the server gives up on an answer.
const STATEMENT_TIMEOUT_MAX_MS: u64 = 25_000;

/// The settings of the queries.
#[derive(Clone, Debug)]
pub struct ReadApiConfig {
    /// How long a query that asks for a position waits until its read models are there.
    pub wait: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
}

impl ReadApiConfig {
    /// Reads it.
    pub fn read(env: &Env) -> Self {
        let wait_ms = env.within(
            "READ_WAIT_MS",
            WAIT_DEFAULT_MS,
            WAIT_MIN_MS..=WAIT_MAX_MS,
            "How long a query with minPosition waits for its read models before it answers 503.",
        );
        let statement_timeout_ms = env.within(
            "READ_STATEMENT_TIMEOUT_MS",
            STATEMENT_TIMEOUT_DEFAULT_MS,
            STATEMENT_TIMEOUT_MIN_MS..=STATEMENT_TIMEOUT_MAX_MS,
            "How long one statement of a query may take.",
        );
        Self {
            wait: Duration::from_millis(wait_ms),
            statement_timeout: Duration::from_millis(statement_timeout_ms),
        }
    }
}

impl Default for ReadApiConfig {
    fn default() -> Self {
        Self {
            wait: Duration::from_millis(WAIT_DEFAULT_MS),
            statement_timeout: Duration::from_millis(STATEMENT_TIMEOUT_DEFAULT_MS),
        }
    }
}

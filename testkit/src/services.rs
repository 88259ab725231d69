//! Where the services are.

/// The value of a variable that `./dev test` sets.
///
/// # Panics
/// When it is not set: a test that needs a service fails rather than being skipped in silence.
#[must_use]
pub fn required_env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run the tests with `./dev test`, or after `./dev services up test`"
        )
    })
}

/// The test Redis.
#[must_use]
pub fn redis_url() -> String {
    required_env("TEST_REDIS_URL")
}

/// The test Kafka's bootstrap servers.
#[must_use]
pub fn kafka_brokers() -> String {
    required_env("TEST_KAFKA_BROKERS")
}

/// The test MariaDB, as its root, without a database's name.
#[must_use]
pub fn mariadb_url() -> String {
    required_env("TEST_MARIADB_URL")
}

/// A name that no other test has: `prefix_` and 32 hex digits.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}

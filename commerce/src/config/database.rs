//! Where the databases are.

use std::time::Duration;

use platform::config::{Env, Secret};

/// The program's databases.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseConfig {
    /// The log and everything that is written.
    pub(crate) url: Secret,
    /// What queries are answered from; a replica, where there is one.
    pub(crate) read_url: Secret,
    /// The schema `payment`, as its owner.
    pub(crate) payment_url: Option<Secret>,
    /// The schema `main`, as its owner.
    pub(crate) main_service_url: Option<Secret>,
    /// Connections to the log, and as many for queries. The pools of the services have sizes of their own
    /// (`app/service_pools.rs`); leases and whoever follows the log have a few connections beside the pools.
    pub(crate) pool_size: u32,
    /// The longest wait for a connection of any pool.
    pub(crate) acquire_timeout: Duration,
}

impl DatabaseConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        let url = env.secret(
            "DATABASE_URL",
            "postgres://commerce_app:…@localhost/commerce",
            "The event store and the read models, as role commerce_app.",
        );
        let read_url = env.optional_secret(
            "READ_DATABASE_URL",
            "postgres://commerce_read:…@replica/commerce",
            "What queries are answered from, as role commerce_read; DATABASE_URL when not set.",
        );
        let payment_url = env.optional_secret(
            "PAYMENT_DATABASE_URL",
            "postgres://payment_service:…@localhost/commerce",
            "The schema payment, as role payment_service; without it nothing of it is kept.",
        );
        let main_service_url = env.optional_secret(
            "MAIN_SERVICE_DATABASE_URL",
            "postgres://main_service:…@localhost/commerce",
            "The schema main, as role main_service; without it nothing of it is kept.",
        );
        Self {
            read_url: read_url.unwrap_or_else(|| url.clone()),
            url,
            payment_url,
            main_service_url,
            pool_size: env.within(
                "DATABASE_POOL_SIZE",
                // More connections than cores only take turns: 64 are slower than 10 on two cores.
                10,
                4..=200,
                "Connections in this process's pool for DATABASE_URL, and in that for READ_DATABASE_URL, at most.",
            ),
            acquire_timeout: env.duration_s(
                "DATABASE_ACQUIRE_TIMEOUT_S",
                2,
                "The longest wait for a free connection.",
            ),
        }
    }
}

/// The database as its owner: for `migrate`, `rebuild`, `verify` and `doctor`, never for `serve`. The other URLs are
/// those of the program; `migrate` gives each role the password that stands in its URL.
#[derive(Clone, Debug)]
pub(crate) struct OwnerConfig {
    /// As a role that may create roles and schemas.
    pub(crate) owner_url: Secret,
    /// As the program.
    pub(crate) app_url: Secret,
    /// As the queries.
    pub(crate) read_url: Option<Secret>,
    /// As the payment service, which may have a database of its own.
    pub(crate) payment_url: Option<Secret>,
    /// As the order service, which may have one too.
    pub(crate) main_service_url: Option<Secret>,
}

impl OwnerConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            owner_url: env.secret(
                "OWNER_DATABASE_URL",
                "postgres://postgres:…@localhost/commerce",
                "The database as its owner, for migrate, rebuild, verify and doctor.",
            ),
            app_url: env.secret(
                "DATABASE_URL",
                "postgres://commerce_app:…@localhost/commerce",
                "The event store and the read models, as role commerce_app.",
            ),
            read_url: env.optional_secret(
                "READ_DATABASE_URL",
                "postgres://commerce_read:…@replica/commerce",
                "What queries are answered from, as role commerce_read; DATABASE_URL when not set.",
            ),
            payment_url: env.optional_secret(
                "PAYMENT_DATABASE_URL",
                "postgres://payment_service:…@localhost/commerce",
                "The schema payment, as role payment_service.",
            ),
            main_service_url: env.optional_secret(
                "MAIN_SERVICE_DATABASE_URL",
                "postgres://main_service:…@localhost/commerce",
                "The schema main, as role main_service, which may read payment.transactions.",
            ),
        }
    }
}

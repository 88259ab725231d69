//! Configuration: read once from the environment, every mistake reported together.
//!
//! A concern declares its variables where it reads them, so the struct, the list for `--help` and the
//! README's table cannot drift apart:
//!
//! ```
//! use std::time::Duration;
//! use platform::config::{Env, Secret, describe};
//!
//! struct DatabaseConfig {
//!     url: Secret,
//!     pool_size: u32,
//!     acquire_timeout: Duration,
//! }
//!
//! impl DatabaseConfig {
//!     fn read(env: &Env) -> Self {
//!         Self {
//!             url: env.secret("DATABASE_URL", "postgres://app@localhost/commerce", "The event store."),
//!             pool_size: env.within("DATABASE_POOL_SIZE", 8, 1..=200, "Connections a process holds."),
//!             acquire_timeout: env.duration_s("DATABASE_ACQUIRE_TIMEOUT_S", 3, "Wait for a connection."),
//!         }
//!     }
//! }
//!
//! let mistakes = Env::of([("DATABASE_POOL_SIZE", "many")]).read(DatabaseConfig::read).err().unwrap();
//! assert_eq!(mistakes.mistakes().len(), 2);
//!
//! let config = Env::of([("DATABASE_URL", "postgres://x")]).read(DatabaseConfig::read).unwrap();
//! assert_eq!(config.pool_size, 8);
//! assert_eq!(config.acquire_timeout, Duration::from_secs(3));
//! assert_eq!(format!("{:?}", config.url), "***");
//!
//! let variables = describe(|env| { DatabaseConfig::read(env); });
//! assert_eq!(variables[0].name, "DATABASE_URL");
//! ```

mod describe;
mod env;
mod mistakes;
mod secret;
#[cfg(test)]
mod tests;

pub use describe::{VariableDoc, describe, help_text, markdown_table};
pub use env::Env;
pub use mistakes::{ConfigError, Mistake};
pub use secret::Secret;

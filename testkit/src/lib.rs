//! Real services for tests: a database of its own for each test, topics of its own, addresses from the
//! environment that `./dev test` sets.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "fixtures are for tests only: a panic there is the report"
)]

mod eventually;
mod postgres;
mod services;

pub use eventually::{eventually, eventually_within};
pub use postgres::TestDatabase;
pub use services::{kafka_brokers, mariadb_url, redis_url, required_env, unique};

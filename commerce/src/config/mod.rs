//! The program's configuration: each role's struct, read once from the environment.

mod database;
mod gateways;
mod legacy;
mod ops;
mod roles;
mod vault;

pub(crate) use database::{DatabaseConfig, OwnerConfig};
pub(crate) use gateways::{
    GatewaysConfig, MOCK_GATEWAY, MockServerSettings, NICE_GATEWAY, TOSS_GATEWAY,
};
pub(crate) use legacy::LegacyConfig;
pub(crate) use roles::{ServeConfig, read_relay, serve_help};
pub(crate) use vault::read_keys;

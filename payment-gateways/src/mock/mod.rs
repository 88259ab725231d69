//! The mock company: its adapter, and its server for development and tests.
//!
//! The two share no type: the adapter reads the server's answers as those of a stranger, so that a mistake
//! on one side shows on the other.

mod adapter;
mod answers;
pub mod server;
mod webhook;

pub use adapter::{MockGateway, MockGatewayConfig};

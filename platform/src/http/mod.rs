//! The HTTP server that both APIs run in: limits, request ids, error bodies, probes, metrics, docs.

mod allowed;
mod config;
mod measure;
mod observe;
mod server;

pub use config::HttpConfig;
pub use server::{HttpError, RunningServer, Service, serve};

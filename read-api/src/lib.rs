//! The read side over HTTP: queries over the read models and the log, and nothing that writes.
//!
//! One module a resource, each with its own routes: `product`, `order`, `payment`, `payment_method`, `coupon_pool`,
//! `points`, `notification`, `event`, `projection`. What they share: `freshness` (answers at least as new as
//! a log position), `list` and `page` (how lists are read, with a bounded total), `filter` (what a parameter may hold), `openapi`
//! (the error codes of each operation). [`SchemaRegistry`] mounts somebody else's answers.
//!
//! This room knows neither the domain nor the event store: it reads the columns that they promise, in one
//! database that may be a replica, on connections that cannot write.

mod answer;
mod api;
mod config;
mod coupon_pool;
mod error;
mod event;
mod filter;
mod freshness;
mod health;
mod list;
mod money;
mod notification;
mod openapi;
mod order;
mod page;
mod payment;
mod payment_method;
#[cfg(test)]
mod plans;
mod points;
mod product;
mod projection;
mod schema_registry;

pub use api::ReadApi;
pub use config::ReadApiConfig;
pub use schema_registry::SchemaRegistry;

//! The write side over HTTP: parse, build the command, execute, respond. Nothing here decides; the rules
//! are `domain`'s, the log is `event-store`'s.
//!
//! One module a resource, each with its own routes: `product`, `stock`, `coupon_pool`, `order`,
//! `payment`, `payment_method`, `points`, `event`, `webhook`. What they share: `call` (what a request brings beside its
//! body), `execute`
//! (idempotent commands), `respond` (answers), `refusal` (every refusal of the business as HTTP), `input`
//! (all wrong fields of a body at once). [`CouponGate`] stands in front of the coupon pools, in Redis.
//!
//! Nothing here reads a read model, and nothing here writes to the log but through [`EventStore`].
//!
//! [`EventStore`]: event_store::EventStore

mod api;
mod call;
mod config;
mod coupon_gate;
mod coupon_pool;
mod error;
mod event;
mod execute;
mod health;
mod in_flight;
mod input;
mod openapi;
mod order;
mod payment;
mod payment_method;
mod points;
mod product;
mod recorded_answer;
mod refusal;
mod respond;
mod stock;
mod webhook;

pub use api::{CommandApi, Parts};
pub use config::{CommandApiConfig, CouponGateConfig, CustomerKeys, Gateways};
pub use coupon_gate::{CouponGate, GateAudit, GateAway, GateState};
pub use error::CommandApiError;
pub use payment::{RefundAccount, RefundAccounts};
pub use webhook::{Acknowledgement, Delivery, Notice, SavedKeys, SavedMethod, Webhooks};

//! What both HTTP APIs and the program need, and no rule of the shop: configuration, who calls, the one
//! form of errors and answers, health, metrics, logs, shutdown, and the server that ties them together.
//!
//! It depends on no other room, so `read-api` can stand on it without being able to name a command.

pub mod answer;
pub mod auth;
pub mod card_number;
pub mod config;
pub mod errors;
pub mod health;
pub mod http;
pub mod json;
pub mod metrics;
pub mod money_column;
pub mod openapi;
pub mod paging;
pub mod params;
pub mod request_id;
pub mod shutdown;
pub mod telemetry;

pub use answer::{Data, Meta};
pub use auth::{Customer, Operator, Principal, Role};
pub use errors::{ApiError, Detail, ErrorBody, Language, message};
pub use json::{JsonWithBytes, NoBody, ValidJson};
pub use paging::{Direction, PageRequest, PagedQuery, Sort, Sortable};
pub use params::{MinPosition, ValidPath, ValidQuery};
pub use request_id::RequestId;

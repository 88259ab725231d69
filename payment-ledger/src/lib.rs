//! The payment ledger: the schema `payment` filled, and the order service's side of it in the schema `main`.
//!
//! Three writers, each as the role that owns what it writes:
//!
//! | writer | as | writes |
//! | --- | --- | --- |
//! | [`keep_exchanges`] | `payment_service` | `payment.pg_api_logs`: every exchange with a gateway |
//!
//! Nothing here is decided from what it wrote: the log of events is the truth, and this a copy of it in the
//! shape that was asked for.

mod exchange_log;

pub use exchange_log::{DatabaseExchangeLog, keep_exchanges};

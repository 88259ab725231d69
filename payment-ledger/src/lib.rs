//! The payment ledger: the schema `payment` filled, and the order service's side of it in the schema `main`.
//!
//! Four writers, each as the role that owns what it writes:
//!
//! | writer | as | writes |
//! | --- | --- | --- |
//! | [`keep_exchanges`] | `payment_service` | `payment.pg_api_logs`: every exchange with a gateway |
//! | [`keep_transactions`] | `payment_service` | `payment.transactions`, `payment.transaction_history` |
//! | [`keep_order_payments`] | `main_service` | `main.orders`, `main.order_payment_mapping`, `main.payment_states` |
//! | [`keep_user_methods`] | `main_service` | `main.users`, `main.user_payment_method_mapping` |
//!
//! All but the first follow the log of events; their rows and their checkpoint commit together, so each event counts
//! exactly once. Nothing is decided from what is written here: the log is the truth, and this a copy of it in the
//! shape that was asked for.

mod book;
mod config;
mod error;
mod exchange_log;
mod movement;
mod order_payments;
mod rebuild;
mod runner;
mod transactions;
mod user_methods;
mod verify;

use std::sync::Arc;

use event_store::{EventLog, follower};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use book::Book;
pub use config::LedgerConfig;
pub use error::LedgerError;
pub use exchange_log::{DatabaseExchangeLog, keep_exchanges};
pub use rebuild::{Ledger, RebuiltLedger, rebuild};
use runner::Runner;
pub use verify::{LedgerComparison, TableComparison, verify};

/// Keeps the transactions until `stop`; any number of processes may do so at once, and one of them is active.
/// The handle ends when the last batch is committed. `payment` is as `payment_service`.
#[must_use]
pub fn keep_transactions(
    payment: PgPool,
    log: EventLog,
    config: LedgerConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    keep(
        Arc::new(transactions::TransactionBook),
        payment,
        log,
        config,
        stop,
    )
}

/// Keeps the mappings and states of orders until `stop`, as [`keep_transactions`] does. `main` is as `main_service`.
#[must_use]
pub fn keep_order_payments(
    main: PgPool,
    log: EventLog,
    config: LedgerConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    keep(
        Arc::new(order_payments::OrderPaymentBook),
        main,
        log,
        config,
        stop,
    )
}

/// Keeps which payment methods users have until `stop`, as [`keep_transactions`] does. `main` is as `main_service`.
#[must_use]
pub fn keep_user_methods(
    main: PgPool,
    log: EventLog,
    config: LedgerConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let book = Arc::new(user_methods::UserMethodBook);
    keep(book, main, log, config, stop)
}

fn keep(
    book: Arc<dyn Book>,
    pool: PgPool,
    log: EventLog,
    config: LedgerConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let runner = Runner { pool, book, config };
    tokio::spawn(follower::run(runner, log, stop))
}

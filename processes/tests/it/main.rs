//! The sagas on real parts: PostgreSQL, the event store, and the mock company's gateway over HTTP. Only
//! the clock is the tests' own.

mod crashes;
mod deposits;
mod leases;
mod outages;
mod parking;
mod payment_methods;
mod payments;
mod refund_accounts;
mod refunds;
mod stage;
mod stopping;
mod throughput;
mod timers;

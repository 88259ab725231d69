//! The whole shop from one seed.
//!
//! The real rules, sagas, deciding loop, doing of actions and projectors, in a world of one thread and one
//! virtual clock: the log, the table of steps, the gateway, Redis and the read models' tables are simulated, and
//! things go wrong at every boundary between them. Every prefix of the log is held against the shop's
//! invariants; when the faults are over, everything must come to rest. `docs/simulation.md` says more.

pub mod agenda;
mod bank;
pub mod campaign;
mod chance;
pub mod cli;
mod deeds;
pub mod fault;
pub mod gate;
pub mod log;
pub mod plant;
pub mod run;
pub mod safe;
pub mod shrink;
mod story;
mod world;

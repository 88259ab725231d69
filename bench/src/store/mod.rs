//! The event store and its peers on one server: a database of its own for every run, default durability,
//! and after every run as many rows as were acknowledged.

mod bare_insert;
mod cold;
mod large_log;
mod one_at_a_time;
mod ours;
mod peer_process;
mod pgbench;
mod same_event;
mod stock;
mod targets;
mod turn;
mod worker;

pub(crate) use large_log::LargeLog;
pub(crate) use pgbench::is_installed as pgbench_is_installed;
pub(crate) use same_event::stock_metadata;
pub(crate) use stock::TABLE as STOCK_TABLE;
pub(crate) use turn::run;
pub(crate) use worker::{WorkerArgs, work};

//! Runs the sagas of `domain` on the log: durable timers, gateway calls, commands.
//!
//! A saga is a pure function from an event to steps ([`domain::checkout::sagas::react`]). This room
//! makes them happen, each once in effect:
//!
//! 1. One instance holds the lease `processes` ([`Processes::start`] waits for it); only the holder acts.
//! 2. The reader follows the log. In one transaction it writes the steps of a batch of events as rows of
//!    `processes.actions` and moves its checkpoint. What is due is then done at once, from memory. That transaction is
//!    not flushed by itself: a crash of the database can take it back, and the events are read again.
//! 3. The timers read from the table what became due, and what an earlier holder left behind.
//! 4. An action is done: a gateway is called outside any transaction, and what it said becomes a command
//!    whose id follows from the action's. Then the row is deleted.
//!
//! A crash between any two of these repeats something, and every repeat is recognised: an event makes the
//! same action ids, a gateway gets the same idempotency key, the store answers the same command id with
//! the stored outcome. A holder that lost its lease without noticing is refused in the write itself.

mod agenda;
mod clock;
mod config;
mod crew;
mod error;
mod execute;
mod fate;
mod fenced;
mod gateway_calls;
mod gauges;
mod intake;
mod item;
mod lanes;
mod lease_keeper;
mod method_calls;
mod office;
mod parked_events;
mod reader;
mod refund_accounts;
mod replies;
mod runner;
pub mod sans_io;
mod schedule;
mod sweeper;
mod term;
mod timers;
mod work;

pub use clock::{Clock, SystemClock};
pub use config::{CONCURRENCY, DEPOSIT_WINDOW_HOURS, ProcessesConfig};
pub use error::ProcessesError;
pub use runner::Processes;
pub use schedule::{Schedule, ScheduleError};

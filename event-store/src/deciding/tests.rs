//! The loop's logic without a database: who waits for what, and what a refusal means for the others.

mod ahead;
mod batches;
mod failures;
mod fixture;
mod reading;

//! The simulated stores beside the real ones: the same random operations, and the same is said at every step.

mod agenda;
mod gate;
mod log;
mod safe;
mod tables;

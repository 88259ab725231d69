//! Measuring: a closed loop, what it saw, and what it cost in processor time.

mod cpu;
mod load;
mod open_loop;
mod sample;

pub(crate) use cpu::{Meter, Usage};
pub(crate) use load::{Done, Load, Turn};
pub(crate) use open_loop::OpenLoop;
pub(crate) use sample::{Figures, Percentiles, Said, Sample, Spread, rounded, to_f64};

//! The simulation itself: that it is one and the same each time, and that it can see.

mod contract;
mod plants;
mod worlds;

//! A real server on a free port, spoken to over real sockets.

mod answers;
mod bodies;
mod callers;
mod fixture;
mod lifecycle;
mod logs;
mod raw;
mod surroundings;

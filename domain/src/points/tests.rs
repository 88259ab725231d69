//! The rules of points: by example, as a table, and as laws over random histories.

mod amounts;
pub(crate) mod book;
mod book_faults;
mod chance;
mod earning;
mod examples;
mod properties;
mod retention;
mod table;

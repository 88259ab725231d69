//! What comes of it: a table on the terminal, a file of figures, and the page that is made from that file.

mod chart;
mod figures;
mod machine;
mod page;
mod table;

pub(crate) use chart::draw;
pub(crate) use figures::{Missing, Report, RowReport};
pub(crate) use machine::{Machine, fdatasync_us};
pub(crate) use page::write as write_page;
pub(crate) use table::{line, print};

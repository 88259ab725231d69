//! What is asked, of whom, and what the answer is meant to be: the rows P1 to P13.

mod comparisons;
mod contestant;
mod goal;
mod row;
mod scenario;

pub(crate) use comparisons::{Comparison, Operand, comparisons};
pub(crate) use contestant::Contestant;
pub(crate) use goal::{Goal, Measure};
pub(crate) use row::Row;
pub(crate) use scenario::{Condition, Scenario};

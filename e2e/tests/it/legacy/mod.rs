//! `commerce migrate-legacy` on a legacy database with all that goes wrong in one.

mod model;
mod refusals;
mod rehearsal;
mod shop;
mod steps;

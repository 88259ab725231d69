//! Path and query parameters that name what is wrong, in the same form as bodies do.

mod de;
mod error;
mod extract;
mod text;

pub use extract::{MinPosition, ValidPath, ValidQuery};
pub(crate) use extract::{parse_pairs, query_pairs};
#[cfg(test)]
mod tests;

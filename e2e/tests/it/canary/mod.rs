//! A card's number and its check number, planted wherever somebody might put them, are nowhere afterwards: not in
//! the database, its write-ahead log, Kafka or the processes' logs. The search is proven by a decoy in each place.

pub(crate) mod places;
mod plants;
pub(crate) mod secret;
mod story;

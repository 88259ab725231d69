//! A card's number and its check number, planted wherever somebody might put them, are nowhere afterwards: not in
//! the database, its write-ahead log, Kafka or the processes' logs. The search is proven by a decoy in each place.

mod places;
mod plants;
mod secret;
mod story;

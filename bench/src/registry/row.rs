//! The rows of the performance goals.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A row: one question, one or more ratios that answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[value(rename_all = "UPPER")]
pub(crate) enum Row {
    /// New aggregates, 64 at once, beside the stock framework.
    P1,
    /// The same beside single-row inserts by pgbench.
    P2,
    /// Existing aggregates, cold.
    P3,
    /// One at a time.
    P4,
    /// One hot aggregate.
    P5,
    /// Other event stores.
    P6,
    /// Whole HTTP commands.
    P7,
    /// Durable coupon claims.
    P8,
    /// Whole checkouts.
    P9,
    /// Rebuild, relay, lag.
    P10,
    /// A flash sale.
    P11,
    /// A large log.
    P12,
    /// An open loop.
    P13,
}

impl Row {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::P1 => "New aggregates, 64 at once, beside stock cqrs-es",
            Self::P2 => "The same beside pgbench's single-row inserts",
            Self::P3 => "Existing aggregates of 5 events, not in memory, 64 at once",
            Self::P4 => "One command at a time",
            Self::P5 => "One hot aggregate, 64 writers, from an empty stream on",
            Self::P6 => "New aggregates, 64 at once, beside other event stores",
            Self::P7 => "Whole HTTP commands beside an echo on the same server",
            Self::P8 => "Durable coupon claims over HTTP beside the gate's script in Redis",
            Self::P9 => "Whole checkouts: placed, paid, settled, visible in the read API",
            Self::P10 => "Rebuild, relay, and the lag behind the log",
            Self::P11 => "A flash sale: more buyers than pieces",
            Self::P12 => "With a large log beside an empty one, and resident memory",
            Self::P13 => "Placing orders at a fixed 500 a second",
        }
    }

    /// How it is measured.
    pub(crate) fn how(self) -> &'static str {
        match self {
            Self::P1 => {
                "One event on a new aggregate a command, 64 under way at once, each side with 10 \
                 connections and the same domain code."
            }
            Self::P2 => {
                "pgbench with 64 connections and a prepared `INSERT` of one row with the same payload, one a \
                 transaction."
            }
            Self::P3 => {
                "The aggregates exist with 5 events each and are in nobody's memory; each is used once."
            }
            Self::P4 => {
                "One caller, who gives the next command when the last is answered. The contestants take turns \
                 every 25 commands; pgbench, a program of its own, has its own window."
            }
            Self::P5 => {
                "All 64 write to one aggregate for 3 s at most, since the stock framework reads all of its stream \
                 for every command."
            }
            Self::P6 => {
                "message-db's `write_message` is called by pgbench with 64 connections and prepared statements; \
                 its lock is the category's, so a category for each stream is what it is fastest at. Emmett \
                 (`appendToStream`, 10 connections) and disintegrate (a decision, 10 connections; its one literal \
                 that PostgreSQL 15 cannot read is patched in the database) run in processes of their own."
            }
            Self::P7 => {
                "The command API as the program serves it, in a process of its own, with an echo route beside it \
                 behind the same server. A request has a token, a key and a JSON body; 64 kept-alive \
                 connections. The client shares the processors with the server: its share is given."
            }
            Self::P8 => {
                "Every claim is another buyer's, with a token of their own, and durable when it is answered. Redis \
                 runs the gate's own script with `appendfsync everysec`, called by redis-benchmark with 64 \
                 connections. A token seen for the first time costs a signature's verification."
            }
            Self::P9 => {
                "A shopper places an order, pays it through the mock gateway, and reads it as paid: three \
                 requests, seven events, 64 shoppers at once. The other side is the same shop on cqrs-es and \
                 postgres-es behind the same HTTP server: the same aggregates and number of events, a command \
                 an aggregate, a query that keeps a view of the order up to date; no transaction over several \
                 aggregates, no idempotency, no sagas."
            }
            Self::P10 => {
                "The log holds whole checkouts. Rebuilt is the largest read model, by `commerce rebuild`, the \
                 comparison with the live one included. The relay is counted from its first delivery. The lags \
                 are those of the orders of P13, from the commit to the moment when another connection sees \
                 the row, or a consumer has the record."
            }
            Self::P11 => {
                "A buyer in a hundred gets a piece. Each asks once with a token of their own, 64 at a time; each \
                 refusal is stored with its command, as every outcome."
            }
            Self::P12 => {
                "The log is filled by SQL: events of the measured size, five a stream, a command for each stream. \
                 Memory is the highest that the process ever had resident."
            }
            Self::P13 => {
                "The whole program with all roles. A request's latency counts from the moment when it was due, \
                 whether or not the earlier ones were answered."
            }
        }
    }

    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }
}

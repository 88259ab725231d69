//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::serve_help;
use crate::verbs::{MigrateLegacyArgs, ReconcileArgs, VerifyArgs};

/// An event-sourced commerce backend.
#[derive(Debug, Parser)]
#[command(name = "commerce", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the shop: every role in this process, or only some.
    #[command(after_help = serve_help())]
    Serve {
        /// The roles of this process, separated by commas.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Role::ALL)]
        roles: Vec<Role>,
    },
    /// Bring the database up to date: roles, schemas, read models. Safe to repeat.
    Migrate,
    /// Bring the payments of a legacy MySQL database into the schema payment, step by step, with a way back.
    MigrateLegacy(MigrateLegacyArgs),
    /// Prove the log and what follows from it: exit code 1 and the evidence when a promise is broken.
    Verify(VerifyArgs),
    /// Compare a day of payments with the company's own list: exit code 1 and the rows when they differ.
    Reconcile(ReconcileArgs),
    /// Build a projection anew beside the live one, compare, and switch to it; or a part of the payment ledger, in one
    /// transaction.
    Rebuild {
        /// Which: orders, payments, products, coupons, notifications, points or payment_methods; or of the ledger
        /// transactions, order_payments or user_methods.
        projection: String,
        /// Switch back to the one before, which has been kept up to date.
        #[arg(long)]
        back: bool,
        /// Replay the events that it could not take in, instead of building it anew.
        #[arg(long, conflicts_with = "back")]
        parked: bool,
        /// Switch even when the new one differs from the live one of the same version: the live one
        /// was wrong.
        #[arg(long)]
        accept_differences: bool,
    },
    /// Make a development token; prints the token alone.
    Token {
        /// What it may do: customer, operator or service.
        #[arg(long)]
        role: platform::Role,
        /// Whom it speaks for.
        #[arg(long, default_value = "dev")]
        subject: String,
        /// How long it lives, in hours.
        #[arg(long, default_value_t = 24)]
        hours: u64,
    },
    /// Put a small catalogue into the shop, through the public API. Safe to repeat.
    Seed,
    /// Place one order and show all that follows: answers, events, read models, Kafka records.
    Tour,
    /// Play real baskets against the running shop, as concurrent shoppers, and reconcile the result with
    /// the data to the cent. Interrupted, it goes on where it was.
    Replay {
        /// JSON lines, as `./dev replay` exports them.
        file: PathBuf,
        /// How many shop at once.
        #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
        shoppers: u16,
    },
    /// Run the mock payment gateway.
    MockGateway,
    /// Name whatever is wrong with the installation: databases, locks, lag, leases, failures.
    Doctor,
}

/// A part of the shop that can run in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Takes commands over HTTP.
    CommandApi,
    /// Answers queries over HTTP.
    ReadApi,
    /// Runs the sagas: timers and gateway calls. One instance acts, the others stand by.
    Processes,
    /// Keeps the read models up to date.
    Projections,
    /// Sends the log to Kafka. One instance acts, the others stand by.
    Relay,
    /// Keeps the payment service's transactions, in the schema payment. One instance acts, the others stand by.
    PaymentLedger,
    /// Keeps the order service's side of payments, in the schema main. One instance acts, the others stand by.
    OrderPayments,
    /// Looks continuously whether what must hold does. One instance looks, the others stand by.
    Auditor,
}

impl Role {
    /// Every role: the embedded default.
    pub(crate) const ALL: [Self; 8] = [
        Self::CommandApi,
        Self::ReadApi,
        Self::Processes,
        Self::Projections,
        Self::Relay,
        Self::PaymentLedger,
        Self::OrderPayments,
        Self::Auditor,
    ];
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// How long a token lives.
pub(crate) fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours.saturating_mul(3_600))
}

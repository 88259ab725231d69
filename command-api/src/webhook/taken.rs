//! What a company's notice makes of the shop.

use chrono::{DateTime, Utc};
use domain::Operation;
use event_store::{Command, CommandId, Context, Fingerprint};
use uuid::Uuid;

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taken {
    /// Nothing that it names is the shop's, by this company.
    Unknown,
    /// It was taken before, or cannot change anything.
    NoNews,
    /// It made a command.
    Acted,
}

/// The command that a notice makes: one for each key, however often the company tells.
pub(super) fn command_of(
    company: &str,
    key: &str,
    operation: impl Operation + 'static,
    now: DateTime<Utc>,
) -> Command {
    let principal = format!("webhook/{company}");
    let id = CommandId::from_key(&principal, key);
    let context = Context {
        principal,
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        occurred_at: now,
    };
    Command::new(id, Fingerprint::of(&[key.as_bytes()]), operation, context)
}

//! A command in the loop, and whoever waits for it.

use std::time::Instant;

use domain::StreamId;
use tokio::sync::oneshot;

use crate::command::{Command, Outcome};
use crate::error::ExecuteError;

/// A command in the loop.
pub struct Job {
    pub(crate) command: Command,
    /// Streams that must be in memory: those that the operation names, and those that it turned out to
    /// need.
    pub(crate) needs: Vec<StreamId>,
    /// Whether it must be a batch by itself, since the database refused a batch that it was in.
    pub(crate) alone: bool,
    /// How often it was decided in vain.
    pub(crate) attempts: u32,
    pub(crate) deadline: Instant,
    reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
}

impl Job {
    /// A command that must be answered by a moment, and where the answer goes.
    #[must_use]
    pub fn new(
        command: Command,
        reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
        deadline: Instant,
    ) -> Self {
        Self {
            needs: command.operation.streams(),
            alone: false,
            command,
            attempts: 0,
            deadline,
            reply,
        }
    }

    /// Answers. Whoever asked may be gone: the outcome is stored all the same.
    pub(crate) fn answer(self, outcome: Result<Outcome, ExecuteError>) {
        let _ = self.reply.send(outcome);
    }
}

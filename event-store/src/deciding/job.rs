//! A command in the loop, and whoever waits for it.

use std::time::{Duration, Instant};

use domain::StreamId;
use tokio::sync::oneshot;

use crate::command::{Command, Outcome};
use crate::error::ExecuteError;

/// A command in the loop.
pub(crate) struct Job {
    pub(crate) command: Command,
    /// Streams that the operation turned out to need beside those that it named.
    pub(crate) also_needs: Vec<StreamId>,
    /// How often it was decided in vain.
    pub(crate) attempts: u32,
    pub(crate) deadline: Instant,
    reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
}

impl Job {
    pub(crate) fn new(
        command: Command,
        reply: oneshot::Sender<Result<Outcome, ExecuteError>>,
        timeout: Duration,
    ) -> Self {
        let deadline = Instant::now() + timeout;
        Self {
            command,
            also_needs: Vec::new(),
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

//! A batch as a log that is not PostgreSQL reads it: command by command.

use domain::StreamId;

use super::{Batch, BatchEvent, Touched};
use crate::command::{CommandId, Fence, Fingerprint};
use crate::error::StoreError;
use crate::recorded::{Metadata, unsigned};

/// A command of a batch, with all that the log must look at.
pub struct DecidedCommand<'a> {
    /// Its id.
    pub id: CommandId,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// Its answer's status.
    pub status: u16,
    /// Its answer.
    pub body: &'a str,
    /// The lease that it holds.
    pub fence: Option<Fence>,
    /// The streams that it read or wrote. With the sequence that the stream must have; `None` when an
    /// earlier command of the batch touched it.
    pub touched: Vec<(&'a StreamId, Option<u64>)>,
    /// Its events.
    pub events: Vec<DecidedEvent<'a>>,
}

/// An event on its way into the log.
pub struct DecidedEvent<'a> {
    /// Where it goes.
    pub stream: &'a StreamId,
    /// Its number in its stream, from 1.
    pub sequence: u64,
    /// Its stored name.
    pub event_type: &'a str,
    /// Its stored version.
    pub event_version: &'a str,
    /// Its JSON.
    pub payload: &'a str,
    /// Who, when and why.
    pub metadata: &'a Metadata,
}

impl Batch {
    /// Its commands, in order.
    ///
    /// # Errors
    /// A number is out of range: a defect.
    pub fn commands(&self) -> Result<Vec<DecidedCommand<'_>>, StoreError> {
        let mut events = self.events.iter();
        let mut commands = Vec::with_capacity(self.entries.len());
        for (entry, number) in self.entries.iter().zip(1..) {
            let fence = self.fences.iter().find(|fence| fence.command == number);
            let fence = fence.map(|fence| {
                let epoch = unsigned(fence.epoch, "epoch")?;
                let lease = fence.lease.clone();
                Ok::<_, StoreError>(Fence { lease, epoch })
            });
            let touched = self.touched.iter().filter(|one| one.command == number);
            let own = events.by_ref().take(entry.event_count);
            commands.push(DecidedCommand {
                id: entry.id,
                fingerprint: Fingerprint(entry.fingerprint),
                status: entry.answer.status,
                body: &entry.answer.body,
                fence: fence.transpose()?,
                touched: touched.map(expected).collect::<Result<_, _>>()?,
                events: own.map(BatchEvent::view).collect(),
            });
        }
        Ok(commands)
    }
}

fn expected(touched: &Touched) -> Result<(&StreamId, Option<u64>), StoreError> {
    let expected = touched
        .expected
        .map(|sequence| unsigned(sequence, "sequence"));
    Ok((&touched.stream, expected.transpose()?))
}

impl BatchEvent {
    fn view(&self) -> DecidedEvent<'_> {
        DecidedEvent {
            stream: &self.staged.stream,
            sequence: self.staged.sequence,
            event_type: &self.staged.event_type,
            event_version: &self.staged.event_version,
            payload: &self.staged.payload,
            metadata: &self.metadata,
        }
    }
}

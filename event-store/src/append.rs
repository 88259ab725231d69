//! A batch of decided commands, and the one statement that writes it.

mod calls;
mod rows;
mod standbys;
mod view;

use chrono::{DateTime, Utc};
use domain::{Decision, StagedEvent, StreamId};
use failpoints::failpoint;
use serde::Serialize;
use sqlx::{PgConnection, Row};

use crate::command::{Answer, Command, CommandId, Outcome};
use crate::error::StoreError;
use crate::recorded::{Metadata, Parsed, RecordedEvent, event_id, signed, unsigned};
pub use view::{DecidedCommand, DecidedEvent};

/// Decided commands on their way into the log.
#[derive(Default)]
pub struct Batch {
    entries: Vec<Entry>,
    fences: Vec<HeldFence>,
    touched: Vec<Touched>,
    events: Vec<BatchEvent>,
}

/// One command of a batch.
struct Entry {
    id: CommandId,
    fingerprint: [u8; 32],
    status: i16,
    answer: Answer,
    event_count: usize,
    /// How many events the batch has up to this command's last.
    events_through: i32,
}

/// A lease that a command of the batch holds.
struct HeldFence {
    command: i32,
    lease: String,
    epoch: i64,
}

/// A stream that a command of the batch read or wrote.
struct Touched {
    command: i32,
    stream: StreamId,
    /// `None` when an earlier command of the batch touched it.
    expected: Option<i64>,
    /// Whether the command has the stream's first event: then a key says whether it was empty.
    begins: bool,
}

/// An event of a batch.
struct BatchEvent {
    command: i32,
    staged: StagedEvent,
    sequence: i64,
    metadata: Metadata,
    metadata_json: String,
}

/// What became of one command of a batch.
#[derive(Debug)]
pub enum Verdict {
    /// It is in the log.
    Written(Outcome),
    /// Its id was there already: this is what the first one came to. `None`: with another fingerprint.
    Duplicate(Option<Outcome>),
    /// A stream was not where it was expected, or an earlier command that it built on was refused.
    Conflict,
    /// Its lease was taken over.
    Fenced,
}

/// Why the log did not take a command.
#[derive(Debug)]
pub enum Refused {
    /// Its id is there already, with this fingerprint and this outcome.
    Duplicate(Option<(Vec<u8>, Outcome)>),
    /// A stream was not where it was expected, or an earlier command that it built on was refused.
    Conflict,
    /// Its lease was taken over.
    Fenced,
}

impl Verdict {
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Self::Written(_))
    }
}

/// What became of a whole batch.
pub struct Appended {
    /// One a command, in order.
    pub verdicts: Vec<Verdict>,
    /// All that was written, in order of position.
    pub events: Vec<RecordedEvent>,
    /// The log's highest position afterwards.
    pub head: u64,
}

/// After a batch that could not be written as a whole, so many are looked at command by command: where
/// there was one repeat or conflict there are others, and each costs a statement in vain.
const CAUTIOUS_BATCHES: u32 = 64;

/// Whether a writer takes its batches for new as a whole, or looks at every command.
#[derive(Debug, Default)]
pub struct Caution {
    batches_left: u32,
}

impl Caution {
    /// Whether the next batch is tried as a whole.
    fn allows_whole(&mut self) -> bool {
        let allowed = self.batches_left == 0;
        self.batches_left = self.batches_left.saturating_sub(1);
        allowed
    }

    fn begin(&mut self) {
        self.batches_left = CAUTIOUS_BATCHES;
    }
}

impl Batch {
    /// How many commands it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none: then it only asks whether the log is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Adds a decided command, or leaves the batch as it was. `first_touch` says whether no earlier command
    /// of the batch touched a stream: only then is the log's own sequence compared.
    pub(crate) fn push(
        &mut self,
        command: &Command,
        answer: Answer,
        decision: Decision,
        first_touch: impl Fn(&StreamId) -> bool,
    ) -> Result<(), StoreError> {
        // All that can fail comes first: half a command would shift its neighbours' rows.
        let number = int(self.entries.len() + 1)?;
        let event_count = decision.events.len();
        let entry = Entry {
            id: command.id,
            fingerprint: command.fingerprint.0,
            status: i16::try_from(answer.status)
                .map_err(|_| StoreError::OutOfRange { what: "status" })?,
            answer,
            event_count,
            events_through: int(self.events.len() + event_count)?,
        };
        let fence = command.fence.as_ref().map(|fence| {
            Ok::<_, StoreError>(HeldFence {
                command: number,
                lease: fence.lease.clone(),
                epoch: signed(fence.epoch, "epoch")?,
            })
        });
        let fence = fence.transpose()?;
        let touched = decision.expected.into_iter().map(|(stream, sequence)| {
            let sequence = signed(sequence, "sequence")?;
            let expected = first_touch(&stream).then_some(sequence);
            let mut events = decision.events.iter();
            let begins = events.any(|event| event.sequence == 1 && event.stream == stream);
            Ok(Touched {
                command: number,
                stream,
                expected,
                begins,
            })
        });
        let touched = touched.collect::<Result<Vec<_>, StoreError>>()?;
        let events = decision.events.into_iter().enumerate();
        let events = events
            .map(|(index, staged)| BatchEvent::new(command, number, index, staged))
            .collect::<Result<Vec<_>, StoreError>>()?;

        self.entries.push(entry);
        self.fences.extend(fence);
        self.touched.extend(touched);
        self.events.extend(events);
        Ok(())
    }

    /// Writes the batch in one statement, which is one transaction.
    ///
    /// # Errors
    /// The database is away or refused. Whether the batch was written is then unknown: the same commands
    /// again find out, by their ids.
    pub async fn append(
        self,
        connection: &mut PgConnection,
        caution: &mut Caution,
    ) -> Result<Appended, StoreError> {
        failpoint!("event-store.append.before", sqlx::Error::Io);
        let mut answer = None;
        if caution.allows_whole() {
            answer = calls::append_whole(&self, connection).await?;
            if answer.is_none() {
                caution.begin();
            }
        }
        let answer = match answer {
            Some(answer) => answer,
            None => calls::append(&self, connection).await?,
        };
        failpoint!("event-store.append.after", sqlx::Error::Io);
        if answer.awaits_standbys {
            // Also when all were refused: what a duplicate is answered with must be durable too.
            standbys::wait(connection).await?;
        }
        let mut refused = self.entries.iter().map(|_| None).collect::<Vec<_>>();
        for (number, reason) in answer.refused.into_iter().zip(answer.reasons) {
            let index = usize::try_from(number - 1).ok();
            let entry = index.and_then(|index| self.entries.get(index));
            let slot = index.and_then(|index| refused.get_mut(index));
            let (Some(entry), Some(slot)) = (entry, slot) else {
                return Err(StoreError::OutOfRange { what: "verdict" });
            };
            *slot = Some(match reason.as_str() {
                "D" => {
                    let outcome = stored_outcome(&mut *connection, entry.id).await?;
                    failpoint!("event-store.append.duplicate", sqlx::Error::Io);
                    Refused::Duplicate(outcome)
                }
                "F" => Refused::Fenced,
                "C" => Refused::Conflict,
                _ => return Err(StoreError::OutOfRange { what: "verdict" }),
            });
        }
        let head = unsigned(answer.head, "position")?;
        Ok(self.concluded(refused, head, answer.recorded_at))
    }

    /// What became of each command, and its events with the positions that they got: what a log that ended
    /// at `head` says. `refused` has one entry a command, `None` for those that were written.
    #[must_use]
    pub fn concluded(
        self,
        refused: Vec<Option<Refused>>,
        mut head: u64,
        recorded_at: DateTime<Utc>,
    ) -> Appended {
        let mut verdicts = Vec::with_capacity(self.entries.len());
        let mut events = Vec::with_capacity(self.events.len());
        let mut staged = self.events.into_iter();
        for (entry, refused) in self.entries.into_iter().zip(refused) {
            let own = staged.by_ref().take(entry.event_count);
            let Some(refused) = refused else {
                for event in own {
                    head += 1;
                    events.push(event.recorded(head, recorded_at));
                }
                verdicts.push(Verdict::Written(Outcome {
                    status: entry.answer.status,
                    body: entry.answer.body,
                    position: head,
                    recorded_at,
                    replayed: false,
                }));
                continue;
            };
            own.for_each(drop);
            verdicts.push(match refused {
                Refused::Duplicate(stored) => Verdict::Duplicate(entry.first_outcome(stored)),
                Refused::Fenced => Verdict::Fenced,
                Refused::Conflict => Verdict::Conflict,
            });
        }
        Appended {
            verdicts,
            events,
            head,
        }
    }
}

impl Entry {
    /// The outcome of the first command with this id, unless that was another request.
    fn first_outcome(&self, stored: Option<(Vec<u8>, Outcome)>) -> Option<Outcome> {
        stored
            .filter(|(first, _)| first.as_slice() == self.fingerprint)
            .map(|(_, outcome)| outcome)
    }
}

impl BatchEvent {
    fn new(
        command: &Command,
        number: i32,
        index: usize,
        staged: StagedEvent,
    ) -> Result<Self, StoreError> {
        let metadata = metadata(command, index);
        Ok(Self {
            command: number,
            sequence: signed(staged.sequence, "sequence")?,
            staged,
            metadata_json: to_json(&metadata)?,
            metadata,
        })
    }

    fn recorded(self, position: u64, recorded_at: DateTime<Utc>) -> RecordedEvent {
        let staged = self.staged;
        RecordedEvent {
            position,
            aggregate_type: staged.stream.aggregate_type().to_owned(),
            aggregate_id: staged.stream.aggregate_id().to_owned(),
            sequence: staged.sequence,
            event_type: staged.event_type,
            event_version: staged.event_version,
            payload: staged.payload,
            metadata: self.metadata,
            recorded_at,
            parsed: Parsed::default(),
        }
    }
}

/// Waits until what is committed so far is durable, where that takes a standby.
pub(crate) async fn wait_until_durable(connection: &mut PgConnection) -> Result<(), StoreError> {
    let awaits_standbys: bool =
        sqlx::query_scalar("SELECT current_setting('synchronous_standby_names') <> ''")
            .fetch_one(&mut *connection)
            .await?;
    if awaits_standbys {
        standbys::wait(connection).await?;
    }
    Ok(())
}

/// The fingerprint and the outcome that are stored under a command's id.
pub(crate) async fn stored_outcome(
    executor: impl sqlx::PgExecutor<'_>,
    id: CommandId,
) -> Result<Option<(Vec<u8>, Outcome)>, StoreError> {
    let row = sqlx::query(
        "SELECT fingerprint, status, body, position, recorded_at FROM event_store.commands
          WHERE command_id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let status: i16 = row.try_get("status")?;
    let outcome = Outcome {
        status: u16::try_from(status).map_err(|_| StoreError::OutOfRange { what: "status" })?,
        body: row.try_get("body")?,
        position: unsigned(row.try_get("position")?, "position")?,
        recorded_at: row.try_get("recorded_at")?,
        replayed: true,
    };
    Ok(Some((row.try_get("fingerprint")?, outcome)))
}

fn metadata(command: &Command, index: usize) -> Metadata {
    let context = &command.context;
    Metadata {
        event_id: event_id(command.id.uuid(), index),
        command_id: command.id.uuid(),
        correlation_id: context.correlation_id,
        causation_id: context.causation_id,
        principal: context.principal.clone(),
        occurred_at: context.occurred_at,
    }
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| {
        domain::StreamStateError::Malformed {
            what: "an event's metadata".to_owned(),
            source,
        }
        .into()
    })
}

/// The rows of what a batch holds, in order.
fn rows<'a, R: From<&'a T>, T: 'a>(parts: impl IntoIterator<Item = &'a T>) -> Vec<R> {
    parts.into_iter().map(R::from).collect()
}

fn int(number: usize) -> Result<i32, StoreError> {
    i32::try_from(number).map_err(|_| StoreError::OutOfRange { what: "batch" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_batch_in_vain_the_next_ones_are_not_tried_as_a_whole() {
        let mut caution = Caution::default();
        assert!(caution.allows_whole());
        caution.begin();
        for _ in 0..CAUTIOUS_BATCHES {
            assert!(!caution.allows_whole());
        }
        assert!(caution.allows_whole());
    }
}

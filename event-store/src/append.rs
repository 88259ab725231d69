//! A batch of decided commands, and the one statement that writes it.

use chrono::{DateTime, Utc};
use domain::{Decision, StagedEvent, StreamId};
use serde::Serialize;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::command::{Answer, Command, CommandId, Outcome};
use crate::error::StoreError;
use crate::recorded::{Metadata, RecordedEvent, signed, unsigned};

/// Decided commands on their way into the log, as the columns that the append function takes.
#[derive(Default)]
pub(crate) struct Batch {
    entries: Vec<Entry>,
    columns: Columns,
}

/// One command of a batch.
pub(crate) struct Entry {
    pub(crate) answer: Answer,
    /// How many events of the batch precede its own.
    first_event: usize,
    event_count: usize,
}

#[derive(Default)]
struct Columns {
    command_ids: Vec<Uuid>,
    fingerprints: Vec<Vec<u8>>,
    statuses: Vec<i16>,
    bodies: Vec<String>,
    event_counts: Vec<i32>,
    fence_commands: Vec<i32>,
    fence_leases: Vec<String>,
    fence_epochs: Vec<i64>,
    touch_commands: Vec<i32>,
    touch_streams: Vec<StreamId>,
    touch_expected: Vec<Option<i64>>,
    event_commands: Vec<i32>,
    events: Vec<StagedEvent>,
    metadata: Vec<Metadata>,
    metadata_json: Vec<String>,
}

/// What became of one command of a batch.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is in the log.
    Written(Outcome),
    /// Its id was there already: this is what the first one came to. `None`: with another fingerprint.
    Duplicate(Option<Outcome>),
    /// A stream was not where it was expected, or an earlier command that it built on was refused.
    Conflict,
    /// Its lease was taken over.
    Fenced,
}

/// What became of a whole batch.
pub(crate) struct Appended {
    /// One a command, in order.
    pub(crate) verdicts: Vec<Verdict>,
    /// All that was written, in order of position.
    pub(crate) events: Vec<RecordedEvent>,
    /// The log's highest position afterwards.
    pub(crate) head: u64,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn event_count(&self) -> usize {
        self.columns.events.len()
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
        // All that can fail comes first: half a command would shift its neighbours' columns.
        let number = int(self.entries.len() + 1)?;
        let status =
            i16::try_from(answer.status).map_err(|_| StoreError::OutOfRange { what: "status" })?;
        let event_count = int(decision.events.len())?;
        let fence = command.fence.as_ref();
        let fence = fence
            .map(|fence| Ok::<_, StoreError>((fence.lease.clone(), signed(fence.epoch, "epoch")?)))
            .transpose()?;
        let touches = decision
            .expected
            .into_iter()
            .map(|(stream, sequence)| Ok((stream, signed(sequence, "sequence")?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let metadata: Vec<Metadata> = (0..decision.events.len())
            .map(|index| metadata(command, index))
            .collect();
        let metadata_json = metadata
            .iter()
            .map(to_json)
            .collect::<Result<Vec<_>, _>>()?;

        let columns = &mut self.columns;
        self.entries.push(Entry {
            answer: answer.clone(),
            first_event: columns.events.len(),
            event_count: decision.events.len(),
        });
        columns.command_ids.push(command.id.uuid());
        columns.fingerprints.push(command.fingerprint.0.to_vec());
        columns.statuses.push(status);
        columns.bodies.push(answer.body);
        columns.event_counts.push(event_count);
        if let Some((lease, epoch)) = fence {
            columns.fence_commands.push(number);
            columns.fence_leases.push(lease);
            columns.fence_epochs.push(epoch);
        }
        for (stream, sequence) in touches {
            let expected = first_touch(&stream).then_some(sequence);
            columns.touch_commands.push(number);
            columns.touch_streams.push(stream);
            columns.touch_expected.push(expected);
        }
        let numbers = std::iter::repeat_n(number, decision.events.len());
        columns.event_commands.extend(numbers);
        columns.metadata.extend(metadata);
        columns.metadata_json.extend(metadata_json);
        columns.events.extend(decision.events);
        Ok(())
    }

    /// Writes the batch in one statement, which is one transaction.
    ///
    /// # Errors
    /// The database is away or refused. Whether the batch was written is then unknown: the same commands
    /// again find out, by their ids.
    pub(crate) async fn append(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Appended, StoreError> {
        let c = &self.columns;
        let events = &c.events;
        let row = sqlx::query(
            "SELECT head, recorded_at, refused, reasons
               FROM event_store.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                                       $13, $14, $15, $16, $17, $18, $19, $20)",
        )
        .bind(&c.command_ids)
        .bind(&c.fingerprints)
        .bind(&c.statuses)
        .bind(&c.bodies)
        .bind(&c.event_counts)
        .bind(&c.fence_commands)
        .bind(&c.fence_leases)
        .bind(&c.fence_epochs)
        .bind(&c.touch_commands)
        .bind(collect(
            c.touch_streams.iter().map(StreamId::aggregate_type),
        ))
        .bind(collect(c.touch_streams.iter().map(StreamId::aggregate_id)))
        .bind(&c.touch_expected)
        .bind(&c.event_commands)
        .bind(collect(events.iter().map(|e| e.stream.aggregate_type())))
        .bind(collect(events.iter().map(|e| e.stream.aggregate_id())))
        .bind(
            events
                .iter()
                .map(|event| signed(event.sequence, "sequence"))
                .collect::<Result<Vec<i64>, _>>()?,
        )
        .bind(collect(events.iter().map(|e| e.event_type.as_str())))
        .bind(collect(events.iter().map(|e| e.event_version.as_str())))
        .bind(collect(events.iter().map(|e| e.payload.as_str())))
        .bind(&c.metadata_json)
        .fetch_one(&mut *connection)
        .await?;
        let refused: Vec<i32> = row.try_get("refused")?;
        let reasons: Vec<String> = row.try_get("reasons")?;
        let head = unsigned(row.try_get("head")?, "position")?;
        let recorded_at = row.try_get("recorded_at")?;
        let mut reason_of: Vec<Option<String>> = vec![None; self.entries.len()];
        for (number, reason) in refused.into_iter().zip(reasons) {
            let index = usize::try_from(number - 1).ok();
            if let Some(slot) = index.and_then(|index| reason_of.get_mut(index)) {
                *slot = Some(reason);
            }
        }
        self.appended(connection, reason_of, head, recorded_at)
            .await
    }

    async fn appended(
        &self,
        connection: &mut PgConnection,
        reasons: Vec<Option<String>>,
        mut head: u64,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, StoreError> {
        let mut verdicts = Vec::with_capacity(self.entries.len());
        let mut events = Vec::with_capacity(self.columns.events.len());
        for (index, (entry, reason)) in self.entries.iter().zip(reasons).enumerate() {
            verdicts.push(match reason.as_deref() {
                None => {
                    self.record(entry, &mut head, recorded_at, &mut events);
                    Verdict::Written(Outcome {
                        status: entry.answer.status,
                        body: entry.answer.body.clone(),
                        position: head,
                        replayed: false,
                    })
                }
                Some("D") => Verdict::Duplicate(self.stored(connection, index).await?),
                Some("F") => Verdict::Fenced,
                Some(_) => Verdict::Conflict,
            });
        }
        Ok(Appended {
            verdicts,
            events,
            head,
        })
    }

    /// Takes a written command's events over, with the positions that they got.
    fn record(
        &self,
        entry: &Entry,
        head: &mut u64,
        recorded_at: DateTime<Utc>,
        events: &mut Vec<RecordedEvent>,
    ) {
        let range = entry.first_event..entry.first_event + entry.event_count;
        let staged = self.columns.events.get(range.clone()).unwrap_or_default();
        let metadata = self.columns.metadata.get(range).unwrap_or_default();
        for (event, metadata) in staged.iter().zip(metadata) {
            *head += 1;
            events.push(RecordedEvent {
                position: *head,
                aggregate_type: event.stream.aggregate_type().to_owned(),
                aggregate_id: event.stream.aggregate_id().to_owned(),
                sequence: event.sequence,
                event_type: event.event_type.clone(),
                event_version: event.event_version.clone(),
                payload: event.payload.clone(),
                metadata: metadata.clone(),
                recorded_at,
            });
        }
    }

    /// The outcome of the first command with this id, unless that was another request.
    async fn stored(
        &self,
        connection: &mut PgConnection,
        index: usize,
    ) -> Result<Option<Outcome>, StoreError> {
        let id = self
            .columns
            .command_ids
            .get(index)
            .copied()
            .unwrap_or_default();
        let stored = stored_outcome(connection, CommandId::new(id)).await?;
        let fingerprint = self.columns.fingerprints.get(index);
        Ok(stored
            .filter(|(first, _)| Some(first) == fingerprint)
            .map(|(_, outcome)| outcome))
    }
}

/// The fingerprint and the outcome that are stored under a command's id.
pub(crate) async fn stored_outcome(
    executor: impl sqlx::PgExecutor<'_>,
    id: CommandId,
) -> Result<Option<(Vec<u8>, Outcome)>, StoreError> {
    let row = sqlx::query(
        "SELECT fingerprint, status, body, position FROM event_store.commands
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
        replayed: true,
    };
    Ok(Some((row.try_get("fingerprint")?, outcome)))
}

/// An event's id follows from its command's, so that it is unique because the command's is, and the
/// same when the command is decided again (UUID version 5, RFC 9562).
fn metadata(command: &Command, index: usize) -> Metadata {
    let context = &command.context;
    Metadata {
        event_id: Uuid::new_v5(&command.id.uuid(), &index.to_be_bytes()),
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

fn collect<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    texts.collect()
}

fn int(number: usize) -> Result<i32, StoreError> {
    i32::try_from(number).map_err(|_| StoreError::OutOfRange { what: "batch" })
}

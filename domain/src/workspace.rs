//! Where one command decides: over one aggregate or several, all or nothing.

use std::collections::BTreeMap;
use std::fmt;

use cqrs_es::DomainEvent as _;
use serde_json::Value;

use crate::decider::Decider;
use crate::rejection::Rejection;
use crate::streams::{Fold, Folded, StreamId};

/// What one command of the outside world does to the shop.
///
/// An operation runs aggregates' rules in a [`Workspace`]. It may run more than once: when it asks for a
/// stream that is not in memory, and when another process wrote to one of its streams meanwhile. So it
/// must be a pure function of itself and the workspace.
pub trait Operation: Send + Sync + fmt::Debug {
    /// A short name for logs and metrics, as `place-order`.
    fn name(&self) -> &'static str;

    /// Streams that it will surely read: a hint that saves a round trip. Others may be read too.
    fn streams(&self) -> Vec<StreamId>;

    /// Streams whose ids were made for this very command: they are taken for empty without a look, which
    /// saves reading them. Should one not be empty, the append refuses the command, and it is decided
    /// again on what is there.
    fn new_streams(&self) -> Vec<StreamId> {
        Vec::new()
    }

    /// Decides. The JSON is the command's reply: for HTTP, the `data` of the answer.
    ///
    /// # Errors
    /// [`Halt::Reject`] when a rule forbids it; [`Halt::Load`] when a stream has to be read first.
    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt>;
}

/// Why a decision stopped.
#[derive(Debug)]
pub enum Halt {
    /// These streams must be in memory first; then decide again.
    Load(Vec<StreamId>),
    /// A rule of the business says no.
    Reject(Rejection),
    /// An event or a reply could not be turned into JSON: a defect of the program.
    Unserialisable(serde_json::Error),
}

impl From<Rejection> for Halt {
    fn from(rejection: Rejection) -> Self {
        Self::Reject(rejection)
    }
}

/// An aggregate in memory: its state after its first `sequence` events.
pub struct Loaded {
    /// The state.
    pub state: Box<dyn Folded>,
    /// How many events it has; the next one gets `sequence + 1`.
    pub sequence: u64,
}

impl Clone for Loaded {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone_boxed(),
            sequence: self.sequence,
        }
    }
}

impl Loaded {
    /// The state with its type back on; `None` when it is another aggregate type's.
    #[must_use]
    pub fn state_of<D: Decider>(&self) -> Option<&D::State> {
        self.state
            .as_any()
            .downcast_ref::<Fold<D>>()
            .map(|fold| &fold.0)
    }
}

/// The aggregates in memory, as the deciding loop has them.
pub trait States {
    /// The aggregate, or `None` when it has to be read first. One without events is `Some`, with
    /// sequence 0.
    fn loaded(&self, stream: &StreamId) -> Option<&Loaded>;
}

/// An event that was decided and is not yet written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedEvent {
    /// Where it goes.
    pub stream: StreamId,
    /// Its number in its stream, from 1.
    pub sequence: u64,
    /// Its stored name.
    pub event_type: String,
    /// Its stored version.
    pub event_version: String,
    /// Its JSON.
    pub payload: String,
}

/// What a workspace came to.
pub struct Decision {
    /// Each stream that was read or written, with the sequence that it had: the append is refused when
    /// another has moved it.
    pub expected: Vec<(StreamId, u64)>,
    /// The events, in the order in which they were decided.
    pub events: Vec<StagedEvent>,
    /// The new state of each stream that was written.
    pub states: Vec<(StreamId, Loaded)>,
}

/// One command's view of the aggregates: it sees what it has itself decided, and nothing leaves it
/// until the whole command has succeeded.
pub struct Workspace<'a> {
    states: &'a dyn States,
    touched: BTreeMap<StreamId, Touched>,
    events: Vec<StagedEvent>,
}

struct Touched {
    expected: u64,
    /// `None` while it was only read.
    staged: Option<Loaded>,
}

impl<'a> Workspace<'a> {
    /// An untouched view.
    #[must_use]
    pub fn new(states: &'a dyn States) -> Self {
        Self {
            states,
            touched: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// Makes sure that all of these are in memory, so that those that are missing are read together
    /// and not one after the other.
    ///
    /// # Errors
    /// [`Halt::Load`] with all that are missing.
    pub fn require(&self, streams: &[StreamId]) -> Result<(), Halt> {
        let missing = streams.iter();
        let missing = missing.filter(|stream| self.states.loaded(stream).is_none());
        let missing: Vec<StreamId> = missing.cloned().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Halt::Load(missing))
        }
    }

    /// The state of an aggregate, with what this command has already decided.
    ///
    /// # Errors
    /// [`Halt::Load`] when it is not in memory.
    pub fn read<D: Decider>(&mut self, id: impl fmt::Display) -> Result<&D::State, Halt> {
        let stream = StreamId::of::<D>(id);
        let (committed, touched) = touch(self.states, &mut self.touched, &stream)?;
        let loaded = touched.staged.as_ref().unwrap_or(committed);
        state_of::<D>(loaded, &stream)
    }

    /// Runs one command of one aggregate and takes its events into the view.
    ///
    /// # Errors
    /// [`Halt::Reject`] with the aggregate's own error; [`Halt::Load`] when it is not in memory.
    pub fn execute<D: Decider>(
        &mut self,
        id: impl fmt::Display,
        command: D::Command,
    ) -> Result<(), Halt> {
        let stream = StreamId::of::<D>(id);
        let (committed, touched) = touch(self.states, &mut self.touched, &stream)?;
        let current = touched.staged.as_ref().unwrap_or(committed);
        let events = D::decide(state_of::<D>(current, &stream)?, command)
            .map_err(|error| Halt::Reject(error.into()))?;
        if events.is_empty() {
            return Ok(());
        }
        let mut next = current.clone();
        for event in events {
            next.sequence += 1;
            self.events.push(StagedEvent {
                stream: stream.clone(),
                sequence: next.sequence,
                event_type: event.event_type(),
                event_version: event.event_version(),
                payload: serde_json::to_string(&event).map_err(Halt::Unserialisable)?,
            });
            if let Some(fold) = next.state.as_any_mut().downcast_mut::<Fold<D>>() {
                D::evolve(&mut fold.0, &event);
            }
        }
        touched.staged = Some(next);
        Ok(())
    }

    /// Closes the view.
    #[must_use]
    pub fn finish(self) -> Decision {
        let mut expected = Vec::with_capacity(self.touched.len());
        let mut states = Vec::new();
        for (stream, touched) in self.touched {
            expected.push((stream.clone(), touched.expected));
            if let Some(staged) = touched.staged {
                states.push((stream, staged));
            }
        }
        Decision {
            expected,
            events: self.events,
            states,
        }
    }
}

/// A stream as it is in memory, and what this command has done to it; from now on it is expected where
/// it is.
fn touch<'s, 't>(
    states: &'s dyn States,
    touched: &'t mut BTreeMap<StreamId, Touched>,
    stream: &StreamId,
) -> Result<(&'s Loaded, &'t mut Touched), Halt> {
    let committed = states
        .loaded(stream)
        .ok_or_else(|| Halt::Load(vec![stream.clone()]))?;
    let touched = touched.entry(stream.clone()).or_insert(Touched {
        expected: committed.sequence,
        staged: None,
    });
    Ok((committed, touched))
}

/// The typed state. The stream's type is part of its id, so another type under it means that the cache
/// is wrong: it is loaded anew.
fn state_of<'s, D: Decider>(loaded: &'s Loaded, stream: &StreamId) -> Result<&'s D::State, Halt> {
    loaded
        .state_of::<D>()
        .ok_or_else(|| Halt::Load(vec![stream.clone()]))
}

#[cfg(test)]
mod tests;

//! The shape that every aggregate has, and the one adapter that makes it a `cqrs_es` aggregate.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The rules of one aggregate: what a command does in a state, and what an event makes of it.
///
/// Both functions are pure and synchronous, so the same rules run in the deciding loop, on the stock
/// `cqrs_es` framework (through [`Aggregate`]) and in a simulation. (Shape after emmett's
/// `typing/decider.ts`.)
pub trait Decider: Send + Sync + 'static {
    /// The aggregate's name in the log. Part of the storage format: it never changes.
    const TYPE: &'static str;
    /// Raise it whenever `State` or `evolve` changes, so that older snapshots are ignored.
    const STATE_VERSION: u32;

    /// What the rules need to know. Cloning must be cheap (persistent maps, no long vectors): the
    /// deciding loop keeps a clone of the last durable state while a batch is being written.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What can be asked of the aggregate.
    type Command;
    /// What can have happened to it. Its JSON is a storage format.
    type Event: cqrs_es::DomainEvent + 'static;
    /// Why a command was refused.
    type Error: std::error::Error + Into<crate::Rejection>;

    /// Decides a command. Repeating a command that already took effect yields no events, or the same
    /// typed error.
    ///
    /// # Errors
    /// The business rule that forbids the command in this state.
    fn decide(state: &Self::State, command: Self::Command)
    -> Result<Vec<Self::Event>, Self::Error>;

    /// Folds one event into the state. Total: an event that happened is never refused.
    fn evolve(state: &mut Self::State, event: &Self::Event);

    /// Lifts events stored by older versions of the program to the present shape.
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        Vec::new()
    }
}

/// Lets a [`Decider`] run on the stock `cqrs_es` framework, unchanged.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Aggregate<D: Decider>(pub D::State);

impl<D: Decider> Default for Aggregate<D> {
    fn default() -> Self {
        Self(D::State::default())
    }
}

impl<D: Decider> Clone for Aggregate<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Decider> cqrs_es::Aggregate for Aggregate<D>
where
    D::Command: Send,
    D::Error: Send,
{
    const TYPE: &'static str = D::TYPE;
    type Command = D::Command;
    type Event = D::Event;
    type Error = D::Error;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in D::decide(&self.0, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        D::evolve(&mut self.0, &event);
    }
}

#[cfg(test)]
mod tests;

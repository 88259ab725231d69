//! Projections without their database, for whoever stands in for that: the simulation. The projectors are the
//! real ones; rows and position are in memory.

use std::sync::Arc;

use futures::FutureExt;
use sqlx::PgConnection;

use crate::catalogue;
use crate::error::ProjectionError;
use crate::memory::{MemoryTables, Tables};
pub use crate::projector::Event;
use crate::projector::Projector;

/// A projection whose rows are in memory.
pub struct InMemory {
    projector: Arc<dyn Projector>,
    tables: MemoryTables,
    position: u64,
}

impl InMemory {
    /// Each projection of the program, empty.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let projectors = catalogue::all().into_iter();
        let empty = |projector| Self {
            projector,
            tables: MemoryTables::default(),
            position: 0,
        };
        projectors.map(empty).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.projector.name()
    }

    /// How many rows it has, in all its tables.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.tables.rows()
    }

    /// How far it has come.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes in the events that follow `from`, up to `to`: all of them, rows and position together, or
    /// none. Those that it does not want only move it.
    ///
    /// # Errors
    /// It is not at `from`: another instance moved it. Or an event cannot be taken in, which in PostgreSQL
    /// parks the event.
    pub fn apply(&mut self, from: u64, to: u64, events: &[Event]) -> Result<(), ProjectionError> {
        if from != self.position {
            return Err(ProjectionError::Moved {
                projection: self.name(),
                generation: 1,
                expected: from,
                found: Some(self.position),
            });
        }
        self.fold(events)?;
        self.position = to;
        Ok(())
    }

    /// Takes in events, wherever it is.
    ///
    /// # Errors
    /// An event cannot be taken in.
    pub fn fold(&mut self, events: &[Event]) -> Result<(), ProjectionError> {
        let wanted = self.projector.wants();
        let wanted = events
            .iter()
            .filter(|event| wanted.contains(&event.stored.event_type.as_str()));
        let wanted: Vec<Event> = wanted.cloned().collect();
        let mut tables = Tables::Memory(&mut self.tables);
        let applying = self.projector.apply(&mut tables, &wanted);
        // Nothing in memory is ever waited for.
        let applied = applying.now_or_never().unwrap_or_else(|| {
            let what = "the projector waited for something that is not its tables";
            Err(ProjectionError::Poison(what.to_owned()))
        });
        match applied {
            Ok(()) => self.tables.commit(),
            Err(_) => self.tables.rollback(),
        }
        applied
    }

    /// The first row that another instance of the same projection has not, or has otherwise; `None` when
    /// both are the same.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        self.tables.difference(&other.tables)
    }

    /// The same, beside the tables that a session of PostgreSQL sees.
    ///
    /// # Errors
    /// The database is away, or has no such tables.
    pub async fn difference_from(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<String>, ProjectionError> {
        self.tables.difference_from(connection).await
    }
}

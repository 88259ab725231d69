//! One migration: both sides, the lock that keeps others out, and the steps on them.

use std::time::Duration;

use chrono::FixedOffset;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::PgConnectOptions;

use crate::backup::{Fingerprints, back_up, of_tables, unchanged};
use crate::error::LegacyMigrationError;
use crate::steps::Step;
use crate::target::Target;
use crate::{back, copy, dependents, drop, foreign_keys, report, shape, source, verify};

/// How the migration goes about it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rows that are read and written at once.
    pub batch_rows: u32,
    /// How long one statement may take, on either side.
    pub statement_timeout: Duration,
    /// The clock that the legacy database's dates are of.
    pub utc_offset: FixedOffset,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub doing: &'static str,
    /// With what.
    pub what: String,
    /// Rows so far; 0 where none are counted.
    pub rows: u64,
}

impl Progress {
    pub(crate) fn new(doing: &'static str, what: impl Into<String>, rows: u64) -> Self {
        Self {
            doing,
            what: what.into(),
            rows,
        }
    }
}

/// Whoever is told how far a step is.
pub(crate) type Teller = dyn FnMut(Progress) + Send;

/// A migration that this process alone works at.
pub struct LegacyMigration {
    source: MySqlConnection,
    target: Target,
    settings: Settings,
    tell: Box<Teller>,
    /// The lock lives as long as this session.
    _lock: PgConnection,
}

impl LegacyMigration {
    /// Connects both sides.
    ///
    /// # Errors
    /// A side is away, or another process is at it.
    pub async fn open(
        legacy: MySqlConnectOptions,
        payment: PgConnectOptions,
        main: PgConnectOptions,
        settings: Settings,
        tell: impl FnMut(Progress) + Send + 'static,
    ) -> Result<Self, LegacyMigrationError> {
        let source = source::connect(legacy, settings.statement_timeout).await?;
        let (target, lock) = Target::open(payment, main, settings.statement_timeout).await?;
        Ok(Self {
            source,
            target,
            settings,
            tell: Box::new(tell),
            _lock: lock,
        })
    }

    /// Does a step. `false`: it was done before, and nothing was to do.
    ///
    /// # Errors
    /// Something has to come first, something differs, or a side refuses. The step can be run again.
    pub async fn run(&mut self, step: Step) -> Result<bool, LegacyMigrationError> {
        if step == Step::Start || self.target.is_done(step).await? {
            return Ok(false);
        }
        if let Some(needs) = step.before()
            && !self.target.is_done(needs).await?
        {
            return Err(LegacyMigrationError::NotYet { step, needs });
        }
        let drop_has_begun = self.target.steps().await?.contains_key(Step::Drop.name());
        let mut now = Fingerprints::new();
        if !drop_has_begun {
            shape::require(&mut self.source).await?;
            now = self.require_unchanged(step).await?;
        }
        if step == Step::Drop && !drop_has_begun {
            drop::require_unblocked(&mut self.source).await?;
            drop::keep_definitions(&mut self.source, &self.target).await?;
        }
        self.target.begin(step).await?;
        let details = self.work(step, now).await?;
        self.target.finish(step, &details).await?;
        tracing::info!(step = step.name(), "step {step} is done");
        Ok(true)
    }

    /// Takes back every step after `to`, the last one first.
    ///
    /// # Errors
    /// Rows were written to the new schema meanwhile and `accept_newer` is not set, or a side refuses.
    pub async fn back(&mut self, to: Step, accept_newer: bool) -> Result<(), LegacyMigrationError> {
        if !accept_newer {
            back::require_nothing_newer(&self.target, to).await?;
        }
        for step in Step::ALL.into_iter().rev().filter(|step| *step > to) {
            if !self.target.steps().await?.contains_key(step.name()) {
                continue;
            }
            let were = self.recorded(Step::BackUp).await?;
            back::undo(&mut self.source, &self.target, step, &were, &mut *self.tell).await?;
            self.target.unmake(step).await?;
            tracing::info!(step = step.name(), "step {step} is taken back");
        }
        Ok(())
    }

    /// What was done, what was carried over, and what could not be.
    ///
    /// # Errors
    /// The target refuses.
    pub async fn report(&self) -> Result<report::Report, LegacyMigrationError> {
        report::read(&self.target).await
    }

    /// `now` is what the source held when the step began.
    async fn work(&mut self, step: Step, now: Fingerprints) -> Result<Value, LegacyMigrationError> {
        let (source, target, tell) = (&mut self.source, &self.target, &mut *self.tell);
        match step {
            Step::Start => Ok(Value::Null),
            Step::BackUp => Ok(json!({ "tables": details(back_up(source, tell).await?) })),
            Step::Check => Ok(json!({ "dependents": dependents::dependents(source).await? })),
            Step::DropForeignKeys => {
                let dropped = foreign_keys::drop_all(source, target).await?;
                Ok(json!({ "foreignKeys": dropped }))
            }
            Step::Copy => {
                copy::copy(source, target, &self.settings, tell).await?;
                Ok(Value::Null)
            }
            Step::Verify => {
                let compared = verify::verify(source, target, &self.settings, tell).await?;
                // What changed while it was counted is found by the next step, which asks for the same again.
                Ok(json!({ "tables": details(now), "compared": compared }))
            }
            Step::Switch => Ok(json!({ "authoritative": "payment" })),
            Step::Drop => {
                drop::drop_all(source, tell).await?;
                Ok(Value::Null)
            }
        }
    }

    /// What the source has to be still, for steps that stand on an earlier look at it.
    async fn require_unchanged(
        &mut self,
        step: Step,
    ) -> Result<Fingerprints, LegacyMigrationError> {
        let since = match step {
            Step::Start | Step::BackUp | Step::Check | Step::DropForeignKeys => {
                return Ok(Fingerprints::new());
            }
            Step::Copy | Step::Verify => Step::BackUp,
            Step::Switch | Step::Drop => Step::Verify,
        };
        let then = self.recorded(since).await?;
        let now = of_tables(&mut self.source, &mut *self.tell).await?;
        unchanged(&then, &now, since)?;
        Ok(now)
    }

    /// The fingerprints that a step left.
    async fn recorded(&self, step: Step) -> Result<Fingerprints, LegacyMigrationError> {
        let steps = self.target.steps().await?;
        let details = steps
            .get(step.name())
            .and_then(|state| state.details.as_ref());
        let tables = details.and_then(|details| details.get("tables")).cloned();
        Ok(tables
            .and_then(|tables| serde_json::from_value(tables).ok())
            .unwrap_or_default())
    }
}

fn details<T: Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

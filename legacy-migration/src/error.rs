//! Why a step of the migration did not go through. Nothing is half done after any of these: the step can be
//! run again.

use crate::steps::Step;

/// Why a step failed or was refused.
#[derive(Debug, thiserror::Error)]
pub enum LegacyMigrationError {
    /// The URL of the legacy database names none, or is none.
    #[error("the legacy database's URL has to be mysql://user:password@host/database")]
    SourceUrl,
    /// The legacy database refused, or is away.
    #[error("the legacy database")]
    Source(#[source] sqlx::Error),
    /// The new database refused, or is away.
    #[error("the database of the schema payment or main")]
    Target(#[source] sqlx::Error),
    /// Another process is at it.
    #[error(
        "another migrate-legacy is at work, or one that was killed is not yet forgotten by the database"
    )]
    Busy,
    /// The legacy schema is not the documented one. Nothing was touched.
    #[error("the legacy schema is not the documented one: {}", .differences.join("; "))]
    Shape {
        /// What differs, a line each.
        differences: Vec<String>,
    },
    /// A step that has to come first has not.
    #[error("{step} comes after {needs}; run `migrate-legacy {needs}` first")]
    NotYet {
        /// What was asked for.
        step: Step,
        /// What has to be done before.
        needs: Step,
    },
    /// The source is no longer what it was when it was backed up or verified.
    #[error(
        "{table} has changed since {since}: stop its writers, then `migrate-legacy back --to start` and begin again"
    )]
    SourceChanged {
        /// Which table.
        table: String,
        /// Since which step.
        since: Step,
    },
    /// A backup is not the same as its table.
    #[error("{table} is not the same as its backup; is somebody still writing?")]
    BackupDiffers {
        /// Which table.
        table: String,
    },
    /// The server cannot look at a row as a whole.
    #[error("a row of {table} is larger than the legacy server's max_allowed_packet; raise it")]
    TooLarge {
        /// Which table.
        table: String,
    },
    /// Both sides were counted, and do not agree.
    #[error("the two sides differ: {}", .mismatches.join("; "))]
    Mismatch {
        /// What differs, a line each; the first ones.
        mismatches: Vec<String>,
    },
    /// Something else of the legacy database would break.
    #[error("these depend on the payment tables and would break: {}", .dependents.join("; "))]
    Blocked {
        /// What, by kind and name.
        dependents: Vec<String>,
    },
    /// A way back would lose what was written after the copy.
    #[error(
        "{rows} rows were written to the new schema after the copy and the legacy tables do not have them; \
         `--accept-newer` goes back nevertheless"
    )]
    Newer {
        /// How many.
        rows: i64,
    },
    /// What the source sent is not what the driver announced.
    #[error("the legacy database sent {what} that cannot be read")]
    Unreadable {
        /// What it was.
        what: String,
    },
}

impl LegacyMigrationError {
    /// A stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SourceUrl => "LEGACY_URL",
            Self::Source(_) => "LEGACY_DATABASE",
            Self::Target(_) => "TARGET_DATABASE",
            Self::Busy => "BUSY",
            Self::Shape { .. } => "LEGACY_SHAPE",
            Self::NotYet { .. } => "NOT_YET",
            Self::SourceChanged { .. } => "SOURCE_CHANGED",
            Self::BackupDiffers { .. } => "BACKUP_DIFFERS",
            Self::TooLarge { .. } => "ROW_TOO_LARGE",
            Self::Mismatch { .. } => "MISMATCH",
            Self::Blocked { .. } => "BLOCKED",
            Self::Newer { .. } => "NEWER_ROWS",
            Self::Unreadable { .. } => "UNREADABLE",
        }
    }
}

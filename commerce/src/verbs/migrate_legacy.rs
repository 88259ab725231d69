//! `commerce migrate-legacy`: a legacy MySQL database's payments into the schema `payment`, step by step.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use legacy_migration::{LegacyMigration, Progress, Settings, Step};
use platform::config::Env;
use sqlx::mysql::MySqlConnectOptions;

use crate::config::LegacyConfig;
use crate::database;
use crate::error::CommerceError;
use crate::output::say;

/// How often a long step shows how far it is.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A step, or what goes with the steps.
#[derive(Debug, Args)]
pub(crate) struct MigrateLegacyArgs {
    #[command(subcommand)]
    what: What,
    /// Also write the report to this file, as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Subcommand)]
enum What {
    /// Copy the three legacy tables to backup_… tables beside them, and compare.
    BackUp,
    /// Name everything that depends on the legacy tables.
    Check,
    /// Drop the foreign keys that point at them, and keep how they are made.
    DropForeignKeys,
    /// Copy every row over, or say why not. Goes on where it was.
    Copy,
    /// Count and sum both sides, group by group.
    Verify,
    /// From now on the new schema counts.
    Switch,
    /// Drop the legacy views and tables. Never before both sides agree.
    Drop,
    /// Every step that is not done, in order.
    All {
        /// Stop after this one.
        #[arg(long, default_value = "drop")]
        until: Step,
    },
    /// Take back every step after one.
    Back {
        /// The last step that stays: start, back-up, check, drop-foreign-keys, copy, verify or switch.
        #[arg(long)]
        to: Step,
        /// Also when the new schema has rows that the legacy tables do not.
        #[arg(long)]
        accept_newer: bool,
    },
    /// Only show what was done.
    Report,
}

impl What {
    fn steps(self) -> Vec<Step> {
        match self {
            Self::BackUp => vec![Step::BackUp],
            Self::Check => vec![Step::Check],
            Self::DropForeignKeys => vec![Step::DropForeignKeys],
            Self::Copy => vec![Step::Copy],
            Self::Verify => vec![Step::Verify],
            Self::Switch => vec![Step::Switch],
            Self::Drop => vec![Step::Drop],
            Self::All { until } => Step::ALL.into_iter().filter(|s| *s <= until).collect(),
            Self::Back { .. } | Self::Report => Vec::new(),
        }
    }
}

/// Does it, and shows the report.
pub(crate) async fn run(args: MigrateLegacyArgs) -> Result<ExitCode, CommerceError> {
    let mut migration = open().await?;
    let outcome = work(&mut migration, args.what).await;
    // The report is shown also when a step was refused: it says where things stand.
    let report = migration.report().await?;
    say(&report);
    if let Some(file) = args.json {
        let json = serde_json::to_string_pretty(&report).unwrap_or_default();
        std::fs::write(&file, json).map_err(|source| CommerceError::File {
            file: file.display().to_string(),
            source,
        })?;
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn work(migration: &mut LegacyMigration, what: What) -> Result<(), CommerceError> {
    for step in what.steps() {
        let started = Instant::now();
        if migration.run(step).await? {
            say(format_args!("{step}: done in {:.1?}", started.elapsed()));
        } else {
            say(format_args!("{step}: was done before, nothing to do"));
        }
    }
    if let What::Back { to, accept_newer } = what {
        migration.back(to, accept_newer).await?;
        say(format_args!("everything after {to} is taken back"));
    }
    Ok(())
}

async fn open() -> Result<LegacyMigration, CommerceError> {
    let config = Env::process().read(LegacyConfig::read)?;
    let legacy = MySqlConnectOptions::from_str(config.legacy_url.reveal())
        .map_err(|source| CommerceError::LegacyUrl { source })?;
    let payment = database::options("PAYMENT_DATABASE_URL", &config.payment_url)?;
    let main = database::options("MAIN_SERVICE_DATABASE_URL", &config.main_service_url)?;
    let settings = Settings {
        batch_rows: config.batch_rows,
        statement_timeout: config.statement_timeout,
        utc_offset: config.utc_offset,
    };
    Ok(LegacyMigration::open(legacy, payment, main, settings, tell()).await?)
}

/// A line now and then.
fn tell() -> impl FnMut(Progress) + Send + 'static {
    let mut said = Instant::now();
    move |progress: Progress| {
        if said.elapsed() >= LINE_INTERVAL {
            said = Instant::now();
            let Progress { doing, what, rows } = progress;
            say(format_args!("  {doing} {what}: {rows} rows"));
        }
    }
}

//! `commerce rebuild`.

use std::process::ExitCode;

use event_store::{EventLog, StoreConfig};
use payment_ledger::Ledger;
use platform::config::Env;
use platform::shutdown::CancellationToken;
use sqlx::PgPool;

use crate::config::OwnerConfig;
use crate::database;
use crate::error::CommerceError;
use crate::meter::Meter;
use crate::output::say;

/// What is to be done with a projection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    /// Built anew; switched to even when it differs from the live one, if so accepted.
    Anew { accept_differences: bool },
    /// Switched back to the one before.
    Back,
    /// Its parked events replayed.
    Parked,
}

/// Does it.
pub(crate) async fn run(projection: &str, how: How) -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(OwnerConfig::read)?;
    let owner = database::verb_pool("OWNER_DATABASE_URL", &config.owner_url).await?;
    let app = database::verb_pool("DATABASE_URL", &config.app_url).await?;
    let stop = CancellationToken::new();
    let log = EventLog::open(app.clone(), &StoreConfig::default(), stop.clone())
        .await
        .map_err(|source| CommerceError::NotMigrated { source })?;
    if let Some(ledger) = Ledger::named(projection) {
        ledger_anew(&config, &owner, &log, ledger, how).await?;
        stop.cancel();
        return Ok(ExitCode::SUCCESS);
    }
    match how {
        How::Anew { accept_differences } => {
            anew(&owner, &app, &log, projection, accept_differences).await?;
        }
        How::Back => {
            let report = projections::switch_back(&owner, &app, &log, projection).await?;
            let (live, previous, position) = (report.live, report.previous, report.position);
            say(format_args!(
                "{projection}: generation {live} answers again, at position {position}; {previous} is kept"
            ));
        }
        How::Parked => {
            let report = projections::retry_parked(&app, &log, projection).await?;
            let (replayed, parked) = (report.replayed, report.parked);
            say(format_args!(
                "{projection}: {replayed} events replayed, {parked} still parked"
            ));
        }
    }
    stop.cancel();
    Ok(ExitCode::SUCCESS)
}

/// A part of the payment ledger: it has no generations, so there is no way back, and nothing of it is ever parked.
async fn ledger_anew(
    config: &OwnerConfig,
    owner: &PgPool,
    log: &EventLog,
    ledger: Ledger,
    how: How,
) -> Result<(), CommerceError> {
    let name = ledger.name();
    match how {
        How::Anew { .. } => {}
        How::Back | How::Parked => return Err(CommerceError::NoGenerations { ledger: name }),
    }
    let service = database::ledger_pool(config, owner, ledger).await?;
    let mut meter = Meter::new("rebuilding");
    let on_progress = |position, head| meter.at(position, head);
    let rebuilt = payment_ledger::rebuild(&service, log, ledger, on_progress).await?;
    drop(meter);
    let (events, position, schema) = (rebuilt.events, rebuilt.position, ledger.schema());
    say(format_args!(
        "{name}: the rows in {schema} are those of {events} events, at position {position}; those of the legacy \
         migration are as they were"
    ));
    Ok(())
}

async fn anew(
    owner: &PgPool,
    app: &PgPool,
    log: &EventLog,
    projection: &str,
    accept_differences: bool,
) -> Result<(), CommerceError> {
    let mut meter = Meter::new("rebuilding");
    let on_progress = |progress: projections::Progress| meter.at(progress.position, progress.head);
    let rebuilt =
        projections::rebuild(owner, app, log, projection, accept_differences, on_progress).await?;
    drop(meter);
    say(&rebuilt.comparison);
    let (live, previous, took) = (rebuilt.live, rebuilt.previous, rebuilt.took);
    say(format_args!(
        "{projection}: generation {live} answers now, built in {took:?}; {previous} is kept for a way back"
    ));
    Ok(())
}

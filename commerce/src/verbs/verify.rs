//! `commerce verify`.

use std::process::ExitCode;

use event_store::{EventLog, StoreConfig};
use platform::config::Env;
use platform::shutdown::CancellationToken;
use sqlx::PgPool;

use crate::config::OwnerConfig;
use crate::database;
use crate::error::CommerceError;
use crate::output::say;

/// Looks at everything that must hold; exit code 1 when something does not.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(OwnerConfig::read)?;
    let owner = database::owner_pool("OWNER_DATABASE_URL", &config.owner_url).await?;
    let app = database::owner_pool("DATABASE_URL", &config.app_url).await?;
    let stop = CancellationToken::new();
    let log = EventLog::open(app.clone(), &StoreConfig::default(), stop.clone())
        .await
        .map_err(|source| CommerceError::NotMigrated { source })?;
    let mut broken = verify_log(&owner).await?;
    let comparisons = projections::verify(&owner, &app, &log, None, |_| {}).await?;
    for comparison in comparisons {
        if !comparison.same_version {
            broken += 1;
            let name = comparison.projection;
            say(format_args!(
                "BROKEN  projection {name} was not compared: the live generation has the shape of another \
                 version of the program; `commerce rebuild {name}` makes one that can be"
            ));
        } else if comparison.is_same() {
            let name = comparison.projection;
            say(format_args!(
                "holds   projection {name} equals a fresh fold of the log"
            ));
        } else {
            broken += 1;
            say(format_args!("BROKEN  {comparison}"));
        }
    }
    stop.cancel();
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The log itself; returns how many findings there are.
async fn verify_log(owner: &PgPool) -> Result<usize, CommerceError> {
    let report = event_store::verify(owner).await?;
    say(format_args!("{} events", report.events));
    for finding in &report.findings {
        say(format_args!(
            "BROKEN  {}: {}",
            finding.invariant, finding.evidence
        ));
    }
    if report.findings.is_empty() {
        say("holds   positions are dense; every stream is dense; every event's command is stored");
        say("holds   every event's id is its own");
    }
    Ok(report.findings.len())
}

//! `commerce verify`.

use std::process::ExitCode;

use platform::config::Env;

use crate::config::OwnerConfig;
use crate::database;
use crate::error::CommerceError;
use crate::output::say;

/// Looks at everything that must hold; exit code 1 when something does not.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(OwnerConfig::read)?;
    let options = database::options("OWNER_DATABASE_URL", &config.owner_url)?;
    let pool = sqlx::PgPool::connect_with(options)
        .await
        .map_err(|source| CommerceError::DatabaseAway { variable: "OWNER_DATABASE_URL", source })?;
    let log = event_store::verify(&pool).await?;
    say(format_args!("{} events", log.events));
    let mut broken = 0;
    for finding in &log.findings {
        broken += 1;
        say(format_args!("BROKEN  {}: {}", finding.invariant, finding.evidence));
    }
    if log.findings.is_empty() {
        say("holds   positions are dense; every stream is dense; every event's command is stored");
    }
    for name in projections::names() {
        let comparison = projections::verify(&pool, name, &mut |_| {}).await?;
        for table in comparison.tables.iter().filter(|table| !table.is_equal()) {
            broken += 1;
            say(format_args!("BROKEN  {name} equals a fresh fold of the log: {table}"));
        }
        if comparison.is_equal() {
            say(format_args!("holds   {name} equals a fresh fold of the log"));
        }
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

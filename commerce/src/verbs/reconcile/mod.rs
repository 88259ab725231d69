//! `commerce reconcile`: a day of the shop's payments beside the company's own list of that day. It only looks.

mod books;
mod ours;
mod theirs;

use std::process::ExitCode;
use std::sync::Arc;

use chrono::NaiveDate;
use clap::Args;
use payment_gateways::{ExchangeLog, NoLog};
use platform::config::Env;

use super::NOT_CHECKED;
use crate::app;
use crate::config::{DatabaseConfig, GatewaysConfig};
use crate::database;
use crate::error::CommerceError;
use crate::output::say;
use books::Books;

/// What is to be compared.
#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// The gateway's name, as `toss`.
    #[arg(long)]
    company: String,
    /// The day, in Korea, as 2026-11-22.
    #[arg(long)]
    day: NaiveDate,
}

/// The most differences that are written out.
const LISTED_MAX: usize = 200;

/// Compares; exit code 1 when the two sides differ, [`NOT_CHECKED`] when the company has no list or did not give
/// it whole.
pub(crate) async fn run(args: ReconcileArgs) -> Result<ExitCode, CommerceError> {
    let ReconcileArgs { company, day } = args;
    let (database, gateways) =
        Env::process().read(|env| (DatabaseConfig::read(env), GatewaysConfig::read(env)))?;
    // It only asks for lists, and keeps none of them.
    let log: Arc<dyn ExchangeLog> = Arc::new(NoLog);
    let gateways = app::gateways(&gateways, &log)?;
    let Some(gateway) = gateways.get(&company) else {
        let known = gateways.names().collect::<Vec<_>>().join(", ");
        say(format!(
            "not checked: no gateway {company}; known are {known}"
        ));
        return Ok(ExitCode::from(NOT_CHECKED));
    };
    let pool = database::verb_pool("DATABASE_URL", &database.url).await?;
    let mut books = Books::default();
    // The company first: what it knows was asked for by an event that stands in the log by then.
    let read = theirs::read(gateway.as_ref(), day, &mut books).await;
    let read = match read {
        Ok(()) => ours::read(&pool, &company, day, &mut books).await?,
        Err(why) => Err(why),
    };
    if let Err(why) = read {
        say(format!("not checked: {why}"));
        return Ok(ExitCode::from(NOT_CHECKED));
    }
    let differences = books.differences();
    for difference in differences.iter().take(LISTED_MAX) {
        say(difference);
    }
    if differences.len() > LISTED_MAX {
        let more = differences.len() - LISTED_MAX;
        say(format!("… and {more} more"));
    }
    say(books.summary(&company, day, differences.len()));
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

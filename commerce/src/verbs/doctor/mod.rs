//! `commerce doctor`: what is wrong with the installation, and what to do about it. It only looks.

mod questions;
mod services;

use std::process::ExitCode;

use platform::config::Env;
use sqlx::PgConnection;

use crate::config::{OwnerConfig, read_keys};
use crate::database;
use crate::error::CommerceError;
use crate::output::say;
use crate::stream::StreamConfig;
use questions::{Part, QUESTIONS, Question};
use services::Services;

/// Asks all questions; exit code 1 when one has a trouble to tell.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let (config, stream, keys) = Env::process().read(|env| {
        let config = OwnerConfig::read(env);
        let keys = read_keys(env, config.payment_url.as_ref());
        (config, StreamConfig::read(env), keys)
    })?;
    let mut owner = database::connect("OWNER_DATABASE_URL", &config.owner_url).await?;
    let mut troubles = 0;
    for question in &QUESTIONS {
        if question.about == Part::Relay && !stream.is_set() {
            skip(question.asks, "KAFKA_BROKERS is not set");
            continue;
        }
        troubles += ask(&mut owner, question).await?;
    }
    let services = Services {
        payment_url: config.payment_url,
        main_service_url: config.main_service_url,
        keys,
    };
    troubles += services.ask(&mut owner).await?;
    Ok(if troubles == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn ask(owner: &mut PgConnection, question: &Question) -> Result<usize, CommerceError> {
    let troubles = answers(owner, "OWNER_DATABASE_URL", question.query).await?;
    Ok(tell(question.asks, &troubles, question.remedy))
}

/// The rows of a query: troubles, in words.
async fn answers(
    connection: &mut PgConnection,
    variable: &'static str,
    query: &str,
) -> Result<Vec<String>, CommerceError> {
    let rows = sqlx::query_scalar(query).fetch_all(connection).await;
    rows.map_err(unanswered(variable))
}

/// Why a database has no answer: it is away, or refuses.
fn unanswered(variable: &'static str) -> impl Fn(sqlx::Error) -> CommerceError {
    move |source| match source {
        sqlx::Error::Database(_) => CommerceError::DatabaseRefused { variable, source },
        source => CommerceError::DatabaseAway { variable, source },
    }
}

/// Says what came of a question, and how many troubles that are.
fn tell(asks: &str, troubles: &[String], remedy: &str) -> usize {
    if troubles.is_empty() {
        say(format_args!("ok       {asks}"));
        return 0;
    }
    say(format_args!("TROUBLE  {asks}"));
    for trouble in troubles {
        say(format_args!("           {trouble}"));
    }
    say(format_args!("         -> {remedy}"));
    troubles.len()
}

fn skip(asks: &str, why: &str) {
    say(format_args!("skipped  {asks}: {why}"));
}

//! Logs: JSON lines or text on standard error, filtered as `RUST_LOG` says.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::Env;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("the format is text or json"),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// How lines look.
    pub format: LogFormat,
    /// Which events are logged, in the syntax of `RUST_LOG`.
    pub filter: String,
}

impl TelemetryConfig {
    /// Reads it.
    pub fn read(env: &Env) -> Self {
        let filter = env.text(
            "RUST_LOG",
            "info",
            "Which events are logged, by level and module.",
        );
        if let Err(error) = EnvFilter::builder().parse(&filter) {
            env.invalid(
                "RUST_LOG",
                &format!("is not a filter: {error}"),
                "info,platform=debug",
            );
        }
        let format = env.parsed(
            "LOG_FORMAT",
            LogFormat::Text,
            "How log lines look: text or json.",
        );
        Self { format, filter }
    }
}

/// The logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error("RUST_LOG is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Sets the logs up. When something has set them up before, that stays: tests may call it again and
/// again.
///
/// # Errors
/// The filter does not parse.
pub fn init(config: &TelemetryConfig) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for terminals: in a file they stand between the words that one searches for.
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let set_up: Result<(), TryInitError> = match config.format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    if set_up.is_err() {
        tracing::trace!("the logs were set up before");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_may_be_set_up_twice_and_refuses_a_bad_filter_at_start() {
        let config = Env::of([("LOG_FORMAT", "json")])
            .read(TelemetryConfig::read)
            .expect("valid");
        assert_eq!(
            (config.format, config.filter.as_str()),
            (LogFormat::Json, "info")
        );
        init(&config).expect("the first time");
        init(&config).expect("the second time");

        let bad = Env::of([("RUST_LOG", "a=b=c"), ("LOG_FORMAT", "xml")]);
        let error = bad.read(TelemetryConfig::read).expect_err("two mistakes");
        assert_eq!(error.mistakes().len(), 2);
    }
}

//! `commerce token`.

use std::process::ExitCode;

use platform::auth::{MintConfig, Minter};
use platform::config::Env;

use crate::cli::hours;
use crate::error::CommerceError;
use crate::output::say;

/// Prints a development token, and nothing else.
pub(crate) fn run(
    role: platform::Role,
    subject: &str,
    life_hours: u64,
) -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(MintConfig::read)?;
    say(Minter::new(&config)?.mint(subject, &[role], hours(life_hours))?);
    Ok(ExitCode::SUCCESS)
}

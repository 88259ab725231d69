//! One file a verb.

mod migrate;
mod mock_gateway;
mod seed;
mod token;
mod verify;

use std::process::ExitCode;

use crate::cli::Verb;
use crate::error::CommerceError;

/// Does what was asked for.
pub(crate) async fn run(verb: Verb) -> Result<ExitCode, CommerceError> {
    match verb {
        Verb::Serve { roles } => crate::app::serve(&roles).await,
        Verb::Migrate => migrate::run().await,
        Verb::Token { role, subject, hours } => token::run(role, &subject, hours),
        Verb::Verify => verify::run().await,
        Verb::Seed => seed::run().await,
        Verb::Tour => crate::tour::run().await,
        Verb::MockGateway => mock_gateway::run().await,
    }
}

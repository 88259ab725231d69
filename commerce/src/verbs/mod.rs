//! One file a verb.

mod doctor;
mod migrate;
mod migrate_legacy;
mod mock_gateway;
mod rebuild;
mod reconcile;
mod seed;
mod token;
mod verify;

use std::process::ExitCode;

use crate::cli::Verb;
use crate::error::CommerceError;
pub(crate) use migrate_legacy::MigrateLegacyArgs;
use rebuild::How;
pub(crate) use reconcile::ReconcileArgs;
pub(crate) use verify::VerifyArgs;

/// The exit code when nothing was found, and something could not be looked at.
const NOT_CHECKED: u8 = 3;

/// Does what was asked for.
pub(crate) async fn run(verb: Verb) -> Result<ExitCode, CommerceError> {
    match verb {
        Verb::Serve { roles } => crate::app::serve(&roles).await,
        Verb::Migrate => migrate::run().await,
        Verb::MigrateLegacy(args) => migrate_legacy::run(args).await,
        Verb::Token {
            role,
            subject,
            hours,
        } => token::run(role, &subject, hours),
        Verb::Doctor => doctor::run().await,
        Verb::Rebuild {
            projection,
            back: true,
            ..
        } => rebuild::run(&projection, How::Back).await,
        Verb::Rebuild {
            projection,
            parked: true,
            ..
        } => rebuild::run(&projection, How::Parked).await,
        Verb::Rebuild {
            projection,
            accept_differences,
            ..
        } => rebuild::run(&projection, How::Anew { accept_differences }).await,
        Verb::Verify(args) => verify::run(args).await,
        Verb::Reconcile(args) => reconcile::run(args).await,
        Verb::Seed => seed::run().await,
        Verb::Tour => crate::tour::run().await,
        Verb::Replay { file, shoppers } => crate::replay::run(&file, shoppers).await,
        Verb::MockGateway => mock_gateway::run().await,
    }
}

//! The composition root: the one place where the roles are put together and concrete types are named.
//! `commerce serve` runs it, and so do the tests of whole processes.

mod gateways;
mod health;
mod opening;
mod roles;
mod service_pools;
mod vault;
mod webhooks;

use std::process::ExitCode;

use platform::config::Env;
use platform::{shutdown, telemetry};

pub(crate) use self::gateways::gateways;
use crate::cli::Role;
use crate::config::ServeConfig;
use crate::error::CommerceError;

/// Runs these roles until a signal, and ends them in order.
pub(crate) async fn serve(roles: &[Role]) -> Result<ExitCode, CommerceError> {
    // Before anything else: whoever is told to end while it starts ends in order too.
    let stop = shutdown::on_signal().map_err(CommerceError::Signals)?;
    let config = Env::process().read(ServeConfig::read)?;
    telemetry::init(&config.telemetry)?;
    if let Some(app) = roles::App::start(config, roles, stop).await? {
        app.run().await?;
    }
    Ok(ExitCode::SUCCESS)
}

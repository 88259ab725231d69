//! `commerce mock-gateway`.

use std::process::ExitCode;

use payment_gateways::mock::server::{self, MockServerConfig};
use platform::config::{Env, Secret};
use platform::{shutdown, telemetry};

use crate::config::MockServerSettings;
use crate::error::CommerceError;

/// Serves until a signal.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let (settings, logs) = Env::process().read(|env| {
        (
            MockServerSettings::read(env),
            telemetry::TelemetryConfig::read(env),
        )
    })?;
    telemetry::init(&logs)?;
    let stop = shutdown::on_signal().map_err(CommerceError::Signals)?;
    let addr = settings.addr;
    let defaults = MockServerConfig::default();
    let key = |given: Option<Secret>, own: &str| {
        given.map_or_else(|| own.to_owned(), |key| key.reveal().to_owned())
    };
    let config = MockServerConfig {
        ledger_file: settings.ledger_file,
        toss_security_key: key(settings.toss_security_key, &defaults.toss_security_key),
        nice_secret_key: key(settings.nice_secret_key, &defaults.nice_secret_key),
        ..defaults
    };
    let mock = server::serve(addr, config, stop)
        .await
        .map_err(|source| CommerceError::MockGateway { addr, source })?;
    tracing::info!(service.addr = %mock.addr(), "the mock gateway listens on {}", mock.addr());
    mock.stopped().await?;
    Ok(ExitCode::SUCCESS)
}

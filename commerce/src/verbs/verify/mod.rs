//! `commerce verify`: looks at everything that must hold, while the shop runs.

mod gate;
mod ledger;
mod ledger_tables;
mod log;
mod read_models;
mod report;
mod stream;

use std::process::ExitCode;

use auditor::Pass;
use clap::Args;
use command_api::CouponGateConfig;
use event_store::{EventLog, StoreConfig};
use invariants::Invariant;
use platform::config::Env;
use platform::shutdown::CancellationToken;
use projections::relay::RelayConfig;
use sqlx::PgPool;

use super::NOT_CHECKED;
use crate::config::{OwnerConfig, read_relay};
use crate::database;
use crate::error::CommerceError;
use report::Report;

/// What is to be verified.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Only these invariants, separated by commas; all of them when not given.
    #[arg(long, value_delimiter = ',', value_parser = invariant, value_name = "NAME")]
    only: Vec<Invariant>,
    /// The mock gateway whose ledger the payments are compared with.
    #[arg(long, value_name = "URL", env = "MOCK_GATEWAY_URL")]
    ledger: Option<String>,
}

fn invariant(name: &str) -> Result<Invariant, String> {
    Invariant::named(name).ok_or_else(|| {
        let names = Invariant::ALL.map(Invariant::name).join(", ");
        format!("one of {names}")
    })
}

/// What the checks work with.
struct Verification {
    only: Vec<Invariant>,
    ledger: Option<String>,
    gate: CouponGateConfig,
    relay: Option<RelayConfig>,
    config: OwnerConfig,
    owner: PgPool,
    app: PgPool,
    log: EventLog,
}

/// Looks at everything; exit code 1 when something does not hold, [`NOT_CHECKED`] when something could not be
/// looked at.
pub(crate) async fn run(args: VerifyArgs) -> Result<ExitCode, CommerceError> {
    let (config, gate, relay) = Env::process().read(|env| {
        (
            OwnerConfig::read(env),
            CouponGateConfig::read(env),
            read_relay(env),
        )
    })?;
    let owner = database::verb_pool("OWNER_DATABASE_URL", &config.owner_url).await?;
    let app = database::verb_pool("DATABASE_URL", &config.app_url).await?;
    let stop = CancellationToken::new();
    let log = EventLog::open(app.clone(), &StoreConfig::default(), stop.clone())
        .await
        .map_err(|source| CommerceError::NotMigrated { source })?;
    let verification = Verification {
        only: args.only,
        ledger: args.ledger,
        gate,
        relay,
        config,
        owner,
        app,
        log,
    };
    let mut report = Report::default();
    let looked = verification.run(&mut report).await;
    stop.cancel();
    // What was found before an error is said all the same.
    report.print();
    looked?;
    Ok(if report.is_broken() {
        ExitCode::FAILURE
    } else if report.is_partial() {
        ExitCode::from(NOT_CHECKED)
    } else {
        ExitCode::SUCCESS
    })
}

impl Verification {
    async fn run(&self, report: &mut Report) -> Result<(), CommerceError> {
        if self.wants_any(&Invariant::OF_THE_LOG) || self.wants(Invariant::GatewayLedger) {
            let mut pass = log::pass(self).await?;
            if self.wants(Invariant::GatewayLedger) {
                ledger::check(self, &mut pass, report).await?;
            }
            if self.wants(Invariant::Coupons) {
                gate::check(self, &self.gate, &mut pass, report).await?;
            }
            self.report_pass(&pass, report);
        }
        if self.wants(Invariant::Snapshots) {
            read_models::check_snapshots(self, report).await?;
        }
        if self.wants(Invariant::Projections) {
            read_models::check(self, report).await?;
        }
        if self.wants(Invariant::Kafka) {
            stream::check(self, self.relay.as_ref(), report).await;
        }
        Ok(())
    }

    fn report_pass(&self, pass: &Pass, report: &mut Report) {
        let events = pass.shop().position();
        for invariant in Invariant::OF_THE_LOG {
            if !self.wants(invariant) {
                continue;
            }
            match pass.findings().of(invariant) {
                Some(finding) => report.broken(
                    invariant,
                    finding.count,
                    finding.violations.iter().map(ToString::to_string),
                ),
                None if invariant == Invariant::SagasEnd => {
                    report.holds(
                        invariant,
                        format!("{} wait for a person", pass.parked().len()),
                    );
                }
                None => report.holds(invariant, format!("all events up to {events}")),
            }
        }
        for (stream, why) in pass.parked() {
            report.note(format!("{stream} waits for a person: {why}"));
        }
    }

    fn wants(&self, invariant: Invariant) -> bool {
        self.only.is_empty() || self.only.contains(&invariant)
    }

    fn wants_any(&self, invariants: &[Invariant]) -> bool {
        invariants.iter().any(|invariant| self.wants(*invariant))
    }
}

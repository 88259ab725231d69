//! Putting the roles together, and taking them apart in order.

use std::sync::Arc;
use std::time::Duration;

use auditor::AuditorStatus;
use command_api::{CommandApi, CouponGate, Parts};
use event_schemas::Registry;
use event_store::{EventLog, EventStore, StoreConfig};
use payment_gateways::{ExchangeLog, Gateways, NoLog};
use payment_ledger::LedgerConfig;
use payment_vault::KeySafe;
use platform::auth::Verifier;
use platform::health::Health;
use platform::http::{self, HttpConfig, RunningServer, Service};
use platform::shutdown::{CancellationToken, drain};
use processes::{Processes, SystemClock};
use read_api::{ReadApi, SchemaRegistry};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use utoipa_actix_web::service_config::ServiceConfig;

use super::gateways::gateways;
use super::health::{with_auditor, with_gateways, with_kafka, with_postgres};
use super::opening::when_there;
use super::service_pools;
use super::vault::{key_safe, with_safe};
use super::webhooks::ByAdapters;
use crate::cli::Role;
use crate::config::ServeConfig;
use crate::database;
use crate::error::CommerceError;

/// What may still be under way in a front (an HTTP request, a saga's step) after the signal.
const FRONTS_LIMIT: Duration = Duration::from_secs(7);
/// What may still be under way behind them: the whole program has 10 s.
const BACKS_LIMIT: Duration = Duration::from_secs(2);

/// The roles of this process, running.
pub(super) struct App {
    servers: Vec<RunningServer>,
    /// Need the store to finish what they took: they end before it.
    fronts: Vec<Running>,
    /// Follow the log: they end after whatever writes it.
    backs: Vec<Running>,
    stop_fronts: CancellationToken,
    stop_backs: CancellationToken,
    /// What the auditor finds, where it is a role of this process.
    auditor: Option<AuditorStatus>,
    /// What the processes call, where they are a role of this process.
    gateways: Option<Gateways>,
    /// As the payment service: for everything of this process but the queries, whose sessions have limits of their own.
    payment: Option<PgPool>,
}

struct Running {
    role: &'static str,
    task: JoinHandle<()>,
}

impl App {
    /// Starts these roles as soon as the database is there; `None` when the stop comes first.
    pub(super) async fn start(
        config: ServeConfig,
        roles: &[Role],
        stop: CancellationToken,
    ) -> Result<Option<Self>, CommerceError> {
        let mut app = Self {
            servers: Vec::new(),
            fronts: Vec::new(),
            backs: Vec::new(),
            stop_fronts: stop,
            stop_backs: CancellationToken::new(),
            auditor: roles.contains(&Role::Auditor).then(AuditorStatus::default),
            gateways: None,
            payment: service_pools::payment(&config.database)?,
        };
        let pool = database::pool("DATABASE_URL", &config.database.url, &config.database)?;
        let has = |role| roles.contains(&role);
        let log = if has(Role::CommandApi) || has(Role::Processes) {
            app.start_writers(&config, roles, pool.clone()).await?
        } else {
            let (settings, stop) = (StoreConfig::default(), app.stop_backs.clone());
            let open = async || EventLog::open(pool.clone(), &settings, stop.clone()).await;
            when_there(&app.stop_fronts, open).await?
        };
        let Some(log) = log else { return Ok(None) };
        if has(Role::Projections) {
            let task = projections::start(
                pool.clone(),
                log.clone(),
                config.projections.clone(),
                app.stop_backs.clone(),
            );
            app.backs.push(Running {
                role: "projections",
                task,
            });
        }
        if has(Role::Relay) {
            app.start_relay(&config, pool.clone(), log.clone());
        }
        if has(Role::PaymentLedger) {
            app.start_payment_ledger(log.clone());
        }
        if has(Role::OrderPayments) {
            app.start_order_payments(&config, log.clone())?;
        }
        app.start_auditor(&config, pool.clone(), log);
        if has(Role::ReadApi) {
            app.start_read_api(&config)?;
        }
        if !has(Role::CommandApi) && !has(Role::ReadApi) {
            app.start_ops(&config, pool)?;
        }
        Ok(Some(app))
    }

    /// Starts what writes to the log, on one store.
    async fn start_writers(
        &mut self,
        config: &ServeConfig,
        roles: &[Role],
        pool: PgPool,
    ) -> Result<Option<EventLog>, CommerceError> {
        let stop = self.stop_backs.clone();
        let open =
            async || EventStore::open(pool.clone(), StoreConfig::default(), stop.clone()).await;
        let Some(store) = when_there(&self.stop_fronts, open).await? else {
            return Ok(None);
        };
        let gateways = gateways(&config.gateways, &self.start_exchange_log())?;
        let safe = key_safe(config, self.payment.as_ref());
        // Only who calls them knows how they are.
        self.gateways = roles.contains(&Role::Processes).then(|| gateways.clone());
        if roles.contains(&Role::CommandApi) {
            self.start_command_api(config, store.clone(), &gateways, safe.clone())?;
        }
        if roles.contains(&Role::Processes) {
            let task = Processes::start(
                store.clone(),
                gateways,
                safe,
                config.processes.clone(),
                Arc::new(SystemClock),
                self.stop_fronts.clone(),
            )?;
            self.fronts.push(Running {
                role: "processes",
                task,
            });
        }
        Ok(Some(store.log().clone()))
    }

    /// Keeps the exchanges with gateways, where it is said in which database.
    fn start_exchange_log(&mut self) -> Arc<dyn ExchangeLog> {
        let Some(pool) = self.payment.clone() else {
            tracing::warn!("PAYMENT_DATABASE_URL is not set: exchanges with gateways are not kept");
            return Arc::new(NoLog);
        };
        let (log, task) = payment_ledger::keep_exchanges(pool, self.stop_backs.clone());
        self.backs.push(Running {
            role: "exchange-log",
            task,
        });
        Arc::new(log)
    }

    fn start_command_api(
        &mut self,
        config: &ServeConfig,
        store: EventStore,
        gateways: &Gateways,
        safe: Option<Arc<dyn KeySafe>>,
    ) -> Result<(), CommerceError> {
        let names = gateways.names().map(str::to_owned).collect();
        let names = command_api::Gateways::new(names, gateways.default_name().to_owned())?;
        let api = CommandApi::start(
            Parts {
                gate: CouponGate::new(&config.gate, store.clone())?,
                store,
                gateways: with_safe(names, config.vault_keys.as_ref(), safe)
                    .with_webhooks(Arc::new(ByAdapters(gateways.clone()))),
                config: config.commands.clone(),
            },
            self.stop_backs.clone(),
        );
        let service = Service {
            name: "command-api",
            document: CommandApi::document(),
            health: Arc::new(with_gateways(
                with_auditor(
                    with_kafka(api.add_checks(Health::new()), config.relay.as_ref())?,
                    self.auditor.as_ref(),
                ),
                self.gateways.as_ref(),
            )),
            verifier: Some(Arc::new(Verifier::new(&config.auth)?)),
        };
        let routes = move |routes: &mut ServiceConfig<'_>| api.configure(routes);
        self.serve(&config.command_http, service, routes)
    }

    fn start_read_api(&mut self, config: &ServeConfig) -> Result<(), CommerceError> {
        let (url, database) = (&config.database.read_url, &config.database);
        let pool = database::pool("READ_DATABASE_URL", url, database)?;
        let mut api = ReadApi::new(pool, config.queries.clone(), schema_registry()?);
        if let Some(payment) = service_pools::payment_queries(database)? {
            api = api.with_payment_service(payment, &config.queries);
        }
        let service = Service {
            name: "read-api",
            document: ReadApi::document(),
            health: Arc::new(api.add_checks(Health::new())),
            verifier: Some(Arc::new(Verifier::new(&config.auth)?)),
        };
        let routes = move |routes: &mut ServiceConfig<'_>| api.configure(routes);
        self.serve(&config.read_http, service, routes)
    }

    fn start_relay(&mut self, config: &ServeConfig, pool: PgPool, log: EventLog) {
        let Some(relay) = config.relay.clone() else {
            tracing::warn!("KAFKA_BROKERS is not set: events wait as PENDING");
            return;
        };
        let task = projections::relay::start(pool, log, relay, self.stop_backs.clone());
        self.backs.push(Running {
            role: "relay",
            task,
        });
    }

    fn start_payment_ledger(&mut self, log: EventLog) {
        let Some(pool) = self.payment.clone() else {
            tracing::warn!("PAYMENT_DATABASE_URL is not set: payment.transactions is not kept");
            return;
        };
        let (limits, stop) = (LedgerConfig::default(), self.stop_backs.clone());
        self.backs.push(Running {
            role: "payment-ledger",
            task: payment_ledger::keep_transactions(pool, log, limits, stop),
        });
    }

    fn start_order_payments(
        &mut self,
        config: &ServeConfig,
        log: EventLog,
    ) -> Result<(), CommerceError> {
        let Some(pool) = service_pools::main_service(&config.database)? else {
            tracing::warn!("MAIN_SERVICE_DATABASE_URL is not set: main.payment_states is not kept");
            return Ok(());
        };
        let (limits, stop) = (LedgerConfig::default(), self.stop_backs.clone());
        for keep in [
            payment_ledger::keep_order_payments,
            payment_ledger::keep_user_methods,
        ] {
            let (pool, log, limits) = (pool.clone(), log.clone(), limits.clone());
            self.backs.push(Running {
                role: "order-payments",
                task: keep(pool, log, limits, stop.clone()),
            });
        }
        Ok(())
    }

    fn start_auditor(&mut self, config: &ServeConfig, pool: PgPool, log: EventLog) {
        let Some(status) = self.auditor.clone() else {
            return;
        };
        let (config, stop) = (config.auditor.clone(), self.stop_backs.clone());
        let task = auditor::start(pool, log, config, status, stop);
        self.backs.push(Running {
            role: "auditor",
            task,
        });
    }

    /// Health and metrics of a process that serves no API.
    fn start_ops(&mut self, config: &ServeConfig, pool: PgPool) -> Result<(), CommerceError> {
        let health = with_postgres(Health::new(), pool);
        let health = with_kafka(health, config.relay.as_ref())?;
        let health = with_auditor(health, self.auditor.as_ref());
        let health = Arc::new(with_gateways(health, self.gateways.as_ref()));
        let service = Service::new("ops", "Health and metrics", health);
        self.serve(&config.ops.0, service, |_: &mut ServiceConfig<'_>| {})
    }

    fn serve<F>(
        &mut self,
        config: &HttpConfig,
        service: Service,
        routes: F,
    ) -> Result<(), CommerceError>
    where
        F: Fn(&mut ServiceConfig<'_>) + Clone + Send + 'static,
    {
        let shutdown_timeout = config.shutdown_timeout.min(FRONTS_LIMIT);
        let config = HttpConfig {
            shutdown_timeout,
            ..config.clone()
        };
        self.servers.push(http::serve(
            &config,
            service,
            self.stop_fronts.clone(),
            routes,
        )?);
        Ok(())
    }

    /// Runs until the signal, then ends the fronts, then what they stood on. A role that ends by itself
    /// is a defect: the others are ended in order, and the program says so.
    pub(super) async fn run(self) -> Result<(), CommerceError> {
        let stop = self.stop_fronts.clone();
        let mut ended = None;
        let tasks = self.fronts.iter().chain(&self.backs);
        let watched: Vec<_> = tasks
            .map(|one| (one.role, one.task.abort_handle()))
            .collect();
        tokio::select! {
            () = stop.cancelled() => {}
            role = ended_by_itself(&watched, &stop) => {
                ended = Some(role);
                stop.cancel();
            }
            // Nobody else cancels it before the fronts have ended: the store's loop did, which cannot go on.
            () = self.stop_backs.cancelled() => {
                ended = Some("event-store");
                stop.cancel();
            }
        }
        self.end().await?;
        ended.map_or(Ok(()), |role| Err(CommerceError::Stopped { role }))
    }

    async fn end(self) -> Result<(), CommerceError> {
        let (servers, fronts) = (self.servers, self.fronts);
        let ending_fronts = async move {
            for server in servers {
                server.stopped().await?;
            }
            join(fronts).await;
            Ok::<_, CommerceError>(())
        };
        // A second more than each of them takes at most by itself.
        let limit = FRONTS_LIMIT + Duration::from_secs(1);
        match drain("the requests under way", limit, ending_fronts).await {
            Ok(ended) => ended?,
            Err(late) => tracing::warn!(error = %late, "{late}; their repeats will be recognised"),
        }
        self.stop_backs.cancel();
        if let Err(late) = drain(
            "the projections and the relay",
            BACKS_LIMIT,
            join(self.backs),
        )
        .await
        {
            tracing::warn!(error = %late, "{late}; they go on where their checkpoints are");
        }
        tracing::info!("commerce has stopped");
        Ok(())
    }
}

async fn join(running: Vec<Running>) {
    for Running { role, task } in running {
        if let Err(error) = task.await {
            tracing::error!(role, error = %error, "{role} ended badly");
        }
    }
}

/// The first role that is no longer running though nobody has told it to end; for ever when there is none to watch.
/// One that was told may have ended by the time that anybody looks.
async fn ended_by_itself(
    watched: &[(&'static str, tokio::task::AbortHandle)],
    stop: &CancellationToken,
) -> &'static str {
    /// How often the tasks are looked at.
    const LOOK_INTERVAL: Duration = Duration::from_millis(250);
    loop {
        let ended = watched.iter().find(|(_, task)| task.is_finished());
        if let Some((role, _)) = ended.filter(|_| !stop.is_cancelled()) {
            return role;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The embedded schema registry, for `read-api` to mount: it may not know `event-schemas` itself.
fn schema_registry() -> Result<SchemaRegistry, CommerceError> {
    let registry = Registry::embedded().map_err(CommerceError::Schemas)?;
    Ok(SchemaRegistry {
        path_roots: &event_schemas::PATH_ROOTS,
        content_type: event_schemas::CONTENT_TYPE,
        answer: Arc::new(|method, segments, body| registry.answer(method, segments, body)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A standby ends at once when it is told to: whoever looked just then said that it had ended by itself.
    #[tokio::test]
    async fn a_role_that_was_told_to_end_has_not_ended_by_itself() {
        let task = tokio::spawn(async {});
        let watched = [("processes", task.abort_handle())];
        task.await.expect("it ends");
        let stop = CancellationToken::new();
        assert_eq!(ended_by_itself(&watched, &stop).await, "processes");
        stop.cancel();
        let told = ended_by_itself(&watched, &stop);
        let looked = tokio::time::timeout(Duration::from_millis(600), told).await;
        assert!(looked.is_err(), "{looked:?}");
    }
}

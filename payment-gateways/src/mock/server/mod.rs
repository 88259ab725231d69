//! The mock company's server: a gateway that behaves, and misbehaves, on demand.
//!
//! | call | does |
//! | --- | --- |
//! | `POST /v1/payments/confirm` (`Idempotency-Key`: the payment's id) | charges |
//! | `GET /v1/payments/{paymentId}` | what became of a payment |
//! | `GET /v1/orders/{orderId}/payments` | all payments of an order |
//! | `POST /v1/payments/{paymentId}/refunds` (`Idempotency-Key`: the refund's id) | gives back |
//! | `GET /ledger?after&size` | every charge, decline and refund, in order |
//! | `GET`, `POST`, `DELETE /faults` | how the next calls behave, whoever makes them |
//! | `POST /extras` · `DELETE /extras` | fields that all companies' answers have besides, until taken away |
//! | `POST /webhooks` · `DELETE /webhooks` | whom to tell about each change, and how often |
//! | `POST /webhooks/forgeries` | tells something that did not happen, signed or not |
//! | `GET`, `POST /clock` | the one clock of all companies; it can be moved ahead |
//! | `POST /deposits` · `POST /deposits/errors` | a buyer pays into an account; the bank takes it back |
//! | `/toss/…` ([`toss`]) · `/nice/…` ([`nice`]) | two companies as they are, with pages for the browser ([`checkout`]) |
//! | `GET /health/live` · `GET /health/ready` | whether it lives; whether it can charge |
//!
//! How a call behaves is said by its `X-Mock-Behaviour` header, else by the first fault left for it, else by the
//! prefix of its token ([`behaviour`]); `X-Mock-Delay-Ms` or the fault's `delayMs` holds it up before anything is done.
//! A key that is on the ledger is answered from the ledger. What has begun is finished even when the client
//! goes away meanwhile, as at any real gateway.

mod behaviour;
mod checkout;
mod clock;
mod company;
mod connection;
mod control;
mod extras;
mod faults;
mod ledger;
mod manner;
mod nice;
mod payments;
mod records;
mod refusal;
mod replies;
mod state;
mod toss;
mod views;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::clock::MockClock;
pub use self::company::Company;
use self::ledger::Ledger;
use self::refusal::Refusal;
use self::state::MockState;
pub use self::webhooks::WebhookTarget;
use self::webhooks::Webhooks;
use crate::error::PaymentGatewaysError;

/// How long a call that is never answered is held before its connection is closed: longer than any client's
/// deadline, so that clients meet their own deadline and not ours.
const HOLD_DEFAULT_SECONDS: u64 = 60;
/// How long a slow answer takes, as the token `tok_slow` promises.
const SLOW_DEFAULT_SECONDS: u64 = 3;
/// The most charges and refunds on the ledger: some 300 bytes each in memory. When it is full the mock
/// charges no more; it never forgets.
const LEDGER_DEFAULT_ENTRIES: usize = 500_000;
/// The mock shares its machine with what is tested: two threads answer thousands of calls a second.
const WORKERS: usize = 2;
/// Connections per worker, held ones included.
const CONNECTIONS_MAX_PER_WORKER: usize = 2_048;
/// A request's body is some 300 bytes.
const BODY_MAX_BYTES: usize = 16 * 1024;
/// How long answers under way may take at the end: held ones are closed at once.
const SHUTDOWN_SECONDS: u64 = 5;
/// Toss's key for signatures, and NICE's secret key, unless others are given: known to everybody.
const TOSS_SECURITY_KEY: &str = "test_toss_security_key";
const NICE_SECRET_KEY: &str = "test_nice_secret_key";

/// How the mock behaves where a call does not say.
#[derive(Clone, Debug)]
pub struct MockServerConfig {
    /// Where the ledger is kept as JSON lines, each flushed before its charge is answered
    /// (`MOCK_GATEWAY_LEDGER_FILE`); without it a restart forgets.
    pub ledger_file: Option<PathBuf>,
    /// The most entries on the ledger.
    pub ledger_max_entries: usize,
    /// How long a call that is never answered is held.
    pub hold: Duration,
    /// How long a slow answer takes.
    pub slow: Duration,
    /// Whom to tell about changes, from the start.
    pub webhook: Option<WebhookTarget>,
    /// What Toss signs its notices about payouts with.
    pub toss_security_key: String,
    /// What NICE and its merchant sign with.
    pub nice_secret_key: String,
}

impl Default for MockServerConfig {
    /// In memory, held 60 s, slow 3 s, nobody told.
    fn default() -> Self {
        Self {
            ledger_file: None,
            ledger_max_entries: LEDGER_DEFAULT_ENTRIES,
            hold: Duration::from_secs(HOLD_DEFAULT_SECONDS),
            slow: Duration::from_secs(SLOW_DEFAULT_SECONDS),
            webhook: None,
            toss_security_key: TOSS_SECURITY_KEY.to_owned(),
            nice_secret_key: NICE_SECRET_KEY.to_owned(),
        }
    }
}

/// A mock that is serving.
#[derive(Debug)]
pub struct MockServer {
    addr: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
    webhooks: JoinHandle<()>,
}

impl MockServer {
    /// Where it listens: the real port, also when port 0 was asked for.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Waits until it has stopped, after its token was cancelled.
    ///
    /// # Errors
    /// The server ended by an error.
    pub async fn stopped(self) -> Result<(), PaymentGatewaysError> {
        let served = self.server.await.map_err(std::io::Error::other);
        self.webhooks.abort();
        served
            .and_then(|result| result)
            .map_err(PaymentGatewaysError::Server)
    }
}

/// Listens on `addr` (port 0: any free one) and serves until `shutdown` is cancelled. When this returns,
/// the mock answers.
///
/// # Errors
/// The address is not free, the ledger file is not usable, or a limit is out of its bounds.
pub async fn serve(
    addr: SocketAddr,
    config: MockServerConfig,
    shutdown: CancellationToken,
) -> Result<MockServer, PaymentGatewaysError> {
    crate::tls::prepare_tls();
    let (file, limit) = (config.ledger_file.clone(), config.ledger_max_entries);
    let clock = Arc::new(MockClock::default());
    let of_ledger = Arc::clone(&clock);
    let opened =
        tokio::task::spawn_blocking(move || Ledger::open(file.as_deref(), limit, of_ledger));
    let ledger = opened
        .await
        .map_err(|error| PaymentGatewaysError::Server(std::io::Error::other(error)))??;
    let (webhooks, sender) =
        Webhooks::new(config.webhook, config.toss_security_key, Arc::clone(&clock))?;
    let state = MockState {
        ledger: Arc::new(ledger),
        faults: Arc::default(),
        extras: Arc::default(),
        webhooks: Arc::new(webhooks),
        clock,
        under_way: Arc::default(),
        nice_secret_key: config.nice_secret_key,
        hold: config.hold,
        slow: config.slow,
        shutdown: shutdown.clone(),
    };
    let state = web::Data::new(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(extras::add_extras))
            .app_data(json_rules())
            .app_data(web::PathConfig::default().error_handler(|e, _| malformed(&e)))
            .app_data(web::FormConfig::default().error_handler(|e, _| malformed(&e)))
            .app_data(web::QueryConfig::default().error_handler(|e, _| malformed(&e)))
            .configure(payments::routes)
            .configure(control::routes)
            .configure(toss::routes)
            .configure(nice::routes)
            .configure(checkout::routes)
            .default_service(web::to(|| async { Err::<&str, _>(Refusal::NoSuchCall) }))
    })
    .workers(WORKERS)
    .max_connections(CONNECTIONS_MAX_PER_WORKER)
    .on_connect(connection::remember)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .shutdown_signal(shutdown.clone().cancelled_owned())
    .bind(addr)
    .map_err(|source| PaymentGatewaysError::Bind { addr, source })?;
    let addr = server.addrs().first().copied().unwrap_or(addr);
    let server = tokio::spawn(server.run());
    let webhooks = tokio::spawn(sender.run(shutdown));
    tracing::info!(mock.addr = %addr, "mock gateway listens on {addr}");
    Ok(MockServer {
        addr,
        server,
        webhooks,
    })
}

fn json_rules() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(BODY_MAX_BYTES)
        .error_handler(|error, _| malformed(&error))
}

fn malformed(error: &dyn std::fmt::Display) -> actix_web::Error {
    Refusal::Invalid(error.to_string()).into()
}

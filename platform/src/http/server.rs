//! Builds, binds and stops the server.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;
use utoipa::openapi::{Info, OpenApi, Paths};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

use super::allowed::{Allowed, fallback};
use super::config::HttpConfig;
use super::observe::{AnswerTimeout, observe};
use crate::auth::Verifier;
use crate::health::{self, Health};
use crate::json::BodyTimeout;
use crate::metrics::{self, MetricsError};
use crate::openapi;
use crate::shutdown::CancellationToken;

/// What a server is besides its routes.
#[derive(Clone)]
pub struct Service {
    /// Its name, for logs.
    pub name: &'static str,
    /// What stands in its OpenAPI document besides its routes.
    pub document: OpenApi,
    /// What `/health/ready` asks.
    pub health: Arc<Health>,
    /// Who tells callers apart; without it every call that needs a token is refused with 500.
    pub verifier: Option<Arc<Verifier>>,
}

impl Service {
    /// A service with a title and nothing else to its document.
    #[must_use]
    pub fn new(name: &'static str, title: &str, health: Arc<Health>) -> Self {
        let document = OpenApi::new(Info::new(title, env!("CARGO_PKG_VERSION")), Paths::new());
        Self {
            name,
            document,
            health,
            verifier: None,
        }
    }

    /// Tells callers apart with this verifier.
    #[must_use]
    pub fn with_verifier(self, verifier: Arc<Verifier>) -> Self {
        Self {
            verifier: Some(verifier),
            ..self
        }
    }
}

/// A server cannot start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be bound.
    #[error("{name} cannot listen on {addr}: {source}")]
    Bind {
        /// The service.
        name: &'static str,
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The metrics cannot be set up.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The OpenAPI document cannot be written.
    #[error("the OpenAPI document cannot be written: {0}")]
    Document(#[from] serde_json::Error),
    /// The server failed.
    #[error("{name} failed: {source}")]
    Server {
        /// The service.
        name: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// A server that takes requests.
#[derive(Debug)]
pub struct RunningServer {
    name: &'static str,
    addr: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

impl RunningServer {
    /// Where it listens; the port is the real one when 0 was asked for.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until it has stopped: after the token is cancelled it takes no more connections, and what is
    /// under way gets the shutdown timeout.
    ///
    /// # Errors
    /// It failed, or stopped without being asked to.
    pub async fn stopped(self) -> Result<(), HttpError> {
        let name = self.name;
        let ended = match self.task.await {
            Ok(ended) => ended,
            Err(error) => Err(io::Error::other(error)),
        };
        ended.map_err(|source| HttpError::Server { name, source })
    }
}

/// Starts a server with these routes and everything that surrounds them: limits, request ids, error
/// bodies, `/health/live`, `/health/ready`, `/metrics`, `/openapi.json`, `/docs`. Call it in a runtime.
///
/// # Errors
/// The address cannot be bound, or the metrics cannot be set up.
pub fn serve<F>(
    config: &HttpConfig,
    service: Service,
    shutdown: CancellationToken,
    configure: F,
) -> Result<RunningServer, HttpError>
where
    F: Fn(&mut ServiceConfig<'_>) + Clone + Send + 'static,
{
    let name = service.name;
    let metrics = Data::new(metrics::install()?);
    let document = openapi::document(service.document.clone(), configure.clone());
    let json = Bytes::from(serde_json::to_vec(&document)?);
    let allowed = Data::new(Allowed::of(&document));
    let limits = config.clone();
    let app = move || {
        let (app, _) = App::new()
            .into_utoipa_app()
            .configure(configure.clone())
            .split_for_parts();
        let json = json.clone();
        let app = app
            .app_data(BodyTimeout(limits.body_timeout))
            .app_data(AnswerTimeout(limits.answer_timeout))
            .app_data(PayloadConfig::new(limits.body_limit_bytes))
            .app_data(Data::from(Arc::clone(&service.health)))
            .app_data(metrics.clone())
            .app_data(allowed.clone())
            .route("/health/live", web::get().to(health::live))
            .route("/health/ready", web::get().to(health::ready))
            .route("/metrics", web::get().to(metrics::page))
            .configure(|config| openapi::routes(config, json))
            .default_service(web::to(fallback));
        let app = match &service.verifier {
            Some(verifier) => app.app_data(Data::from(Arc::clone(verifier))),
            None => app,
        };
        app.wrap(from_fn(observe))
    };
    let workers = workers(config.workers);
    let bind_error = |source| HttpError::Bind {
        name,
        addr: config.addr,
        source,
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .max_connections((config.max_connections / workers).max(1))
        .client_request_timeout(config.head_timeout)
        .keep_alive(config.keep_alive)
        .tcp_nodelay(true)
        .shutdown_timeout(config.shutdown_timeout.as_secs())
        .shutdown_signal(shutdown.cancelled_owned())
        .bind(config.addr)
        .map_err(bind_error)?;
    let addr = server.addrs().first().copied().unwrap_or(config.addr);
    tracing::info!(service.name = name, service.addr = %addr, "{name} listens on {addr}");
    Ok(RunningServer {
        name,
        addr,
        task: tokio::spawn(server.run()),
    })
}

fn workers(configured: usize) -> usize {
    if configured > 0 {
        return configured;
    }
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

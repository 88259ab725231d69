//! The command API as the program serves it, in a process of its own, with one route more: an echo, behind
//! the same server and everything that surrounds its requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use command_api::{CommandApi, CommandApiConfig, CouponGate, CouponGateConfig, Gateways, Parts};
use event_store::{EventStore, StoreConfig};
use platform::auth::{AuthConfig, Verifier};
use platform::config::Env;
use platform::health::Health;
use platform::http::{HttpConfig, Service, serve};
use platform::shutdown::{self, CancellationToken};
use tokio::io::AsyncWriteExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::BenchError;
use crate::server::Database;

/// What is behind after the signal ends within this.
const BACKS_LIMIT: Duration = Duration::from_secs(2);

/// Where the process that is to be measured finds its database.
pub(super) const DATABASE: &str = "BENCH_DATABASE_URL";

/// Serves until a signal. Says where it listens on its first line.
pub(crate) async fn run() -> Result<(), BenchError> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let (auth, http, commands, gate) = Env::process()
        .read(|env| {
            (
                AuthConfig::read(env),
                HttpConfig::read(env, "COMMAND_API", any_port),
                CommandApiConfig::read(env),
                CouponGateConfig::read(env),
            )
        })
        .map_err(|error| failed(&error))?;
    let url = std::env::var(DATABASE).map_err(|error| failed(&error))?;
    let database = Database::at(&url)?;
    let stop = shutdown::on_signal()?;
    let stop_backs = CancellationToken::new();
    let pool = database.pool().await?;
    let store = EventStore::open(pool, StoreConfig::default(), stop_backs.clone()).await?;
    let names = Gateways::new(vec!["mock".to_owned()], "mock".to_owned());
    let parts = Parts {
        gate: CouponGate::new(&gate, store.clone()).map_err(|error| failed(&error))?,
        store,
        gateways: names.map_err(|error| failed(&error))?,
        config: commands,
    };
    let api = CommandApi::start(parts, stop_backs.clone());
    let service = Service {
        name: "command-api",
        document: CommandApi::document(),
        health: Arc::new(api.add_checks(Health::new())),
        verifier: Some(Arc::new(
            Verifier::new(&auth).map_err(|error| failed(&error))?,
        )),
    };
    let routes = move |config: &mut ServiceConfig<'_>| {
        api.configure(config);
        config.route("/echo", web::post().to(echo));
    };
    let server = serve(&http, service, stop, routes).map_err(|error| failed(&error))?;
    let mut out = tokio::io::stdout();
    out.write_all(format!("{}\n", server.addr()).as_bytes())
        .await?;
    out.flush().await?;
    server.stopped().await.map_err(|error| failed(&error))?;
    stop_backs.cancel();
    tokio::time::sleep(BACKS_LIMIT / 10).await;
    Ok(())
}

async fn echo(body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(body)
}

fn failed(error: &dyn std::error::Error) -> BenchError {
    BenchError::Environment(error.to_string())
}

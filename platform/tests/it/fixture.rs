//! A server with a few routes of each kind, and a client for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, get, post, web};
use platform::auth::{DevKeys, Minter, Verifier};
use platform::config::Env;
use platform::health::{CheckFailed, Health, Need};
use platform::http::{HttpConfig, RunningServer, Service, serve};
use platform::paging::{NoFilter, PageParams};
use platform::shutdown::CancellationToken;
use platform::{
    ApiError, Customer, Data, NoBody, Operator, PagedQuery, Principal, RequestId, Role, ValidJson,
    ValidPath,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

/// How long any step of a test may take before it counts as stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) server: RunningServer,
    pub(crate) shutdown: CancellationToken,
    pub(crate) minter: Minter,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) redis_is_up: Arc<AtomicBool>,
    pub(crate) postgres_is_up: Arc<AtomicBool>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) client: reqwest::Client,
}

/// Holds `/slow` until a test lets it go.
pub(crate) struct Gate {
    pub(crate) entered: Semaphore,
    pub(crate) leave: Semaphore,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    quantity: u32,
}

/// Makes a thing.
#[utoipa::path(responses((status = 201, body = Data<Thing>), (status = 400, body = platform::ErrorBody)))]
#[post("/things")]
async fn make_thing(ValidJson(thing): ValidJson<Thing>) -> HttpResponse {
    HttpResponse::Created().json(Data::new(thing).at_position(7))
}

/// Lists things.
#[utoipa::path(params(PageParams), responses((status = 200, body = Data<Vec<String>>)))]
#[get("/things")]
async fn list_things(query: PagedQuery<NoFilter>) -> Data<Vec<String>> {
    Data::new(Vec::new()).on_page(&query.page, None)
}

/// One thing.
#[utoipa::path(responses((status = 200, body = Data<u64>)))]
#[get("/things/{id}")]
async fn get_thing(ValidPath(id): ValidPath<u64>) -> Result<Data<u64>, ApiError> {
    if id == 404 {
        Err(ApiError::not_found("PRODUCT_NOT_FOUND"))
    } else {
        Ok(Data::new(id))
    }
}

/// Who calls.
#[utoipa::path(responses((status = 200, body = Data<String>)), security(("bearer" = [])))]
#[get("/me")]
async fn me(caller: Principal) -> Data<String> {
    Data::new(caller.subject().to_owned())
}

/// For customers.
#[utoipa::path(responses((status = 200, body = Data<String>)), security(("bearer" = [])))]
#[get("/basket")]
async fn basket(caller: Customer) -> Data<String> {
    Data::new(caller.subject().to_owned())
}

/// For operators.
#[utoipa::path(responses((status = 200, body = Data<String>)), security(("bearer" = [])))]
#[get("/backstage")]
async fn backstage(Operator(caller): Operator) -> Data<String> {
    Data::new(caller.subject().to_owned())
}

#[get("/request-id")]
async fn request_id(id: RequestId) -> String {
    id.to_string()
}

#[get("/sold-out")]
async fn sold_out() -> Result<&'static str, ApiError> {
    Err(ApiError::conflict("COUPON_SOLD_OUT"))
}

#[get("/overloaded")]
async fn overloaded() -> Result<&'static str, ApiError> {
    Err(ApiError::overloaded().with_retry_after_s(3))
}

#[get("/broken")]
async fn broken() -> Result<&'static str, ApiError> {
    Err(ApiError::internal(&"the secret cause"))
}

#[get("/foreign/{number}")]
async fn foreign(number: web::Path<u32>) -> String {
    number.to_string()
}

#[get("/empty-conflict")]
async fn empty_conflict() -> HttpResponse {
    HttpResponse::Conflict().finish()
}

#[get("/own-body")]
async fn own_body() -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/plain")
        .body("mine")
}

#[get("/slow")]
async fn slow(gate: web::Data<Gate>) -> &'static str {
    gate.entered.add_permits(1);
    match gate.leave.acquire().await {
        Ok(_) => "finished",
        Err(_) => "the gate is gone",
    }
}

#[post("/off")]
async fn switch_off(_: NoBody) -> &'static str {
    "off"
}

#[get("/stuck")]
async fn stuck() -> &'static str {
    std::future::pending().await
}

fn routes(config: &mut ServiceConfig<'_>) {
    let documented = scope("/api/v1")
        .service(make_thing)
        .service(list_things)
        .service(get_thing)
        .service(me)
        .service(basket)
        .service(backstage);
    config.service(documented).map(|config| {
        config
            .service(request_id)
            .service(sold_out)
            .service(overloaded)
            .service(broken)
            .service(foreign)
            .service(empty_conflict)
            .service(own_body)
            .service(slow)
            .service(stuck)
            .service(switch_off)
    });
}

pub(crate) async fn start() -> Running {
    start_with(&[]).await
}

#[expect(clippy::expect_used, reason = "a test that cannot start says why")]
pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Running {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Env::of(variables.iter().copied())
        .read(|env| HttpConfig {
            workers: 2,
            ..HttpConfig::read(env, "TEST_API", any_port)
        })
        .expect("a configuration");
    let keys = DevKeys::generate().expect("keys");
    let (auth, mint) = keys.configs("https://login.test/", "commerce");
    let verifier = Arc::new(Verifier::new(&auth).expect("a verifier"));
    let redis_is_up = Arc::new(AtomicBool::new(true));
    let postgres_is_up = Arc::new(AtomicBool::new(true));
    let health = Health::new()
        .check("postgres", Need::Required, PATIENCE, asks(&postgres_is_up))
        .check("redis", Need::Degradable, PATIENCE, asks(&redis_is_up));
    let gate = web::Data::new(Gate {
        entered: Semaphore::new(0),
        leave: Semaphore::new(0),
    });
    let service =
        Service::new("test-api", "A test", Arc::new(health)).with_verifier(Arc::clone(&verifier));
    let shutdown = CancellationToken::new();
    let shared = gate.clone();
    let server = serve(&config, service, shutdown.clone(), move |config| {
        config.app_data(shared.clone());
        routes(config);
    })
    .expect("a free port");
    Running {
        addr: server.addr(),
        server,
        shutdown,
        minter: Minter::new(&mint).expect("a minter"),
        verifier,
        redis_is_up,
        postgres_is_up,
        gate: gate.into_inner(),
        client: reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .expect("a client"),
    }
}

fn asks(
    is_up: &Arc<AtomicBool>,
) -> impl Fn() -> std::future::Ready<Result<(), CheckFailed>> + Send + Sync + 'static {
    let is_up = Arc::clone(is_up);
    move || {
        let up = is_up.load(Ordering::SeqCst);
        std::future::ready(if up {
            Ok(())
        } else {
            Err(CheckFailed("switched off".into()))
        })
    }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    #[expect(clippy::expect_used, reason = "a test that gets no answer says why")]
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(
            self.client
                .get(self.url(path))
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }

    #[expect(clippy::expect_used, reason = "a test that gets no answer says why")]
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await
    }

    #[expect(clippy::expect_used, reason = "a test without a token says why")]
    pub(crate) fn token(&self, role: Role) -> String {
        self.minter
            .mint("alice", &[role], Duration::from_secs(60))
            .expect("a token")
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[expect(
        clippy::expect_used,
        reason = "a test whose answer breaks off says why"
    )]
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.expect("a body"),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    #[expect(clippy::expect_used, reason = "a test whose answer is no JSON says so")]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// Status and code, after checking that the answer has the one form of errors.
    #[expect(clippy::panic, reason = "a test says what it got instead")]
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        let (code, message) = (&body["error"], &body["message"]);
        let (Some(code), Some(_)) = (code.as_str(), message.as_str()) else {
            panic!("no error's body: {}", self.text);
        };
        assert_eq!(
            body["requestId"],
            self.header("x-request-id"),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), "application/json");
        (self.status, code.to_owned())
    }
}

//! The calls of a tester: read the ledger, leave faults, receive webhooks, ask for health.

use actix_web::{HttpResponse, web};
use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::clock::MOVE_MAX_SECONDS;
use super::company::Company;
use super::faults::Fault;
use super::manner;
use super::refusal::Refusal;
use super::state::MockState;
use super::webhooks::WebhookTarget;

/// The most entries of one answer, some 35 MB; `next` leads to the rest.
const PAGE_MAX_ENTRIES: usize = 100_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ledger", web::get().to(ledger))
        .route("/faults", web::get().to(faults))
        .route("/faults", web::post().to(add_fault))
        .route("/faults", web::delete().to(clear_faults))
        .route("/extras", web::post().to(set_extras))
        .route("/extras", web::delete().to(clear_extras))
        .route("/webhooks", web::post().to(set_webhook))
        .route("/webhooks", web::delete().to(clear_webhook))
        .route("/webhooks/forgeries", web::post().to(forge))
        .route("/clock", web::get().to(clock))
        .route("/clock", web::post().to(advance))
        .route("/deposits", web::post().to(deposit))
        .route("/deposits/errors", web::post().to(take_back))
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: usize,
    size: Option<usize>,
}

async fn ledger(
    mock: web::Data<MockState>,
    page: web::Query<Page>,
) -> Result<HttpResponse, Refusal> {
    let size = page.size.unwrap_or(PAGE_MAX_ENTRIES);
    if !(1..=PAGE_MAX_ENTRIES).contains(&size) {
        return Err(Refusal::Invalid(format!("size: 1 to {PAGE_MAX_ENTRIES}")));
    }
    let (entries, end, total) = mock.ledger.page(page.after, size);
    let next = (end < total && end > page.after).then_some(end);
    let body = json!({ "entries": entries, "total": total, "next": next });
    Ok(HttpResponse::Ok().json(body))
}

async fn add_fault(
    mock: web::Data<MockState>,
    fault: web::Json<Fault>,
) -> Result<HttpResponse, Refusal> {
    mock.faults.add(fault.into_inner())?;
    Ok(HttpResponse::NoContent().finish())
}

async fn faults(mock: web::Data<MockState>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "faults": mock.faults.waiting() }))
}

async fn clear_faults(mock: web::Data<MockState>) -> HttpResponse {
    mock.faults.clear();
    HttpResponse::NoContent().finish()
}

async fn set_extras(
    mock: web::Data<MockState>,
    fields: web::Json<Map<String, Value>>,
) -> HttpResponse {
    mock.extras.set(Some(fields.into_inner()));
    HttpResponse::NoContent().finish()
}

async fn clear_extras(mock: web::Data<MockState>) -> HttpResponse {
    mock.extras.set(None);
    HttpResponse::NoContent().finish()
}

async fn set_webhook(
    mock: web::Data<MockState>,
    target: web::Json<WebhookTarget>,
) -> Result<HttpResponse, Refusal> {
    let set = mock.webhooks.set(target.into_inner());
    set.map_err(|error| Refusal::Invalid(error.to_string()))?;
    Ok(HttpResponse::NoContent().finish())
}

async fn clear_webhook(mock: web::Data<MockState>) -> HttpResponse {
    mock.webhooks.clear();
    HttpResponse::NoContent().finish()
}

/// A notice of something that did not happen.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Forgery {
    company: Company,
    body: Value,
    /// As Toss would sign it: then it is a forgery only in what it says.
    #[serde(default)]
    is_signed: bool,
}

async fn forge(
    mock: web::Data<MockState>,
    forgery: web::Json<Forgery>,
) -> Result<HttpResponse, Refusal> {
    let forgery = forgery.into_inner();
    let body = forgery.body.to_string();
    let headers = if forgery.is_signed {
        let time = super::toss::korean_time(mock.clock.now());
        let key = mock.webhooks.toss_security_key();
        vec![
            (
                "tosspayments-webhook-signature".to_owned(),
                signature(key, &body, &time)?,
            ),
            ("tosspayments-webhook-transmission-time".to_owned(), time),
        ]
    } else {
        Vec::new()
    };
    let about = "a forgery".to_owned();
    let body = body.into_bytes();
    if mock
        .webhooks
        .announce_raw(forgery.company, about, body, headers)
    {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Refusal::Invalid(
        "nobody is told: POST /webhooks first".to_owned(),
    ))
}

fn signature(key: &str, body: &str, time: &str) -> Result<String, Refusal> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    let mut mac = mac.map_err(|_| Refusal::Invalid("the security key".to_owned()))?;
    mac.update(format!("{body}:{time}").as_bytes());
    Ok(format!(
        "v1:{}",
        BASE64.encode(&mac.finalize().into_bytes())
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

async fn clock(mock: web::Data<MockState>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "now": mock.clock.now() }))
}

async fn advance(
    mock: web::Data<MockState>,
    advance: web::Json<Advance>,
) -> Result<HttpResponse, Refusal> {
    let seconds = advance.advance_seconds;
    if !(0..=MOVE_MAX_SECONDS).contains(&seconds) {
        let bounds = format!("advanceSeconds: 0 to {MOVE_MAX_SECONDS}");
        return Err(Refusal::Invalid(bounds));
    }
    let now = mock.clock.advance(seconds);
    manner::expire(&mock).await?;
    Ok(HttpResponse::Ok().json(json!({ "now": now })))
}

/// An account that a buyer pays into.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountOf {
    company: Company,
    order_id: String,
}

async fn deposit(
    mock: web::Data<MockState>,
    of: web::Json<AccountOf>,
) -> Result<HttpResponse, Refusal> {
    let AccountOf { company, order_id } = of.into_inner();
    manner::deposit(&mock, company, order_id, false).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn take_back(
    mock: web::Data<MockState>,
    of: web::Json<AccountOf>,
) -> Result<HttpResponse, Refusal> {
    let AccountOf { company, order_id } = of.into_inner();
    manner::deposit(&mock, company, order_id, true).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "UP" }))
}

async fn ready(mock: web::Data<MockState>) -> Result<HttpResponse, Refusal> {
    mock.ledger.ready()?;
    Ok(HttpResponse::Ok().json(json!({ "status": "UP" })))
}

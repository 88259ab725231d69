//! The calls of a tester: read the ledger, leave faults, receive webhooks, ask for health.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::faults::Fault;
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
        .route("/webhooks", web::post().to(set_webhook))
        .route("/webhooks", web::delete().to(clear_webhook))
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
    let (entries, total) = mock.ledger.page(page.after, size);
    let end = page.after.saturating_add(entries.len());
    let next = (end < total && !entries.is_empty()).then_some(end);
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

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "UP" }))
}

async fn ready(mock: web::Data<MockState>) -> Result<HttpResponse, Refusal> {
    mock.ledger.ready()?;
    Ok(HttpResponse::Ok().json(json!({ "status": "UP" })))
}

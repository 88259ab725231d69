//! Toss's window for registering a card.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::page::{Button, Page, redirect, web_url};
use super::{TEXT_MAX_CHARS, bad};
use crate::mock::server::company::Company;
use crate::mock::server::records::{BillingKeyRecord, Kept, fresh_key};
use crate::mock::server::refusal::Refusal;
use crate::mock::server::state::MockState;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/toss/billing/checkout", web::get().to(open))
        .route("/toss/billing/checkout/register", web::post().to(register))
        .route("/toss/billing/checkout/cancel", web::post().to(cancel));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    customer_key: String,
    success_url: String,
    fail_url: String,
}

impl Registration {
    fn check(&self) -> Result<(), Refusal> {
        if web_url(&self.success_url).is_none() || web_url(&self.fail_url).is_none() {
            return Err(bad("successUrl and failUrl: http or https"));
        }
        if !(2..=TEXT_MAX_CHARS).contains(&self.customer_key.chars().count()) {
            return Err(bad("customerKey: 2 to 300 characters"));
        }
        Ok(())
    }
}

async fn open(registration: web::Query<Registration>) -> Result<HttpResponse, Refusal> {
    registration.check()?;
    let fields = [
        ("customerKey", registration.customer_key.as_str()),
        ("successUrl", registration.success_url.as_str()),
        ("failUrl", registration.fail_url.as_str()),
    ];
    let mut page = Page::new("토스페이먼츠 카드 등록 (시험)");
    for (action, label) in [("register", "등록"), ("cancel", "취소")] {
        let action = format!("/toss/billing/checkout/{action}");
        page = page.button(&Button {
            action: &action,
            fields: &fields,
            label,
        });
    }
    Ok(page.answer())
}

async fn register(
    mock: web::Data<MockState>,
    registration: web::Form<Registration>,
) -> Result<HttpResponse, Refusal> {
    let registration = registration.into_inner();
    registration.check()?;
    let (auth_key, customer_key) = (fresh_key(Company::Toss, "auth"), registration.customer_key);
    let record = BillingKeyRecord {
        company: Company::Toss,
        auth_key: auth_key.clone(),
        customer_key: customer_key.clone(),
        billing_key: None,
        is_deleted: false,
        created_at: mock.clock.now(),
    };
    let kept = mock.carry_out(Duration::ZERO, move |ledger, _| {
        ledger.desk().keep(vec![Kept::BillingKey(record)])
    });
    kept.await?;
    let added = [
        ("customerKey", customer_key.as_str()),
        ("authKey", auth_key.as_str()),
    ];
    redirect(&registration.success_url, &added).ok_or_else(|| bad("successUrl"))
}

async fn cancel(registration: web::Form<Registration>) -> Result<HttpResponse, Refusal> {
    registration.check()?;
    let added = [
        ("code", "PAY_PROCESS_CANCELED"),
        ("message", "사용자가 카드 등록을 취소하였습니다."),
    ];
    redirect(&registration.fail_url, &added).ok_or_else(|| bad("failUrl"))
}

//! Toss's payment window.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::page::{redirect, web_url};
use super::{authenticate, bad, begin, deposit, of_key, origin_of, page_of};
use crate::mock::server::company::Company;
use crate::mock::server::records::{Means, NewPayment, Origin, PaymentRecord};
use crate::mock::server::refusal::Refusal;
use crate::mock::server::state::MockState;

const TITLE: &str = "토스페이먼츠 (시험)";
const BASE: &str = "/toss/checkout";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/toss/checkout", web::get().to(open))
        .route("/toss/checkout/{key}", web::get().to(show))
        .route("/toss/checkout/{key}/{action}", web::post().to(act));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    order_id: String,
    amount: i64,
    order_name: String,
    success_url: String,
    fail_url: String,
}

async fn open(
    mock: web::Data<MockState>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Refusal> {
    let query = query.into_inner();
    if web_url(&query.success_url).is_none() || web_url(&query.fail_url).is_none() {
        return Err(bad("successUrl and failUrl: http or https"));
    }
    crate::mock::server::toss::check_order(&query.order_id, query.amount).map_err(bad)?;
    let origin = Origin {
        success_url: query.success_url,
        fail_url: query.fail_url,
        client_id: String::new(),
    };
    let new = NewPayment {
        company: Company::Toss,
        order_no: query.order_id,
        order_name: query.order_name,
        amount: query.amount,
        means: Means::Card,
    };
    let payment = begin(&mock, new, origin).await?;
    Ok(page_of(&payment, TITLE, BASE))
}

async fn show(mock: web::Data<MockState>, key: web::Path<String>) -> Result<HttpResponse, Refusal> {
    let payment = of_key(&mock, Company::Toss, key.into_inner()).await?;
    Ok(page_of(&payment, TITLE, BASE))
}

async fn act(
    mock: web::Data<MockState>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (key, action) = path.into_inner();
    let means = match action.as_str() {
        "pay" => Means::Card,
        "account" => Means::VirtualAccount,
        "deposit" => return deposit(&mock, Company::Toss, key, TITLE, BASE).await,
        "cancel" => {
            let payment = of_key(&mock, Company::Toss, key).await?;
            let message = "사용자에 의해 결제가 취소되었습니다.";
            return failed(&payment, "PAY_PROCESS_CANCELED", message);
        }
        _ => return Err(Refusal::NoSuchCall),
    };
    let (payment, outcome) = authenticate(&mock, Company::Toss, key, means).await?;
    if outcome.is_err() {
        return failed(&payment, "PAY_PROCESS_ABORTED", "결제가 중단되었습니다.");
    }
    let amount = payment.amount.to_string();
    let added = [
        ("paymentType", "NORMAL"),
        ("orderId", payment.order_no.as_str()),
        ("paymentKey", payment.key.as_str()),
        ("amount", amount.as_str()),
    ];
    redirect(&origin_of(&payment)?.success_url, &added).ok_or_else(|| bad("successUrl"))
}

fn failed(payment: &PaymentRecord, code: &str, message: &str) -> Result<HttpResponse, Refusal> {
    let order_no = payment.order_no.as_str();
    let added = [("code", code), ("message", message), ("orderId", order_no)];
    redirect(&origin_of(payment)?.fail_url, &added).ok_or_else(|| bad("failUrl"))
}

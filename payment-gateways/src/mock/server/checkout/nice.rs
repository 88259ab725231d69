//! NICE's payment window, in the model where the merchant's server approves: what came of it is posted by the
//! browser to the merchant.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::page::{Button, Page, web_url};
use super::{authenticate, bad, begin, deposit, of_key, origin_of, page_of};
use crate::mock::server::company::Company;
use crate::mock::server::nice::hex_digest;
use crate::mock::server::records::{Means, NewPayment, Origin, PaymentRecord};
use crate::mock::server::refusal::Refusal;
use crate::mock::server::state::MockState;

const TITLE: &str = "나이스페이 (시험)";
const BASE: &str = "/nice/checkout";
/// The most characters of a merchant's key for browsers, and of an order number.
const CLIENT_ID_MAX_CHARS: usize = 50;
const ORDER_NO_MAX_BYTES: usize = 64;
const AMOUNT_MAX: i64 = 9_999_999_999;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/nice/checkout", web::get().to(open))
        .route("/nice/checkout/{tid}", web::get().to(show))
        .route("/nice/checkout/{tid}/{action}", web::post().to(act));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    client_id: String,
    order_id: String,
    amount: i64,
    goods_name: String,
    return_url: String,
}

async fn open(
    mock: web::Data<MockState>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Refusal> {
    let query = query.into_inner();
    if web_url(&query.return_url).is_none() {
        return Err(bad("returnUrl: http or https"));
    }
    if !(1..=CLIENT_ID_MAX_CHARS).contains(&query.client_id.chars().count()) {
        return Err(bad("clientId: 1 to 50 characters"));
    }
    if !(1..=ORDER_NO_MAX_BYTES).contains(&query.order_id.len()) {
        return Err(bad("orderId: 1 to 64 bytes"));
    }
    if !(1..=AMOUNT_MAX).contains(&query.amount) {
        return Err(bad("amount"));
    }
    let origin = Origin {
        fail_url: query.return_url.clone(),
        success_url: query.return_url,
        client_id: query.client_id,
    };
    let new = NewPayment {
        company: Company::Nice,
        order_no: query.order_id,
        order_name: query.goods_name,
        amount: query.amount,
        means: Means::Card,
    };
    let payment = begin(&mock, new, origin).await?;
    Ok(page_of(&payment, TITLE, BASE))
}

async fn show(mock: web::Data<MockState>, tid: web::Path<String>) -> Result<HttpResponse, Refusal> {
    let payment = of_key(&mock, Company::Nice, tid.into_inner()).await?;
    Ok(page_of(&payment, TITLE, BASE))
}

async fn act(
    mock: web::Data<MockState>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (tid, action) = path.into_inner();
    let means = match action.as_str() {
        "pay" => Means::Card,
        "account" => Means::VirtualAccount,
        "deposit" => return deposit(&mock, Company::Nice, tid, TITLE, BASE).await,
        "cancel" => {
            let payment = of_key(&mock, Company::Nice, tid).await?;
            return back(&payment, "9999", "사용자 취소", &mock.nice_secret_key);
        }
        _ => return Err(Refusal::NoSuchCall),
    };
    let (payment, outcome) = authenticate(&mock, Company::Nice, tid, means).await?;
    if outcome.is_err() {
        return back(
            &payment,
            "A245",
            "인증 시간이 초과 되었습니다",
            &mock.nice_secret_key,
        );
    }
    back(&payment, "0000", "인증 성공", &mock.nice_secret_key)
}

/// The form that the browser posts to the merchant.
fn back(
    payment: &PaymentRecord,
    code: &str,
    message: &str,
    secret_key: &str,
) -> Result<HttpResponse, Refusal> {
    let Origin {
        success_url: return_url,
        client_id,
        ..
    } = origin_of(payment)?;
    let amount = payment.amount.to_string();
    let auth_token = payment.last_key.as_str();
    let signature = hex_digest(&[auth_token, client_id, &amount, secret_key]);
    let mut fields = vec![
        ("authResultCode", code),
        ("authResultMsg", message),
        ("clientId", client_id.as_str()),
        ("orderId", payment.order_no.as_str()),
        ("amount", amount.as_str()),
    ];
    if code == "0000" {
        fields.extend([
            ("tid", payment.key.as_str()),
            ("authToken", auth_token),
            ("signature", signature.as_str()),
        ]);
    }
    let button = Button {
        action: return_url,
        fields: &fields,
        label: "계속",
    };
    Ok(Page::new(TITLE)
        .line("결과", message)
        .button(&button)
        .answer())
}

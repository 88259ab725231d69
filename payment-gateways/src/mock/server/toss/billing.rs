//! Cards that are charged again without a browser.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::call::{Worked, refusal_json, work};
use super::korean_time;
use super::payments::{check_amount, check_order_id, code_of, parsed};
use crate::mock::server::behaviour::{Behaviour, Call};
use crate::mock::server::company::Company;
use crate::mock::server::records::{
    BillingKeyRecord, Kept, Means, NewPayment, PaymentRecord, Step, fresh_key,
};
use crate::mock::server::state::MockState;

/// A test token in place of what a browser brings.
const AUTH_TOKEN: &str = "tok_approve";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/billing/authorizations/issue", web::post().to(issue))
        .route("/billing/{billing_key}", web::post().to(charge))
        .route("/billing/{billing_key}", web::delete().to(delete));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueBody {
    auth_key: String,
    customer_key: String,
}

async fn issue(request: HttpRequest, mock: web::Data<MockState>, body: web::Bytes) -> HttpResponse {
    let body = parsed::<IssueBody>(&body);
    work(
        &request,
        &mock,
        Call::Confirm,
        None,
        move |desk, behaviour| {
            let body = body?;
            if behaviour == Some(Behaviour::Decline) {
                return Err("INVALID_REJECT_CARD");
            }
            let now = desk.now();
            let known = desk.by_auth_key(&body.auth_key);
            let of_token = || {
                body.auth_key
                    .starts_with(AUTH_TOKEN)
                    .then(|| BillingKeyRecord {
                        company: Company::Toss,
                        auth_key: body.auth_key.clone(),
                        customer_key: body.customer_key.clone(),
                        billing_key: None,
                        is_deleted: false,
                        created_at: now,
                    })
            };
            let mut record = known.or_else(of_token).ok_or("INVALID_AUTH_KEY")?;
            if record.customer_key != body.customer_key {
                return Err("NOT_MATCHES_CUSTOMER_KEY");
            }
            if record.billing_key.is_some() {
                return Err("INVALID_AUTH_KEY");
            }
            let key = fresh_key(Company::Toss, "bill");
            record.billing_key = Some(key.clone());
            let body = json!({
                "mId": "mockmerchant",
                "customerKey": record.customer_key,
                "authenticatedAt": korean_time(now),
                "method": "카드",
                "billingKey": key,
                "cardCompany": "롯데",
                "cardNumber": "43301234****1234",
                "card": {
                    "issuerCode": "71", "acquirerCode": "71", "number": "43301234****1234",
                    "cardType": "신용", "ownerType": "개인",
                },
            });
            Ok(Worked {
                payment: None,
                kept: vec![Kept::BillingKey(record)],
                notice: None,
                status: 200,
                body,
            })
        },
    )
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChargeBody {
    amount: i64,
    customer_key: String,
    order_id: String,
    order_name: String,
}

async fn charge(
    request: HttpRequest,
    mock: web::Data<MockState>,
    key: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let body = parsed::<ChargeBody>(&body);
    work(
        &request,
        &mock,
        Call::Confirm,
        None,
        move |desk, behaviour| {
            let body = body?;
            let record = desk
                .by_billing_key(&key)
                .filter(|record| !record.is_deleted);
            let record = record.ok_or("NOT_FOUND_BILLING_KEY")?;
            if record.customer_key != body.customer_key {
                return Err("NOT_MATCHES_CUSTOMER_KEY");
            }
            check_order_id(&body.order_id)?;
            check_amount(body.amount)?;
            if desk
                .payment_of_order(Company::Toss, &body.order_id)
                .is_some()
            {
                return Err("DUPLICATED_ORDER_ID");
            }
            let now = desk.now();
            let new = NewPayment {
                company: Company::Toss,
                order_no: body.order_id,
                order_name: body.order_name,
                amount: body.amount,
                means: Means::Card,
            };
            let mut payment = PaymentRecord::begin(new, now);
            payment.is_billing = true;
            payment.authenticate(Means::Card, now).map_err(code_of)?;
            let is_declined = behaviour == Some(Behaviour::Decline);
            let charged = (!is_declined).then_some(body.amount);
            let decline = "REJECT_CARD_PAYMENT";
            let step = payment
                .confirm(body.amount, charged, decline, now)
                .map_err(code_of)?;
            let mut worked = Worked::paid(payment, step);
            if step == Step::Declined {
                (worked.status, worked.body) = refusal_json(decline);
            }
            Ok(worked)
        },
    )
    .await
}

async fn delete(
    request: HttpRequest,
    mock: web::Data<MockState>,
    key: web::Path<String>,
) -> HttpResponse {
    work(&request, &mock, Call::Refund, None, move |desk, _| {
        let record = desk
            .by_billing_key(&key)
            .filter(|record| !record.is_deleted);
        let mut record = record.ok_or("NOT_FOUND_BILLING_KEY")?;
        record.is_deleted = true;
        let notice = json!({
            "eventType": "BILLING_DELETED",
            "createdAt": korean_time(desk.now()),
            "billingKey": key.as_str(),
            "reason": "상점 요청",
        });
        Ok(Worked {
            payment: None,
            kept: vec![Kept::BillingKey(record)],
            notice: Some(notice),
            status: 200,
            body: json!({}),
        })
    })
    .await
}

//! The list of what moved: each charge, and each cancel, by itself.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Code, look};
use super::{in_korea, korean_time};
use crate::mock::server::company::Company;
use crate::mock::server::records::{Means, PaymentRecord, Stage};
use crate::mock::server::state::MockState;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 5_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/transactions", web::get().to(list));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    start_date: String,
    end_date: String,
    starting_after: Option<String>,
    limit: Option<usize>,
}

/// One movement.
struct Movement<'a> {
    key: &'a str,
    status: &'static str,
    amount: i64,
    at: DateTime<Utc>,
    payment: &'a PaymentRecord,
}

async fn list(request: HttpRequest, mock: web::Data<MockState>) -> HttpResponse {
    let query = web::Query::<Query>::from_query(request.query_string());
    look(&request, &mock, move |desk| {
        let query = query.map_err(|_| "INVALID_REQUEST")?;
        listed(&query, &desk.payments(Company::Toss))
    })
    .await
}

fn listed(query: &Query, payments: &[PaymentRecord]) -> Result<Value, Code> {
    let from = time_of(&query.start_date, NaiveTime::MIN)?;
    let last_second = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN);
    let until = time_of(&query.end_date, last_second)?;
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err("INVALID_REQUEST");
    }
    let mut movements: Vec<Movement<'_>> = payments.iter().flat_map(movements_of).collect();
    movements.retain(|one| {
        // Toss counts in whole seconds: the last of them is part of the day.
        let second = in_korea(one.at).naive_local();
        let second = second.format("%Y-%m-%dT%H:%M:%S").to_string();
        second >= from && second <= until
    });
    movements.sort_by(|one, other| (one.at, one.key).cmp(&(other.at, other.key)));
    let start = match &query.starting_after {
        Some(after) => {
            let place = movements.iter().position(|one| one.key == after);
            place.ok_or("INVALID_REQUEST")? + 1
        }
        None => 0,
    };
    let page = movements.iter().skip(start).take(limit);
    Ok(page.map(movement_json).collect())
}

fn movements_of(payment: &PaymentRecord) -> Vec<Movement<'_>> {
    let mut movements = Vec::new();
    if let (Some(at), Some(key)) = (payment.approved_at, &payment.approval_key) {
        movements.push(Movement {
            key,
            status: "DONE",
            amount: payment.charged,
            at,
            payment,
        });
    }
    if payment.stage == Stage::Waiting {
        movements.push(Movement {
            key: &payment.last_key,
            status: "WAITING_FOR_DEPOSIT",
            amount: payment.amount,
            at: payment.changed_at,
            payment,
        });
    }
    if payment.approved_at.is_some() {
        movements.extend(payment.cancels.iter().map(|cancel| Movement {
            key: &cancel.key,
            status: if cancel.left == 0 {
                "CANCELED"
            } else {
                "PARTIAL_CANCELED"
            },
            amount: cancel.amount,
            at: cancel.at,
            payment,
        }));
    }
    movements
}

fn movement_json(movement: &Movement<'_>) -> Value {
    json!({
        "mId": "mockmerchant",
        "transactionKey": movement.key,
        "paymentKey": movement.payment.key,
        "orderId": movement.payment.order_no,
        "method": match movement.payment.means {
            Means::Card => "카드",
            Means::VirtualAccount => "가상계좌",
        },
        "customerKey": null,
        "useEscrow": false,
        "receiptUrl": null,
        "status": movement.status,
        "transactionAt": korean_time(movement.at),
        "currency": "KRW",
        "amount": movement.amount,
    })
}

/// A time in Korea, with or without its time of day, in the form that sorts.
fn time_of(text: &str, time: NaiveTime) -> Result<String, Code> {
    let whole = text.parse::<NaiveDateTime>().ok();
    let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(time));
    let at = whole.or_else(day).ok_or("INVALID_DATE")?;
    Ok(at.format("%Y-%m-%dT%H:%M:%S").to_string())
}

//! Confirm, look up, cancel, give out an account.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{Code, Worked, look, refusal_json, work};
use super::payment_json;
use crate::mock::server::behaviour::{Behaviour, Call};
use crate::mock::server::company::Company;
use crate::mock::server::ledger::Desk;
use crate::mock::server::records::{
    DEPOSIT_HOURS, Means, NewPayment, PaymentRecord, Stage, Step, StepError,
};
use crate::mock::server::state::MockState;

/// What a charge of a wrong amount is off by, in won.
const WRONG_BY: i64 = 1;
/// The least that a card pays.
const AMOUNT_MIN: i64 = 100;
/// The most that is asked for at once.
const AMOUNT_MAX: i64 = 9_999_999_999;
/// What the test token of a virtual account begins with.
const ACCOUNT_TOKEN: &str = "tok_virtual_account";
const REASON_MAX_CHARS: usize = 200;
const HOLDER_MAX_CHARS: usize = 60;
const ACCOUNT_NUMBER_MAX_DIGITS: usize = 20;
/// The banks that an account may be of, by Toss's codes: a choice of the large ones.
const BANKS: [&str; 10] = ["04", "03", "11", "20", "23", "31", "71", "81", "88", "90"];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/payments/confirm", web::post().to(confirm))
        .route("/payments/orders/{order_id}", web::get().to(of_order))
        .route("/payments/{payment_key}", web::get().to(of_key))
        .route("/payments/{payment_key}/cancel", web::post().to(cancel))
        .route("/virtual-accounts", web::post().to(give_account));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmBody {
    payment_key: String,
    order_id: String,
    amount: i64,
}

async fn confirm(
    request: HttpRequest,
    mock: web::Data<MockState>,
    body: web::Bytes,
) -> HttpResponse {
    let body = parsed::<ConfirmBody>(&body);
    let token = body.as_ref().ok().map(|body| body.payment_key.as_str());
    let of_token = token.and_then(Behaviour::of_token);
    work(
        &request,
        &mock,
        Call::Confirm,
        of_token,
        move |desk, behaviour| confirmed(desk, &body?, behaviour),
    )
    .await
}

fn confirmed(
    desk: &mut Desk<'_>,
    body: &ConfirmBody,
    behaviour: Option<Behaviour>,
) -> Result<Worked, Code> {
    check_order_id(&body.order_id)?;
    let now = desk.now();
    let mut payment = session_of(desk, body, now)?;
    if payment.order_no != body.order_id {
        return Err("INVALID_REQUEST");
    }
    if body.amount < AMOUNT_MIN {
        return Err("BELOW_MINIMUM_AMOUNT");
    }
    if let (Stage::Aborted, Some(failure)) = (payment.stage, &payment.failure) {
        let known = super::errors::documented(failure);
        return Err(known.unwrap_or("REJECT_CARD_COMPANY"));
    }
    let charged = match behaviour {
        Some(Behaviour::Decline) => None,
        Some(Behaviour::WrongAmount) => Some(body.amount + WRONG_BY),
        Some(_) | None => Some(body.amount),
    };
    let decline = "REJECT_CARD_COMPANY";
    let step = payment
        .confirm(body.amount, charged, decline, now)
        .map_err(|error| match error {
            StepError::AlreadyConfirmed => "ALREADY_PROCESSED_PAYMENT",
            StepError::Expired | StepError::NotAuthenticated => "NOT_FOUND_PAYMENT_SESSION",
            other => code_of(other),
        })?;
    let is_declined = step == Step::Declined;
    let mut worked = Worked::paid(payment, step);
    if is_declined {
        (worked.status, worked.body) = refusal_json(decline);
    }
    Ok(worked)
}

/// The payment that the buyer agreed to: by its key, or for a test token made now as if they had.
fn session_of(
    desk: &Desk<'_>,
    body: &ConfirmBody,
    now: DateTime<Utc>,
) -> Result<PaymentRecord, Code> {
    let known = desk.payment(Company::Toss, &body.payment_key);
    if let Some(payment) = known {
        return Ok(payment);
    }
    let is_account = body.payment_key.starts_with(ACCOUNT_TOKEN);
    if !is_account && Behaviour::of_token(&body.payment_key).is_none() {
        return Err("NOT_FOUND_PAYMENT_SESSION");
    }
    if let Some(payment) = desk.payment_of_order(Company::Toss, &body.order_id) {
        return Ok(payment);
    }
    check_amount(body.amount)?;
    let means = if is_account {
        Means::VirtualAccount
    } else {
        Means::Card
    };
    let mut payment = PaymentRecord::begin(
        NewPayment {
            company: Company::Toss,
            order_no: body.order_id.clone(),
            order_name: "시험 주문".to_owned(),
            amount: body.amount,
            means,
        },
        now,
    );
    payment.authenticate(means, now).map_err(code_of)?;
    Ok(payment)
}

async fn of_key(
    request: HttpRequest,
    mock: web::Data<MockState>,
    key: web::Path<String>,
) -> HttpResponse {
    look(&request, &mock, move |desk| {
        found(desk, desk.payment(Company::Toss, &key))
    })
    .await
}

async fn of_order(
    request: HttpRequest,
    mock: web::Data<MockState>,
    order_id: web::Path<String>,
) -> HttpResponse {
    look(&request, &mock, move |desk| {
        found(desk, desk.payment_of_order(Company::Toss, &order_id))
    })
    .await
}

fn found(desk: &Desk<'_>, payment: Option<PaymentRecord>) -> Result<serde_json::Value, Code> {
    let mut payment = payment.ok_or("NOT_FOUND_PAYMENT")?;
    payment.stage = payment.stage_at(desk.now());
    Ok(payment_json(&payment))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelBody {
    cancel_reason: String,
    cancel_amount: Option<i64>,
    refundable_amount: Option<i64>,
    refund_receive_account: Option<ReceiveAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiveAccount {
    bank: String,
    account_number: String,
    holder_name: String,
}

async fn cancel(
    request: HttpRequest,
    mock: web::Data<MockState>,
    key: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let body = parsed::<CancelBody>(&body);
    work(
        &request,
        &mock,
        Call::Refund,
        None,
        move |desk, behaviour| {
            if behaviour == Some(Behaviour::Decline) {
                return Err("REFUND_REJECTED");
            }
            cancelled(desk, &key, &body?)
        },
    )
    .await
}

fn cancelled(desk: &mut Desk<'_>, key: &str, body: &CancelBody) -> Result<Worked, Code> {
    let reason = body.cancel_reason.as_str();
    if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
        return Err("INVALID_REQUEST");
    }
    if let Some(account) = &body.refund_receive_account {
        check_account(account)?;
    }
    let mut payment = desk
        .payment(Company::Toss, key)
        .ok_or("NOT_FOUND_PAYMENT")?;
    if body
        .refundable_amount
        .is_some_and(|expected| expected != payment.left())
    {
        return Err("NOT_MATCHES_REFUNDABLE_AMOUNT");
    }
    let has_account = body.refund_receive_account.is_some();
    let now = desk.now();
    let step = payment
        .cancel(body.cancel_amount, reason, None, has_account, now)
        .map_err(code_of)?;
    Ok(Worked::paid(payment, step))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountBody {
    amount: i64,
    order_id: String,
    order_name: String,
    customer_name: String,
    bank: String,
    valid_hours: Option<i64>,
}

async fn give_account(
    request: HttpRequest,
    mock: web::Data<MockState>,
    body: web::Bytes,
) -> HttpResponse {
    let body = parsed::<AccountBody>(&body);
    work(&request, &mock, Call::Confirm, None, move |desk, _| {
        let body = body?;
        check_order_id(&body.order_id)?;
        check_amount(body.amount)?;
        let hours = body.valid_hours.unwrap_or(DEPOSIT_HOURS);
        if !BANKS.contains(&body.bank.as_str()) {
            return Err("INVALID_BANK");
        }
        if !(1..=2_160).contains(&hours) || body.customer_name.is_empty() {
            return Err("INVALID_REQUEST");
        }
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
            means: Means::VirtualAccount,
        };
        let mut payment = PaymentRecord::begin(new, now);
        payment.give_account(now + TimeDelta::hours(hours), now);
        Ok(Worked::paid(payment, Step::NoMoney))
    })
    .await
}

pub(super) fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Code> {
    serde_json::from_slice(body).map_err(|_| "INVALID_REQUEST")
}

/// 6 to 64 letters, digits, `-`, `_`, `=`.
pub(super) fn check_order_id(order_id: &str) -> Result<(), Code> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    if (6..=64).contains(&order_id.len()) && order_id.bytes().all(plain) {
        return Ok(());
    }
    Err("INVALID_ORDER_ID")
}

/// Whether a payment can begin with these.
pub(in crate::mock::server) fn check_order(order_id: &str, amount: i64) -> Result<(), Code> {
    check_order_id(order_id)?;
    check_amount(amount)
}

pub(super) fn check_amount(amount: i64) -> Result<(), Code> {
    match amount {
        ..AMOUNT_MIN => Err("BELOW_MINIMUM_AMOUNT"),
        AMOUNT_MIN..=AMOUNT_MAX => Ok(()),
        _ => Err("INVALID_REQUEST_AMOUNT"),
    }
}

fn check_account(account: &ReceiveAccount) -> Result<(), Code> {
    let number = account.account_number.as_str();
    let is_number = (1..=ACCOUNT_NUMBER_MAX_DIGITS).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if !BANKS.contains(&account.bank.as_str()) {
        return Err("INVALID_BANK");
    }
    if !is_number {
        return Err("INVALID_REFUND_ACCOUNT_NUMBER");
    }
    if !(1..=HOLDER_MAX_CHARS).contains(&account.holder_name.chars().count()) {
        return Err("INVALID_REFUND_ACCOUNT_INFO");
    }
    Ok(())
}

/// What Toss calls a step that cannot be taken.
pub(super) fn code_of(error: StepError) -> Code {
    match error {
        StepError::Expired | StepError::NotAuthenticated => "NOT_FOUND_PAYMENT_SESSION",
        StepError::AlreadyConfirmed => "ALREADY_PROCESSED_PAYMENT",
        StepError::AmountDiffers | StepError::NotWaiting => "INVALID_REQUEST",
        StepError::NotPaid => "NOT_CANCELABLE_PAYMENT",
        StepError::AlreadyCancelled => "ALREADY_CANCELED_PAYMENT",
        StepError::MoreThanLeft => "NOT_CANCELABLE_AMOUNT",
        StepError::PartOfWaiting => "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
        StepError::NoAccount => "INVALID_REFUND_ACCOUNT_INFO",
        StepError::TooManyCancels => "EXCEED_CANCEL_LIMIT",
    }
}

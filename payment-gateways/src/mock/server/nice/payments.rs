//! Approve, look up, cancel.

use actix_web::{HttpRequest, HttpResponse, web};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use super::{hex_digest, payment_json};
use crate::mock::server::behaviour::{Behaviour, Call};
use crate::mock::server::company::Company;
use crate::mock::server::ledger::Desk;
use crate::mock::server::manner;
use crate::mock::server::records::{Means, NewPayment, PaymentRecord, Stage, Step, StepError};
use crate::mock::server::state::MockState;
use crate::mock::server::toss::in_korea;

/// A result code with its words.
#[derive(Clone, Copy, Debug)]
struct Code(&'static str, &'static str);

const DECLINED: Code = Code("3095", "카드사 실패 응답");
const INTERNAL: Code = Code("S999", "기타오류가 발생하였습니다.");
const INVALID: Code = Code("A212", "잘못된 데이터 형식입니다");
const SIGN_DATA_WRONG: Code = Code("A101", "SIGN DATA 검증에 실패하였습니다");
const TID_UNKNOWN: Code = Code("A115", "TID가 유효하지 않습니다");
const NOT_FOUND: Code = Code("U107", "거래내역이 존재 하지 않습니다.");
const AMOUNT_DIFFERS: Code = Code(
    "A123",
    "거래금액 불일치(인증된 금액과 승인요청 금액 불일치)",
);
const ORDER_USED: Code = Code("U112", "이미 사용된 OrderId 입니다.");
const TIME_OVER: Code = Code("A245", "인증 시간이 초과 되었습니다");
const ALREADY_APPROVED: Code = Code("2201", "기승인존재");
const CANCELLED_ALREADY: Code = Code("2013", "취소 완료 거래");
const CANCEL_IMPOSSIBLE: Code = Code("2014", "취소 불가능 거래");
const CANCEL_REPEATED: Code = Code("2015", "기 취소 요청");
const MORE_THAN_LEFT: Code = Code("2032", "취소금액이 취소가능금액보다 큼");
const NO_PART: Code = Code("2029", "부분취소 불가능 결제수단");
const WRONG_BY: i64 = 1;
const ACCOUNT_TOKEN: &str = "tok_virtual_account";
const ORDER_NO_MAX_BYTES: usize = 64;
const REASON_MAX_BYTES: usize = 100;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/payments/find/{order_id}", web::get().to(of_order))
        .route("/payments/{tid}", web::get().to(of_tid))
        .route("/payments/{tid}", web::post().to(approve))
        .route("/payments/{tid}/cancel", web::post().to(cancel));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApproveBody {
    amount: i64,
    edi_date: Option<String>,
    sign_data: Option<String>,
}

async fn approve(
    request: HttpRequest,
    mock: web::Data<MockState>,
    tid: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let secret = mock.nice_secret_key.clone();
    let tid = tid.into_inner();
    let of_token = Behaviour::of_token(&tid);
    // A test token knows of no order: the request's own id says which.
    let request_id = request.headers().get("X-Request-Id");
    let request_id = request_id.and_then(|value| value.to_str().ok().map(str::to_owned));
    work(
        &request,
        &mock,
        Call::Confirm,
        of_token,
        move |desk, behaviour| {
            let body = serde_json::from_slice::<ApproveBody>(&body).map_err(|_| INVALID)?;
            let amount = body.amount.to_string();
            let signed = [
                tid.as_str(),
                amount.as_str(),
                body.edi_date.as_deref().unwrap_or_default(),
                &secret,
            ];
            check_sign_data(body.sign_data.as_deref(), &signed)?;
            let mut payment = session_of(desk, &tid, request_id, body.amount)?;
            if payment.stage == Stage::Aborted {
                return Err(DECLINED);
            }
            let charged = match behaviour {
                Some(Behaviour::Decline) => None,
                Some(Behaviour::WrongAmount) => Some(body.amount + WRONG_BY),
                Some(_) | None => Some(body.amount),
            };
            let step = payment
                .confirm(body.amount, charged, DECLINED.0, desk.now())
                .map_err(code_of)?;
            Ok((payment, step, None))
        },
    )
    .await
}

/// The payment that the buyer agreed to; for a test token made now as if they had.
fn session_of(
    desk: &Desk<'_>,
    tid: &str,
    request_id: Option<String>,
    amount: i64,
) -> Result<PaymentRecord, Code> {
    if let Some(payment) = desk.payment(Company::Nice, tid) {
        return Ok(payment);
    }
    let is_account = tid.starts_with(ACCOUNT_TOKEN);
    if !is_account && Behaviour::of_token(tid).is_none() {
        return Err(TID_UNKNOWN);
    }
    let order_no = request_id.filter(|id| is_order_no(id)).ok_or(INVALID)?;
    if let Some(payment) = desk.payment_of_order(Company::Nice, &order_no) {
        return Ok(payment);
    }
    if amount < 1 {
        return Err(INVALID);
    }
    let means = if is_account {
        Means::VirtualAccount
    } else {
        Means::Card
    };
    let new = NewPayment {
        company: Company::Nice,
        order_no,
        order_name: "시험 주문".to_owned(),
        amount,
        means,
    };
    let mut payment = PaymentRecord::begin(new, desk.now());
    payment.authenticate(means, desk.now()).map_err(code_of)?;
    Ok(payment)
}

async fn of_tid(
    request: HttpRequest,
    mock: web::Data<MockState>,
    tid: web::Path<String>,
) -> HttpResponse {
    look(&request, &mock, move |desk| {
        desk.payment(Company::Nice, &tid)
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FindQuery {
    order_date: String,
}

async fn of_order(
    request: HttpRequest,
    mock: web::Data<MockState>,
    order_id: web::Path<String>,
) -> HttpResponse {
    let Ok(query) = web::Query::<FindQuery>::from_query(request.query_string()) else {
        return failed(INVALID);
    };
    look(&request, &mock, move |desk| {
        let payment = desk.payment_of_order(Company::Nice, &order_id)?;
        // Found only under the day that it was made on.
        let day = in_korea(payment.created_at).format("%Y%m%d").to_string();
        (day == query.order_date).then_some(payment)
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelBody {
    reason: String,
    order_id: String,
    cancel_amt: Option<i64>,
    edi_date: Option<String>,
    sign_data: Option<String>,
    refund_account: Option<String>,
    refund_bank_code: Option<String>,
    refund_holder: Option<String>,
}

async fn cancel(
    request: HttpRequest,
    mock: web::Data<MockState>,
    tid: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let secret = mock.nice_secret_key.clone();
    work(
        &request,
        &mock,
        Call::Refund,
        None,
        move |desk, behaviour| {
            let body = serde_json::from_slice::<CancelBody>(&body).map_err(|_| INVALID)?;
            let edi_date = body.edi_date.as_deref().unwrap_or_default();
            check_sign_data(
                body.sign_data.as_deref(),
                &[tid.as_str(), edi_date, &secret],
            )?;
            if !is_order_no(&body.order_id) || !(1..=REASON_MAX_BYTES).contains(&body.reason.len())
            {
                return Err(INVALID);
            }
            if behaviour == Some(Behaviour::Decline) {
                return Err(CANCEL_IMPOSSIBLE);
            }
            let mut payment = desk.payment(Company::Nice, &tid).ok_or(TID_UNKNOWN)?;
            let number = Some(body.order_id.as_str());
            if payment
                .cancels
                .iter()
                .any(|one| one.order_no.as_deref() == number)
            {
                return Err(CANCEL_REPEATED);
            }
            let has_account = body.refund_account.is_some()
                && body.refund_bank_code.is_some()
                && body.refund_holder.is_some();
            let step = payment
                .cancel(
                    body.cancel_amt,
                    &body.reason,
                    number,
                    has_account,
                    desk.now(),
                )
                .map_err(code_of)?;
            Ok((payment, step, body.order_id.parse().ok()))
        },
    )
    .await
}

/// What a piece of work came to: the payment, what moved, and the refund's key.
type Worked = (PaymentRecord, Step, Option<uuid::Uuid>);

async fn work(
    request: &HttpRequest,
    mock: &web::Data<MockState>,
    kind: Call,
    of_token: Option<Behaviour>,
    work: impl FnOnce(&mut Desk<'_>, Option<Behaviour>) -> Result<Worked, Code> + Send + 'static,
) -> HttpResponse {
    if !may_come_in(request, &mock.nice_secret_key) {
        return not_let_in();
    }
    let told = match mock.faults.instruct(Company::Nice, kind, request.headers()) {
        Ok(told) => told,
        Err(refusal) => return actix_web::ResponseError::error_response(&refusal),
    };
    let behaviour = told.behaviour.or(of_token);
    let secret = mock.nice_secret_key.clone();
    let done = mock.carry_out(told.delay, move |ledger, webhooks| {
        if !manner::does_something(behaviour) {
            return Ok(Err(INTERNAL));
        }
        let mut desk = ledger.desk();
        let (payment, step, refund_key) = match work(&mut desk, behaviour) {
            Ok(worked) => worked,
            Err(code) => return Ok(Err(code)),
        };
        desk.book(&payment, step, refund_key, None)?;
        manner::tell(&payment, step, webhooks, &secret);
        if step == Step::Declined {
            return Ok(Err(DECLINED));
        }
        Ok(Ok(payment_json(&payment, &secret, desk.now())))
    });
    let answer = match done.await {
        Ok(Ok(body)) => HttpResponse::Ok().json(body),
        Ok(Err(code)) => failed(code),
        Err(super::super::refusal::Refusal::KeyReused) => failed(ORDER_USED),
        Err(_) => broken(),
    };
    manner::give(request, mock, behaviour, answer, broken).await
}

async fn look(
    request: &HttpRequest,
    mock: &web::Data<MockState>,
    find: impl FnOnce(&Desk<'_>) -> Option<PaymentRecord> + Send + 'static,
) -> HttpResponse {
    if !may_come_in(request, &mock.nice_secret_key) {
        return not_let_in();
    }
    let told = match mock
        .faults
        .instruct(Company::Nice, Call::Inquire, request.headers())
    {
        Ok(told) => told,
        Err(refusal) => return actix_web::ResponseError::error_response(&refusal),
    };
    let secret = mock.nice_secret_key.clone();
    let found = mock.carry_out(told.delay, move |ledger, _| {
        let desk = ledger.desk();
        let now = desk.now();
        Ok(find(&desk).map(|mut payment| {
            payment.stage = payment.stage_at(now);
            payment_json(&payment, &secret, now)
        }))
    });
    let answer = match found.await {
        Ok(Some(body)) => HttpResponse::Ok().json(body),
        Ok(None) => failed(NOT_FOUND),
        Err(_) => broken(),
    };
    manner::give(request, mock, told.behaviour, answer, broken).await
}

fn may_come_in(request: &HttpRequest, secret_key: &str) -> bool {
    let given = request.headers().get("Authorization");
    let given = given.and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let user = given.and_then(|given| BASE64.decode(given.trim().as_bytes()).ok());
    let user = user.and_then(|user| String::from_utf8(user).ok());
    user.is_some_and(|user| {
        let parts = user.split_once(':');
        parts.is_some_and(|(client, secret)| !client.is_empty() && secret == secret_key)
    })
}

/// What is signed has to be signed well; NICE minds only those that sign.
fn check_sign_data(sign_data: Option<&str>, signed: &[&str]) -> Result<(), Code> {
    match sign_data {
        Some(sign_data) if sign_data != hex_digest(signed) => Err(SIGN_DATA_WRONG),
        Some(_) | None => Ok(()),
    }
}

fn is_order_no(order_no: &str) -> bool {
    (1..=ORDER_NO_MAX_BYTES).contains(&order_no.len())
}

fn failed(Code(code, message): Code) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "resultCode": code, "resultMsg": message }))
}

fn not_let_in() -> HttpResponse {
    let body = json!({ "resultCode": "U104", "resultMsg": "사용자 인증에 실패하였습니다." });
    HttpResponse::Unauthorized().json(body)
}

fn broken() -> HttpResponse {
    let Code(code, message) = INTERNAL;
    let body = json!({ "resultCode": code, "resultMsg": message });
    HttpResponse::InternalServerError().json(body)
}

/// What NICE calls a step that cannot be taken.
fn code_of(error: StepError) -> Code {
    match error {
        StepError::Expired => TIME_OVER,
        StepError::AlreadyConfirmed => ALREADY_APPROVED,
        StepError::NotAuthenticated | StepError::NotWaiting => TID_UNKNOWN,
        StepError::AmountDiffers => AMOUNT_DIFFERS,
        StepError::NotPaid | StepError::NoAccount | StepError::TooManyCancels => CANCEL_IMPOSSIBLE,
        StepError::AlreadyCancelled => CANCELLED_ALREADY,
        StepError::MoreThanLeft => MORE_THAN_LEFT,
        StepError::PartOfWaiting => NO_PART,
    }
}

//! What is the same for every call: who calls, errors on demand, repeats, faults.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::errors::{Language, documented, error, words};
use super::payment_json;
use crate::mock::server::behaviour::{Behaviour, Call};
use crate::mock::server::company::Company;
use crate::mock::server::ledger::Desk;
use crate::mock::server::manner;
use crate::mock::server::records::{Kept, PaymentRecord, ReplyRecord, Step};
use crate::mock::server::refusal::Refusal;
use crate::mock::server::state::MockState;

/// A code of Toss's.
pub(super) type Code = &'static str;

const TEST_CODE: &str = "TossPayments-Test-Code";
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IDEMPOTENCY_KEY_MAX_CHARS: usize = 300;
/// How long a key is remembered.
const IDEMPOTENCY_DAYS: i64 = 15;
/// How the keys of the API begin: its own and the widget's, to test with and to charge with.
const KEY_PREFIXES: [&str; 4] = ["test_sk", "test_gsk", "live_sk", "live_gsk"];
pub(super) const INTERNAL: Code = "FAILED_INTERNAL_SYSTEM_PROCESSING";

/// Who calls, and how they want to be answered.
pub(super) struct Caller {
    secret_key: String,
    pub(super) language: Language,
}

/// Why somebody may not come in.
pub(super) struct Denied {
    code: Code,
    language: Language,
}

/// What a piece of work came to.
pub(super) struct Worked {
    pub(super) payment: Option<(PaymentRecord, Step)>,
    /// What else is to be kept.
    pub(super) kept: Vec<Kept>,
    /// What else is told to the merchant.
    pub(super) notice: Option<Value>,
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Worked {
    /// The payment, as it is now.
    pub(super) fn paid(payment: PaymentRecord, step: Step) -> Self {
        Self {
            body: payment_json(&payment),
            payment: Some((payment, step)),
            kept: Vec::new(),
            notice: None,
            status: 200,
        }
    }

    /// Nothing: also that is what its key stands for from now on.
    fn refused(code: Code, language: Language) -> Self {
        let (status, message) = words(code, language);
        Self {
            payment: None,
            kept: Vec::new(),
            notice: None,
            status,
            body: json!({ "code": code, "message": message }),
        }
    }
}

/// Lets a caller in, or says why not: their key first, then the error that they ask for.
pub(super) fn enter(request: &HttpRequest) -> Result<Caller, Denied> {
    let language = Language::of(header(request, "Accept-Language"));
    let refuse = |code| Err(Denied { code, language });
    let Some(given) = header(request, "Authorization") else {
        return refuse("UNAUTHORIZED_KEY");
    };
    let user = given.strip_prefix("Basic ").and_then(|encoded| {
        let decoded = BASE64.decode(encoded.trim().as_bytes()).ok()?;
        String::from_utf8(decoded).ok()
    });
    let Some(secret_key) = user.as_deref().and_then(|user| user.strip_suffix(':')) else {
        return refuse("INCORRECT_BASIC_AUTH_FORMAT");
    };
    if !KEY_PREFIXES
        .iter()
        .any(|prefix| secret_key.starts_with(prefix))
    {
        return refuse("INVALID_API_KEY");
    }
    let wanted = header(request, TEST_CODE).and_then(documented);
    if let Some(code) = wanted.filter(|_| secret_key.starts_with("test_")) {
        return refuse(code);
    }
    let secret_key = secret_key.to_owned();
    Ok(Caller {
        secret_key,
        language,
    })
}

/// Does a piece of work that may move money: once for each key, in the manner that the caller, a fault or the
/// token asks for.
pub(super) async fn work(
    request: &HttpRequest,
    mock: &web::Data<MockState>,
    kind: Call,
    of_token: Option<Behaviour>,
    work: impl FnOnce(&mut Desk<'_>, Option<Behaviour>) -> Result<Worked, Code> + Send + 'static,
) -> HttpResponse {
    let caller = match enter(request) {
        Ok(caller) => caller,
        Err(denied) => return error(denied.code, denied.language),
    };
    let language = caller.language;
    let key = header(request, IDEMPOTENCY_KEY).map(str::to_owned);
    if key
        .as_ref()
        .is_some_and(|key| key.chars().count() > IDEMPOTENCY_KEY_MAX_CHARS)
    {
        return error("INVALID_IDEMPOTENCY_KEY", language);
    }
    let scope = key
        .as_ref()
        .map(|key| scope_of(request, &caller.secret_key, key));
    let place = match &scope {
        Some(scope) => match mock.under_way.enter(scope.clone()) {
            Some(place) => Some(place),
            None => return error("IDEMPOTENT_REQUEST_PROCESSING", language),
        },
        None => None,
    };
    let told = match mock.faults.instruct(Company::Toss, kind, request.headers()) {
        Ok(told) => told,
        Err(refusal) => return actix_web::ResponseError::error_response(&refusal),
    };
    let behaviour = told.behaviour.or(of_token);
    let refund_key = key.and_then(|key| key.parse::<Uuid>().ok());
    let nice_secret = mock.nice_secret_key.clone();
    let done = mock.carry_out(told.delay, move |ledger, webhooks| {
        // Held to the end of the work, which goes on when the caller does not.
        let _place = place;
        let mut desk = ledger.desk();
        let replay = scope.as_deref().and_then(|scope| remembered(&desk, scope));
        if let Some(reply) = replay {
            return Ok(Ok((reply.status, reply.body)));
        }
        if !manner::does_something(behaviour) {
            return Ok(Err(INTERNAL));
        }
        let worked =
            work(&mut desk, behaviour).unwrap_or_else(|code| Worked::refused(code, language));
        let (status, body) = (worked.status, worked.body.to_string());
        let reply = scope.map(|scope| ReplyRecord {
            scope,
            status,
            body: body.clone(),
            at: desk.now(),
        });
        match worked.payment {
            Some((payment, step)) => {
                if !worked.kept.is_empty() {
                    desk.keep(worked.kept)?;
                }
                desk.book(&payment, step, refund_key, reply)?;
                manner::tell(&payment, step, webhooks, &nice_secret);
            }
            None => {
                let mut kept = worked.kept;
                kept.extend(reply.map(Kept::Reply));
                desk.keep(kept)?;
            }
        }
        if let Some(notice) = worked.notice {
            webhooks.announce_as(Company::Toss, "a billing key".to_owned(), &notice);
        }
        Ok(Ok((status, body)))
    });
    let answer = match done.await {
        Ok(Ok((status, body))) => stored(status, body),
        Ok(Err(code)) => error(code, language),
        Err(Refusal::KeyReused) => error("DUPLICATED_ORDER_ID", language),
        Err(_) => error(INTERNAL, language),
    };
    manner::give(request, mock, behaviour, answer, || {
        error(INTERNAL, language)
    })
    .await
}

/// Looks something up: it moves nothing, but can go wrong as told.
pub(super) async fn look(
    request: &HttpRequest,
    mock: &web::Data<MockState>,
    find: impl FnOnce(&Desk<'_>) -> Result<Value, Code> + Send + 'static,
) -> HttpResponse {
    let language = match enter(request) {
        Ok(caller) => caller.language,
        Err(denied) => return error(denied.code, denied.language),
    };
    let told = match mock
        .faults
        .instruct(Company::Toss, Call::Inquire, request.headers())
    {
        Ok(told) => told,
        Err(refusal) => return actix_web::ResponseError::error_response(&refusal),
    };
    let found = mock.carry_out(told.delay, move |ledger, _| Ok(find(&ledger.desk())));
    let answer = match found.await {
        Ok(Ok(body)) => HttpResponse::Ok().json(body),
        Ok(Err(code)) => error(code, language),
        Err(_) => error(INTERNAL, language),
    };
    let behaviour = told.behaviour;
    manner::give(request, mock, behaviour, answer, || {
        error(INTERNAL, language)
    })
    .await
}

/// The body of an error that is an outcome: it is kept with it.
pub(super) fn refusal_json(code: Code) -> (u16, Value) {
    let (status, message) = words(code, Language::Korean);
    (status, json!({ "code": code, "message": message }))
}

pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    error(
        "NOT_FOUND",
        Language::of(header(&request, "Accept-Language")),
    )
}

/// What was answered under this key, if that is not too long ago.
fn remembered(desk: &Desk<'_>, scope: &str) -> Option<ReplyRecord> {
    let reply = desk.reply(scope)?;
    let is_fresh = desk.now() - reply.at <= TimeDelta::days(IDEMPOTENCY_DAYS);
    is_fresh.then_some(reply)
}

/// A key counts together with the API's key, the method and the address; the body is not looked at.
fn scope_of(request: &HttpRequest, secret_key: &str, key: &str) -> String {
    let (method, path) = (request.method(), request.path());
    let whole = format!("{secret_key}\n{method}\n{path}\n{key}");
    HEXLOWER.encode(&Sha256::digest(whole.as_bytes()))
}

fn stored(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("application/json")
        .body(body)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let value = request.headers().get(name)?;
    Some(value.to_str().unwrap_or_default())
}

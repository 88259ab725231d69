//! `POST /webhooks/{company}`: no token, since companies have none; the adapter looks who sent it.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::Utc;
use domain::PaymentId;
use domain::payment::{GatewayNotice, InquiryCause, Payment, RequestInquiry};
use failpoints::failpoint;
use platform::ApiError;
use tokio::time::timeout;

use super::taken::{Taken, command_of};
use super::{Acknowledgement, Delivery, Notice, Webhooks, billing_key};
use crate::api::CommandApi;
use crate::execute::{detached, unexecuted, unread};

/// The longest body: a company's notices hold one payment, some 4 KiB.
const BODY_MAX_BYTES: usize = 64 * 1024;
/// The most payments that one notice may name.
const PAYMENTS_MAX: usize = 10;
/// A notice is answered within this time, well within the ten seconds that Toss waits: what is not written down
/// by then is sent again.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// When a company is told to try again that sends too many.
const RETRY_AFTER_S: u32 = 1;
/// How deliveries are counted, by company and by what became of them.
const DELIVERIES: &str = "webhook_deliveries_total";

/// What became of a delivery that is the company's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Asked,
    MethodDeleted,
    NoNews,
    AboutNoPayment,
    UnknownMethod,
    UnknownPayment,
}

impl Outcome {
    /// As it is counted.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::MethodDeleted => "method_deleted",
            Self::NoNews => "no_news",
            Self::AboutNoPayment => "about_no_payment",
            Self::UnknownMethod => "unknown_method",
            Self::UnknownPayment => "unknown_payment",
        }
    }
}

crate::openapi::errors!(
    Errors,
    crate::openapi::PLAIN,
    [
        400: ["WEBHOOK_MALFORMED"],
        401: ["WEBHOOK_SIGNATURE_MISSING", "WEBHOOK_SIGNATURE_STALE", "WEBHOOK_SIGNATURE_WRONG"],
        404: ["WEBHOOK_NOT_OURS", "WEBHOOK_UNSUPPORTED"],
        413: ["WEBHOOK_TOO_LARGE"],
    ]
);

/// Takes what a payment company tells by itself. Nothing that it says of money is believed: the company is asked about
/// the payment that it names, soon and once. A saved payment method whose key it deleted is charged no more. Answered
/// as the company wants it.
#[utoipa::path(
    tag = "webhooks",
    params(("company" = String, Path, description = "The gateway's name.")),
    request_body(content = String, content_type = "application/json", description = "As the company documents it."),
    responses(
        (status = 200, description = "Taken, or known already: as the company wants to hear it.", content_type = "text/plain", body = String),
        Errors
    )
)]
#[post("/webhooks/{company}")]
pub(super) async fn receive_webhook(
    api: Data<CommandApi>,
    company: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let company = company.into_inner();
    let unsupported = || ApiError::not_found("WEBHOOK_UNSUPPORTED");
    let webhooks = api.gateways().webhooks().ok_or_else(unsupported)?;
    let company = api.gateways().named(Some(&company));
    let company = company.ok_or_else(unsupported)?.to_owned();
    let notice = read(webhooks, &company, &request, &body).inspect_err(|error| {
        count(&company, "refused");
        let code = error.code();
        // Anybody may send one, as often as they like: the counter tells.
        tracing::debug!(
            gateway.name = company,
            code,
            "a webhook of {company} is refused: {code}"
        );
    })?;
    if !api.pace().takes(&company, Instant::now()) {
        count(&company, "too_many");
        return Err(ApiError::overloaded().with_retry_after_s(RETRY_AFTER_S));
    }
    let acknowledgement = webhooks.acknowledgement(&company);
    let outcome = in_time({
        let (api, company) = (api.get_ref().clone(), company.clone());
        detached(async move { take_in(&api, &company, notice).await })
    })
    .await?;
    count(&company, outcome.as_str());
    if outcome == Outcome::UnknownPayment {
        return Err(ApiError::not_found("WEBHOOK_NOT_OURS"));
    }
    acknowledged(&acknowledgement)
}

/// What the company says, if it is the company that says it.
fn read(
    webhooks: &dyn Webhooks,
    company: &str,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<Notice, ApiError> {
    if body.len() > BODY_MAX_BYTES {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(ApiError::new(status, "WEBHOOK_TOO_LARGE"));
    }
    let headers = header_lines(request);
    let delivery = Delivery {
        company,
        headers: &headers,
        body,
        received_at: Utc::now(),
    };
    webhooks.read(&delivery)
}

/// Waits for it as long as a company waits for its answer.
async fn in_time<T>(work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let done = timeout(ANSWER_MAX, work).await;
    done.unwrap_or_else(|_| Err(ApiError::unavailable()))
}

/// Acts on what the notice is about.
async fn take_in(api: &CommandApi, company: &str, notice: Notice) -> Result<Outcome, ApiError> {
    if let Some((key, keys)) = notice.billing_key.zip(api.gateways().saved_keys()) {
        let taken = billing_key::take_in(api, company, &*keys, &key).await?;
        return Ok(match taken {
            // Erased by now: the company need not tell of it again.
            Taken::Unknown => Outcome::UnknownMethod,
            Taken::NoNews => Outcome::NoNews,
            Taken::Acted => Outcome::MethodDeleted,
        });
    }
    if notice.payments.is_empty() {
        return Ok(Outcome::AboutNoPayment);
    }
    Ok(
        match ask(api, company, notice.payments, notice.claim).await? {
            Taken::Unknown => Outcome::UnknownPayment,
            Taken::NoNews => Outcome::NoNews,
            Taken::Acted => Outcome::Asked,
        },
    )
}

/// Has the company asked about each payment that the notice names. Looked at before it is written, so that a
/// forged notice leaves nothing behind.
async fn ask(
    api: &CommandApi,
    company: &str,
    payments: Vec<PaymentId>,
    claim: GatewayNotice,
) -> Result<Taken, ApiError> {
    failpoint!("command-api.webhook.read");
    let mut best = Taken::Unknown;
    for payment_id in payments.into_iter().take(PAYMENTS_MAX) {
        let loaded = api.store().load::<Payment>(payment_id).await;
        let (state, _) = loaded.map_err(|error| unread(&error))?;
        let Ok(payment) = state.requested() else {
            continue;
        };
        if payment.gateway != company {
            continue;
        }
        best = best.max(Taken::NoNews);
        if payment.wants_inquiry(&claim, Utc::now()) {
            request_inquiry(api, company, (payment_id, payment.notices), claim.clone()).await?;
            best = Taken::Acted;
        }
    }
    Ok(best)
}

async fn request_inquiry(
    api: &CommandApi,
    company: &str,
    (payment_id, before): (PaymentId, u32),
    claim: GatewayNotice,
) -> Result<(), ApiError> {
    // Doubles of a notice that come at once are one command; the payment knows those that come later.
    let key = format!("{}/{payment_id}/{before}", claim.notice_id);
    let now = Utc::now();
    let notice_id = claim.notice_id.clone();
    let cause = InquiryCause::Notice(claim);
    let inquire = RequestInquiry {
        payment_id,
        cause,
        now,
    };
    let command = command_of(company, &key, inquire, now);
    let outcome = api.store().execute(command).await.map_err(unexecuted)?;
    failpoint!("command-api.webhook.asked");
    tracing::info!(
        payment.id = %payment_id, gateway.name = company, notice.id = notice_id,
        log.position = outcome.position, replayed = outcome.replayed,
        "{company} told of payment {payment_id}: it is asked about"
    );
    Ok(())
}

fn header_lines(request: &HttpRequest) -> Vec<(String, String)> {
    let lines = request.headers().iter();
    let readable = lines.filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    readable.collect()
}

fn acknowledged(how: &Acknowledgement) -> Result<HttpResponse, ApiError> {
    let status = StatusCode::from_u16(how.status);
    let status = status.map_err(|error| ApiError::internal(&error))?;
    Ok(HttpResponse::build(status)
        .content_type(how.content_type)
        .body(how.body))
}

fn count(company: &str, outcome: &'static str) {
    let labels = [
        ("gateway", company.to_owned()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!(DELIVERIES, &labels).increment(1);
}

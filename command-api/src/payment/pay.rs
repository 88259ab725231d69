//! `POST /orders/{id}/payments` (PAY-01).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::checkout::RequestPayment;
use domain::points::Points;
use domain::{OrderId, PaymentId, PaymentMethodId, UserId};
use platform::{ApiError, Customer, JsonWithBytes};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wait::PaymentRequest;
use crate::api::CommandApi;
use crate::call::{Call, KeyedCall, user_of};
use crate::execute::detached;
use crate::input::{self, Length, MoneyBody, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::order::{after, in_path};
use crate::respond::{Reply, respond};

/// Where a payment can be read.
const COLLECTION: &str = "/api/v1/payments/";
/// How long a token may be; the domain's own limit.
const TOKEN: Length = Length { min: 1, max: 200 };

/// How an order is paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewPayment)]
pub(super) struct Body {
    /// What the gateway gave the buyer's browser (Toss calls it `paymentKey`), which began with the order's
    /// `paymentId` and with the money that is left to pay. Never a card number. Not needed where points pay all of it.
    #[schema(min_length = 1, max_length = 200, example = "tok_approve")]
    token: Option<String>,
    /// A saved payment method of the caller's, charged without a browser by its own gateway. Instead of a token.
    #[schema(value_type = Option<Uuid>)]
    payment_method_id: Option<String>,
    /// How many of the buyer's points pay a part of it, or all: 1 point is 1 won.
    #[serde(default)]
    #[schema(minimum = 0, example = 0)]
    points: i64,
    /// Which gateway; the shop's own choice when left out.
    gateway: Option<String>,
    /// A coupon of the caller's, if none was given with the order.
    coupon_code: Option<String>,
}

/// A payment that was asked for.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentRequested)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct RequestedBody {
    /// The payment.
    id: Uuid,
    /// The order that it pays.
    order_id: Uuid,
    /// What is paid with money.
    amount: MoneyBody,
    /// What is paid with points.
    points: i64,
    /// SUCCEEDED, or PENDING while the outcome is still to come.
    status: String,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [
        400: [
            "COUPON_NOT_FOUND",
            "COUPON_ALREADY_APPLIED",
            "COUPON_ALREADY_USED",
            "COUPON_EXPIRED",
            "COUPON_NOT_APPLICABLE",
        ],
        402: ["PAYMENT_DECLINED"],
        404: ["ORDER_NOT_FOUND", "PAYMENT_METHOD_NOT_FOUND"],
        409: ["ORDER_NOT_PAYABLE", "PAYMENT_METHOD_NOT_ACTIVE", "INSUFFICIENT_POINTS", "POINTS_TOO_SCATTERED"],
    ]
);

/// Pays an order, and waits, bounded, for the outcome. With `Prefer: respond-async` it does not wait.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = Uuid, Path, description = "The order."),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: 202 at once."),
        KeyedHeaders
    ),
    request_body = Body,
    responses(
        (status = 201, description = "Charged, or still under way.", body = platform::Data<RequestedBody>),
        (status = 202, description = "Under way; ask `Location`.", body = platform::Data<RequestedBody>),
        Errors
    ),
    security(("bearer" = []))
)]
#[post("/orders/{id}/payments")]
pub(super) async fn pay_order(
    api: Data<CommandApi>,
    customer: Customer,
    call: KeyedCall,
    id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let KeyedCall(call) = call;
    let order_id = in_path(&id)?;
    let user_id = user_of(&customer)?;
    let operation = body.value.into_operation(&api, order_id, user_id, &call)?;
    let request = PaymentRequest {
        store: api.store().clone(),
        outcomes: api.outcomes().clone(),
        ticket: api.take(&customer, &call, &body.bytes)?,
        operation,
        wait: (!call.respond_async).then_some(api.config().payment_wait),
    };
    let outcome = detached(request.run()).await?;
    Ok(respond(outcome, &Reply::created(COLLECTION)))
}

impl Body {
    fn into_operation(
        self,
        api: &CommandApi,
        order_id: OrderId,
        user_id: UserId,
        call: &Call,
    ) -> Result<RequestPayment, ApiError> {
        let mut problems = Problems::default();
        let token = match self.token {
            Some(token) => problems.take("token", input::token(token, TOKEN)),
            // Whether one is needed, the payment's own rules say.
            None => Some(String::new()),
        };
        let names_gateway = self.gateway.is_some();
        let method_id = self.payment_method_id.and_then(|id| {
            let is_alone = token.as_deref() == Some("") && !names_gateway;
            problems.take("paymentMethodId", saved_method(&id, is_alone))
        });
        let points = Points::new(self.points)
            .map_err(|error| Problem::new("OUT_OF_RANGE", error.to_string()));
        let points = problems.take("points", points);
        let gateway = api.gateways().named(self.gateway.as_deref());
        let gateway =
            gateway.ok_or_else(|| Problem::new("UNKNOWN_GATEWAY", "there is no such gateway"));
        let gateway = problems.take("gateway", gateway);
        let coupon = self.coupon_code;
        let coupon = coupon.and_then(|code| problems.take("couponCode", input::coupon_code(&code)));
        let (Some(token), Some(points), Some(gateway), true) =
            (token, points, gateway, problems.is_empty())
        else {
            return Err(problems.into_error());
        };
        Ok(RequestPayment {
            payment_id: PaymentId::of_order(order_id),
            order_id,
            user_id,
            gateway: gateway.to_owned(),
            token,
            method_id,
            points,
            coupon,
            now: call.now,
            confirmation_due_at: after(call.now, api.config().confirmation_delay),
        })
    }
}

/// The method that is charged: with a token beside it nobody would know which is meant, and its gateway is its own.
fn saved_method(id: &str, is_alone: bool) -> Result<PaymentMethodId, Problem> {
    if !is_alone {
        return Err(Problem::new(
            "INVALID_VALUE",
            "instead of a token and a gateway, not beside them",
        ));
    }
    id.parse()
        .map_err(|_| Problem::new("INVALID_VALUE", "not an id"))
}

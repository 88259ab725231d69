//! `POST /payment-methods`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use domain::payment_method::RequestPaymentMethod;
use domain::{PaymentMethodId, UserId};
use platform::{ApiError, Customer, JsonWithBytes};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::off;
use crate::api::CommandApi;
use crate::call::{KeyedCall, user_of};
use crate::input::{self, Length, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::respond::Reply;

/// Where a method can be read.
const COLLECTION: &str = "/api/v1/payment-methods/";
/// How long what the browser brings may be; the domain's own limit.
const AUTH_KEY: Length = Length { min: 1, max: 300 };

/// A card to be saved.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewPaymentMethod)]
pub(super) struct Body {
    /// What the payment company gave the caller's browser. Never a card number.
    #[schema(min_length = 1, max_length = 300, example = "tok_approve")]
    auth_key: String,
    /// Which company; the shop's own choice when left out.
    gateway: Option<String>,
}

/// A method that was asked for.
#[derive(ToSchema)]
#[schema(as = PaymentMethodRequested)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct RequestedBody {
    /// The method.
    id: Uuid,
    /// The company.
    gateway: String,
    /// PENDING, until the company has answered.
    status: String,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [409: ["PAYMENT_METHODS_OFF", "TOO_MANY_PAYMENT_METHODS"]]
);

/// Saves a card of the caller's, so that it can be charged without a browser. The company is asked after the
/// answer; ask `Location` what became of it.
#[utoipa::path(
    tag = "payment-methods",
    params(KeyedHeaders),
    request_body = Body,
    responses(
        (status = 202, description = "Under way; ask `Location`.", body = platform::Data<RequestedBody>),
        Errors
    ),
    security(("bearer" = []))
)]
#[post("/payment-methods")]
pub(super) async fn request_payment_method(
    api: Data<CommandApi>,
    customer: Customer,
    call: KeyedCall,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    api.gateways().customer_keys().ok_or_else(off)?;
    let operation = body.value.into_operation(&api, user_of(&customer)?)?;
    let reply = Reply::accepted_at(COLLECTION);
    api.execute(&customer, &call.0, &body.bytes, operation, reply)
        .await
}

impl Body {
    fn into_operation(
        self,
        api: &CommandApi,
        user_id: UserId,
    ) -> Result<RequestPaymentMethod, ApiError> {
        let mut problems = Problems::default();
        let auth_token = problems.take("authKey", input::token(self.auth_key, AUTH_KEY));
        let gateway = api.gateways().named(self.gateway.as_deref());
        let gateway =
            gateway.ok_or_else(|| Problem::new("UNKNOWN_GATEWAY", "there is no such gateway"));
        let gateway = problems.take("gateway", gateway);
        let (Some(auth_token), Some(gateway)) = (auth_token, gateway) else {
            return Err(problems.into_error());
        };
        Ok(RequestPaymentMethod {
            user_id,
            method_id: PaymentMethodId::new(Uuid::now_v7()),
            gateway: gateway.to_owned(),
            auth_token,
        })
    }
}

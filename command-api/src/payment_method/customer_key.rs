//! `POST /payment-methods/customer-key`.

use actix_web::web::{Data, Json};
use actix_web::{Responder, post};
use platform::{ApiError, Customer, NoBody};
use serde::Serialize;
use utoipa::ToSchema;

use super::off;
use crate::api::CommandApi;
use crate::call::{Call, user_of};
use crate::openapi::{PLAIN, PlainHeaders, errors};

/// What the browser begins with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CustomerKey {
    /// The name by which the payment companies know the caller.
    customer_key: String,
}

errors!(Errors, PLAIN, [409: ["PAYMENT_METHODS_OFF"]]);

/// The name by which the payment companies know the caller: the browser begins with it when a card is to be
/// saved, and a key is issued to no other. It is always the same for the same user, and nothing is recorded.
#[utoipa::path(
    tag = "payment-methods",
    params(PlainHeaders),
    responses((status = 200, description = "The name.", body = platform::Data<CustomerKey>), Errors),
    security(("bearer" = []))
)]
#[post("/payment-methods/customer-key")]
pub(super) async fn customer_key(
    api: Data<CommandApi>,
    customer: Customer,
    _: Call,
    _: NoBody,
) -> Result<impl Responder, ApiError> {
    let user_id = user_of(&customer)?;
    let keys = api.gateways().customer_keys().ok_or_else(off)?;
    let customer_key = keys.of(user_id.as_str());
    Ok(Json(
        serde_json::json!({ "data": CustomerKey { customer_key } }),
    ))
}

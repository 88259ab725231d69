//! `POST /payment-methods/customer-key`.

use actix_web::{post, web};
use platform::{ApiError, Customer, Data, NoBody};
use serde::Serialize;
use utoipa::ToSchema;

use super::off;
use crate::api::CommandApi;
use crate::call::{Call, user_of};
use crate::openapi::{PLAIN, PlainHeaders, errors};

/// What the browser begins with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomerKey {
    /// The name by which the payment companies know the caller.
    customer_key: String,
}

errors!(Errors, PLAIN, [409: ["PAYMENT_METHODS_OFF"]]);

/// The name by which the payment companies know the caller: the browser begins with it when a card is to be
/// saved, and a key is issued to no other. It is always the same for the same user, and nothing is recorded.
#[utoipa::path(
    tag = "payment-methods",
    params(PlainHeaders),
    responses((status = 200, description = "The name.", body = Data<CustomerKey>), Errors),
    security(("bearer" = []))
)]
#[post("/payment-methods/customer-key")]
pub(super) async fn customer_key(
    api: web::Data<CommandApi>,
    customer: Customer,
    _: Call,
    _: NoBody,
) -> Result<Data<CustomerKey>, ApiError> {
    let user_id = user_of(&customer)?;
    let keys = api.gateways().customer_keys().ok_or_else(off)?;
    let customer_key = keys.of(user_id.as_str());
    let position = api.store().log().known_head();
    Ok(Data::new(CustomerKey { customer_key }).at_position(position))
}

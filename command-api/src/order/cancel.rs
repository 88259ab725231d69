//! `POST /orders/{id}/cancel` (O-04).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::checkout::{AskedBy, CancelOrder};
use domain::{OrderId, RefundId};
use platform::{ApiError, JsonWithBytes, Principal, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OrderStatusBody, in_path};
use crate::api::CommandApi;
use crate::call::{Call, user_of};
use crate::input::{self, Length, Problems};
use crate::openapi::{PlainHeaders, WITH_BODY, errors};
use crate::respond::Reply;

/// How long the reason may be.
const REASON: Length = Length { min: 1, max: 500 };

/// Why an order is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderCancellation)]
pub(super) struct Body {
    /// In the caller's words.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

errors!(
    Errors,
    WITH_BODY,
    [
        400: ["ORDER_ALREADY_CANCELLED"],
        404: ["ORDER_NOT_FOUND"],
        409: ["ORDER_NOT_CANCELLABLE"],
    ]
);

/// Cancels an order: what it holds goes back, and a paid one is refunded. A customer cancels their own, an
/// operator any.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path, description = "The order."), PlainHeaders),
    request_body = Body,
    responses((status = 200, description = "Cancelled.", body = platform::Data<OrderStatusBody>), Errors),
    security(("bearer" = []))
)]
#[post("/orders/{id}/cancel")]
pub(super) async fn cancel_order(
    api: Data<CommandApi>,
    caller: Principal,
    call: Call,
    id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let by = cancelled_by(&caller)?;
    let operation = body.value.into_operation(in_path(&id)?, by)?;
    api.execute(&caller, &call, &body.bytes, operation, Reply::ok())
        .await
}

fn cancelled_by(caller: &Principal) -> Result<AskedBy, ApiError> {
    if caller.has(Role::Operator) {
        return Ok(AskedBy::Operator);
    }
    caller.require(Role::Customer)?;
    user_of(caller).map(AskedBy::User)
}

impl Body {
    fn into_operation(self, order_id: OrderId, by: AskedBy) -> Result<CancelOrder, ApiError> {
        let mut problems = Problems::default();
        let reason = problems.take("reason", input::prose(self.reason, REASON));
        let Some(reason) = reason else {
            return Err(problems.into_error());
        };
        let refund_id = RefundId::new(Uuid::now_v7());
        Ok(CancelOrder {
            order_id,
            by,
            reason,
            refund_id,
        })
    }
}

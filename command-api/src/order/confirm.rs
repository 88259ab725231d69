//! `POST /orders/{id}/confirm` (O-03): by itself it comes a while after the payment.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::LotId;
use domain::checkout::ConfirmOrder;
use platform::{ApiError, NoBody, Operator};
use uuid::Uuid;

use super::{OrderStatusBody, in_path};
use crate::api::CommandApi;
use crate::call::Call;
use crate::openapi::{PLAIN, PlainHeaders, errors};
use crate::respond::Reply;

errors!(
    Errors,
    PLAIN,
    [404: ["ORDER_NOT_FOUND"], 409: ["ORDER_STATUS_CONFLICT"]]
);

/// Confirms a paid order at once: from then on it is not cancelled but refunded. It earns its points now.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path, description = "The order."), PlainHeaders),
    responses((status = 200, description = "Confirmed.", body = platform::Data<OrderStatusBody>), Errors),
    security(("bearer" = []))
)]
#[post("/orders/{id}/confirm")]
pub(super) async fn confirm_order(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let operation = ConfirmOrder {
        order_id: in_path(&id)?,
        lot_id: LotId::new(Uuid::now_v7()),
        earning: api.config().earning,
        now: call.now,
    };
    api.execute(&operator, &call, b"", operation, Reply::ok())
        .await
}

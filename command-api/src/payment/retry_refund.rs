//! `POST /payments/{id}/refunds/{refundId}/retry`: an operator has a refund tried again that is tried no more.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::payment::RetryRefund;
use platform::{ApiError, NoBody, Operator};
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund::{payment_in_path, refund_in_path};
use crate::api::CommandApi;
use crate::call::KeyedCall;
use crate::openapi::{KeyedHeaders, WITH_KEY, errors};
use crate::respond::Reply;

/// A refund that is tried again.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefundRetried)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct RetriedBody {
    /// The refund.
    id: Uuid,
    /// Of this payment.
    payment_id: Uuid,
    /// PENDING: it is tried in a moment, and then on the schedule.
    status: String,
}

errors!(
    Errors,
    WITH_KEY,
    [
        404: ["PAYMENT_NOT_FOUND", "REFUND_NOT_FOUND"],
        409: ["REFUND_NOT_RETRYABLE"],
    ]
);

/// Tries a refund again whose schedule is over, under the same id, and on the schedule from its beginning.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = Uuid, Path, description = "The payment."),
        ("refundId" = Uuid, Path, description = "The refund."),
        KeyedHeaders
    ),
    responses((status = 202, description = "It is tried again.", body = platform::Data<RetriedBody>), Errors),
    security(("bearer" = []))
)]
#[post("/payments/{id}/refunds/{refundId}/retry")]
pub(super) async fn retry_refund(
    api: Data<CommandApi>,
    operator: Operator,
    call: KeyedCall,
    ids: Path<(String, String)>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let (payment_id, refund_id) = ids.into_inner();
    let retry = RetryRefund {
        payment_id: payment_in_path(&payment_id)?,
        refund_id: refund_in_path(&refund_id)?,
        now: call.0.now,
    };
    api.execute(&operator, &call.0, b"", retry, Reply::accepted())
        .await
}

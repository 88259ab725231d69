//! `POST /payment-methods/{id}/default` and `DELETE /payment-methods/{id}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, post};
use domain::payment_method::{DeletePaymentMethod, DeletionReason, MakeDefaultPaymentMethod};
use platform::{ApiError, Customer, NoBody};
use utoipa::ToSchema;
use uuid::Uuid;

use super::in_path;
use crate::api::CommandApi;
use crate::call::{Call, user_of};
use crate::openapi::{PLAIN, PlainHeaders, errors};
use crate::respond::Reply;

/// A method that is the default now.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DefaultPaymentMethod)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct DefaultBody {
    /// The method.
    id: Uuid,
    /// Always true.
    is_default: bool,
}

/// A method that is charged no more.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeletedPaymentMethod)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct DeletedBody {
    /// The method.
    id: Uuid,
    /// DELETED.
    status: String,
    /// The one that is the default now, if any is left.
    default_id: Option<Uuid>,
}

errors!(
    Errors,
    PLAIN,
    [404: ["PAYMENT_METHOD_NOT_FOUND"], 409: ["PAYMENT_METHOD_NOT_ACTIVE"]]
);

/// Makes a method of the caller's the one that is taken when none is named.
#[utoipa::path(
    tag = "payment-methods",
    params(("id" = Uuid, Path, description = "The method."), PlainHeaders),
    responses((status = 200, description = "It is.", body = platform::Data<DefaultBody>), Errors),
    security(("bearer" = []))
)]
#[post("/payment-methods/{id}/default")]
pub(super) async fn make_default(
    api: Data<CommandApi>,
    customer: Customer,
    call: Call,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let operation = MakeDefaultPaymentMethod {
        user_id: user_of(&customer)?,
        method_id: in_path(&id)?,
    };
    api.execute(&customer, &call, b"", operation, Reply::ok())
        .await
}

/// Deletes a method of the caller's: it is charged no more from now on, and its key is erased at the company and
/// here. When it was the default, the newest of those left becomes it.
#[utoipa::path(
    tag = "payment-methods",
    params(("id" = Uuid, Path, description = "The method."), PlainHeaders),
    responses((status = 200, description = "Deleted.", body = platform::Data<DeletedBody>), Errors),
    security(("bearer" = []))
)]
#[delete("/payment-methods/{id}")]
pub(super) async fn delete_payment_method(
    api: Data<CommandApi>,
    customer: Customer,
    call: Call,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let operation = DeletePaymentMethod {
        user_id: user_of(&customer)?,
        method_id: in_path(&id)?,
        reason: DeletionReason::Requested,
    };
    api.execute(&customer, &call, b"", operation, Reply::ok())
        .await
}

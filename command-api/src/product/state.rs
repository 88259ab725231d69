//! `POST /products/{id}/on-sale` and `/sold-out` (P-03).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::product::{ChangeProduct, ProductCommand};
use platform::{ApiError, NoBody, Operator};

use super::{ProductVersion, in_path};
use crate::api::CommandApi;
use crate::call::Call;
use crate::openapi::{PLAIN, PlainHeaders, errors};
use crate::respond::Reply;

errors!(
    Errors,
    PLAIN,
    [404: ["PRODUCT_NOT_FOUND"], 409: ["PRODUCT_STATE_CONFLICT"]]
);

/// Puts a product on sale. Repeated, it does nothing.
#[utoipa::path(
    tag = "products",
    params(("id" = Uuid, Path, description = "The product."), PlainHeaders),
    responses((status = 200, description = "On sale.", body = platform::Data<ProductVersion>), Errors),
    security(("bearer" = []))
)]
#[post("/products/{id}/on-sale")]
pub(super) async fn put_on_sale(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    change(&api, &operator, &call, &id, ProductCommand::PutOnSale).await
}

/// Marks a product as sold out: it is shown, and cannot be ordered. Repeated, it does nothing.
#[utoipa::path(
    tag = "products",
    params(("id" = Uuid, Path, description = "The product."), PlainHeaders),
    responses((status = 200, description = "Sold out.", body = platform::Data<ProductVersion>), Errors),
    security(("bearer" = []))
)]
#[post("/products/{id}/sold-out")]
pub(super) async fn mark_sold_out(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    change(&api, &operator, &call, &id, ProductCommand::MarkSoldOut).await
}

async fn change(
    api: &CommandApi,
    operator: &Operator,
    call: &Call,
    id: &str,
    command: ProductCommand,
) -> Result<HttpResponse, ApiError> {
    let product_id = in_path(id)?;
    let operation = ChangeProduct {
        product_id,
        command,
    };
    api.execute(operator, call, b"", operation, Reply::ok().with_version())
        .await
}

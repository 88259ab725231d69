//! `POST /products/{id}/stock/receipts`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::ProductId;
use domain::inventory::ReceiveStock;
use platform::{ApiError, JsonWithBytes, Operator};
use serde::Deserialize;
use utoipa::ToSchema;

use super::StockLevel;
use crate::api::CommandApi;
use crate::call::KeyedCall;
use crate::input::{self, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::product::in_path;
use crate::respond::Reply;

/// Stock that arrives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockReceipt)]
pub(super) struct Body {
    /// 1 to 32 lower-case letters, digits or hyphens.
    #[schema(min_length = 1, max_length = 32, example = "seoul")]
    warehouse: String,
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: i64,
}

errors!(Errors, WITH_BODY_AND_KEY, [404: ["PRODUCT_NOT_FOUND"]]);

/// Takes in stock that arrives at a warehouse.
#[utoipa::path(
    tag = "stock",
    params(("id" = Uuid, Path, description = "The product."), KeyedHeaders),
    request_body = Body,
    responses((status = 200, description = "Taken in.", body = platform::Data<StockLevel>), Errors),
    security(("bearer" = []))
)]
#[post("/products/{id}/stock/receipts")]
pub(super) async fn receive_stock(
    api: Data<CommandApi>,
    operator: Operator,
    call: KeyedCall,
    id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let operation = body.value.into_operation(in_path(&id)?)?;
    api.execute(&operator, &call.0, &body.bytes, operation, Reply::ok())
        .await
}

impl Body {
    fn into_operation(self, product_id: ProductId) -> Result<ReceiveStock, ApiError> {
        let mut problems = Problems::default();
        let warehouse = problems.take("warehouse", input::warehouse(&self.warehouse));
        let quantity = problems.take("quantity", input::quantity(self.quantity));
        let (Some(warehouse), Some(quantity)) = (warehouse, quantity) else {
            return Err(problems.into_error());
        };
        Ok(ReceiveStock {
            product_id,
            warehouse,
            quantity,
        })
    }
}

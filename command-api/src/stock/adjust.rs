//! `POST /products/{id}/stock/adjustments`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::inventory::AdjustStock;
use domain::{ProductId, Quantity};
use platform::{ApiError, JsonWithBytes, Operator};
use serde::Deserialize;
use utoipa::ToSchema;

use super::StockLevel;
use crate::api::CommandApi;
use crate::call::KeyedCall;
use crate::input::{self, Length, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::product::in_path;
use crate::respond::Reply;

/// How long the reason of a correction may be; the domain's own limit.
const REASON: Length = Length { min: 1, max: 200 };

/// A corrected count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockAdjustment)]
pub(super) struct Body {
    /// 1 to 32 lower-case letters, digits or hyphens.
    #[schema(min_length = 1, max_length = 32, example = "seoul")]
    warehouse: String,
    /// By how much, up or down; not zero.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    delta: i64,
    /// Why, for whoever audits.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [404: ["PRODUCT_NOT_FOUND"], 409: ["INSUFFICIENT_STOCK"]]
);

/// Corrects a warehouse's count, never below what orders hold there.
#[utoipa::path(
    tag = "stock",
    params(("id" = Uuid, Path, description = "The product."), KeyedHeaders),
    request_body = Body,
    responses((status = 200, description = "Corrected.", body = platform::Data<StockLevel>), Errors),
    security(("bearer" = []))
)]
#[post("/products/{id}/stock/adjustments")]
pub(super) async fn adjust_stock(
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
    fn into_operation(self, product_id: ProductId) -> Result<AdjustStock, ApiError> {
        let mut problems = Problems::default();
        let warehouse = problems.take("warehouse", input::warehouse(&self.warehouse));
        let delta = problems.take("delta", delta(self.delta));
        let reason = problems.take("reason", input::text(self.reason, REASON));
        let (Some(warehouse), Some(delta), Some(reason)) = (warehouse, delta, reason) else {
            return Err(problems.into_error());
        };
        Ok(AdjustStock {
            product_id,
            warehouse,
            delta,
            reason,
        })
    }
}

fn delta(pieces: i64) -> Result<i32, Problem> {
    let in_range = pieces != 0 && pieces.unsigned_abs() <= u64::from(Quantity::MAX);
    let delta = i32::try_from(pieces).ok().filter(|_| in_range);
    delta.ok_or_else(|| {
        let message = format!("-{0} to {0}, not zero", Quantity::MAX);
        Problem::new("OUT_OF_RANGE", message)
    })
}

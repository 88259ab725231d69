//! `GET /products/{id}/stock` (INV-04).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::detail::StockSummary;
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// The most warehouses of one product that are listed; a shop has a few dozen.
const WAREHOUSES_MAX: i64 = 1_000;

/// A product's stock.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductStock {
    product_id: Uuid,
    #[serde(flatten)]
    total: StockSummary,
    /// The same a warehouse, by its name.
    warehouses: Vec<WarehouseStock>,
    /// When it last changed; `null` when the product never had stock.
    updated_at: Option<DateTime<Utc>>,
}

/// What is in one warehouse.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WarehouseStock {
    warehouse: String,
    #[serde(flatten)]
    stock: StockSummary,
}

#[derive(sqlx::FromRow)]
struct Row {
    product_id: Uuid,
    stock: i64,
    reserved_stock: i64,
    updated_at: Option<DateTime<Utc>>,
    /// Name, stock, reserved stock.
    warehouses: Json<Vec<(String, i64, i64)>>,
}

impl From<Row> for ProductStock {
    fn from(row: Row) -> Self {
        let warehouses = row.warehouses.0.into_iter();
        let warehouses = warehouses.map(|(warehouse, stock, reserved_stock)| WarehouseStock {
            warehouse,
            stock: StockSummary::new(stock, reserved_stock),
        });
        Self {
            product_id: row.product_id,
            total: StockSummary::new(row.stock, row.reserved_stock),
            warehouses: warehouses.collect(),
            updated_at: row.updated_at,
        }
    }
}

errors!(StockErrors, [404: ["PRODUCT_NOT_FOUND"]]);

/// A product's stock, in all and in each warehouse.
#[utoipa::path(
    tag = "products",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<ProductStock>), StockErrors),
    security(("bearer" = []))
)]
#[get("/products/{id}/stock")]
pub(super) async fn get_product_stock(
    _: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<ProductStock>, ApiError> {
    let position = api.reach(least, &[Source::Products]).await?;
    let stock = find(api.pool(), id.0).await?;
    let stock = stock.ok_or_else(|| ApiError::not_found("PRODUCT_NOT_FOUND"))?;
    Ok(answer(stock, position))
}

/// One statement, so that the sum and its parts are of one moment.
async fn find(pool: &PgPool, id: Uuid) -> Result<Option<ProductStock>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT p.id AS product_id, coalesce(k.stock, 0) AS stock,
                coalesce(k.reserved_stock, 0) AS reserved_stock, k.updated_at,
                coalesce((SELECT json_agg(json_build_array(w.warehouse, w.stock, w.reserved_stock)
                                          ORDER BY w.warehouse)
                            FROM (SELECT * FROM read_model.stock_by_warehouse
                                   WHERE product_id = p.id ORDER BY warehouse LIMIT $2) w),
                         '[]') AS warehouses
           FROM read_model.products p
           LEFT JOIN read_model.stock k ON k.product_id = p.id
          WHERE p.id = $1",
    )
    .bind(id)
    .bind(WAREHOUSES_MAX)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(ProductStock::from))
}

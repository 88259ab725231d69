//! `GET /products/{id}`.

use actix_web::http::header::ETAG;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ProductState;
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};

/// A product with its stock and a summary of its reviews (P-02).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductDetail {
    id: Uuid,
    name: String,
    category: String,
    brand: String,
    description: Option<String>,
    /// URLs.
    images: Vec<String>,
    price: Money,
    #[schema(value_type = ProductState)]
    state: String,
    stock: StockSummary,
    reviews: ReviewSummary,
    /// Pieces that were paid for and not given back.
    sold_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What `ETag` holds, and `If-Match` of an edit names.
    version: i64,
}

/// How much of a product there is, over all warehouses; nothing when it never had stock.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockSummary {
    /// Pieces in the warehouses.
    stock: i64,
    /// Pieces that orders hold.
    reserved_stock: i64,
    /// Pieces that can be ordered: `stock − reservedStock`.
    available_stock: i64,
}

impl StockSummary {
    pub(super) fn new(stock: i64, reserved_stock: i64) -> Self {
        Self {
            stock,
            reserved_stock,
            available_stock: stock - reserved_stock,
        }
    }
}

/// A summary of a product's reviews.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewSummary {
    /// How many there are.
    count: u64,
    /// Their average, 1 to 5; `null` without any.
    average: Option<f64>,
}

impl ReviewSummary {
    /// The shop takes no reviews yet: there is no event of one and no table, so this is the summary of
    /// none, for every product. Where reviews come in, their read model is joined here.
    const OF_NONE: Self = Self {
        count: 0,
        average: None,
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    category: String,
    brand: String,
    description: Option<String>,
    images: Json<Vec<String>>,
    currency: String,
    price_amount: i64,
    state: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    stock: i64,
    reserved_stock: i64,
    sold_count: i64,
}

impl From<Row> for ProductDetail {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            category: row.category,
            brand: row.brand,
            description: row.description,
            images: row.images.0,
            price: Money::new(row.price_amount, &row.currency),
            state: row.state,
            stock: StockSummary::new(row.stock, row.reserved_stock),
            reviews: ReviewSummary::OF_NONE,
            sold_count: row.sold_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

errors!(DetailErrors, [404: ["PRODUCT_NOT_FOUND"]]);

/// One product. Its `ETag` is what `If-Match` of `PATCH /products/{id}` takes.
#[utoipa::path(
    tag = "products",
    params(("id" = Uuid, Path), AnyQuery),
    responses(
        (
            status = 200,
            body = platform::Data<ProductDetail>,
            headers(("ETag" = String, description = "The version, quoted."))
        ),
        DetailErrors
    ),
    security(("bearer" = []))
)]
#[get("/products/{id}")]
pub(super) async fn get_product(
    _: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<HttpResponse, ApiError> {
    let position = api.reach(least, &[Source::Products]).await?;
    let product = find(api.pool(), id.0).await?;
    let product = product.ok_or_else(|| ApiError::not_found("PRODUCT_NOT_FOUND"))?;
    let etag = format!("\"{}\"", product.version);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag))
        .json(answer(product, position)))
}

async fn find(pool: &PgPool, id: Uuid) -> Result<Option<ProductDetail>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT p.id, p.name, p.category, p.brand, p.description, p.images, p.currency, p.price_amount,
                p.state, p.created_at, p.updated_at, p.version,
                coalesce(k.stock, 0) AS stock, coalesce(k.reserved_stock, 0) AS reserved_stock,
                coalesce(s.sold_count, 0) AS sold_count
           FROM read_model.products p
           LEFT JOIN read_model.stock k ON k.product_id = p.id
           LEFT JOIN read_model.product_sales s ON s.product_id = p.id
          WHERE p.id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(ProductDetail::from))
}

//! `GET /products`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::PageParams;
use platform::{ApiError, MinPosition, PageRequest, PagedQuery, Principal, Sort, Sortable};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ProductState;
use crate::ReadApi;
use crate::filter::Problems;
use crate::freshness::Source;
use crate::list::List;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

/// The longest category or brand that a product may have.
const LABEL_MAX_CHARS: usize = 100;
/// The longest keyword; half of the longest name finds it too.
const KEYWORD_MAX_CHARS: usize = 100;

/// Which products. All that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ProductFilter {
    /// Exactly this category.
    pub(crate) category: Option<String>,
    /// Exactly this brand.
    pub(crate) brand: Option<String>,
    /// A price of at least this, in minor units of the product's own currency.
    #[param(minimum = 0)]
    pub(crate) min_price: Option<i64>,
    /// A price of at most this, in minor units of the product's own currency.
    #[param(minimum = 0)]
    pub(crate) max_price: Option<i64>,
    /// Text that the name, brand or category contains, in any case.
    pub(crate) keyword: Option<String>,
}

impl Sortable for ProductFilter {
    const SORTS: &'static [Sort] = &[
        Sort::descending("createdAt"),
        Sort::ascending("price"),
        Sort::descending("popular"),
    ];
}

/// A product in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductSummary {
    id: Uuid,
    name: String,
    category: String,
    brand: String,
    price: Money,
    #[schema(value_type = ProductState)]
    state: String,
    /// URLs.
    images: Vec<String>,
    /// Pieces that were paid for and not given back: what `popular` sorts by.
    sold_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    category: String,
    brand: String,
    currency: String,
    price_amount: i64,
    state: String,
    images: Json<Vec<String>>,
    sold_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for ProductSummary {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            category: row.category,
            brand: row.brand,
            price: Money::new(row.price_amount, &row.currency),
            state: row.state,
            images: row.images.0,
            sold_count: row.sold_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

errors!(ListErrors, []);

/// The products that fit, sorted by `createdAt`, `price` or `popular`.
#[utoipa::path(
    tag = "products",
    params(ProductFilter, PageParams, AnyQuery),
    responses((status = 200, body = Page<ProductSummary>), ListErrors),
    security(("bearer" = []))
)]
#[get("/products")]
pub(super) async fn list_products(
    _: Principal,
    query: PagedQuery<ProductFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<ProductSummary>, ApiError> {
    let PagedQuery { filter, page } = query;
    filter.check()?;
    let position = api.reach(least, &[Source::Products]).await?;
    let told = ProductSummary::from as fn(Row) -> ProductSummary;
    let products = products(&filter, &page);
    Ok(products.read(api.pool(), &page, position, told).await?)
}

impl ProductFilter {
    fn check(&self) -> Result<(), ApiError> {
        let mut problems = Problems::default();
        problems.text("category", self.category.as_deref(), LABEL_MAX_CHARS);
        problems.text("brand", self.brand.as_deref(), LABEL_MAX_CHARS);
        problems.text("keyword", self.keyword.as_deref(), KEYWORD_MAX_CHARS);
        for (field, price) in [("minPrice", self.min_price), ("maxPrice", self.max_price)] {
            if price.is_some_and(|price| price < 0) {
                problems.add(field, "OUT_OF_RANGE", "A price is at least 0.".to_owned());
            }
        }
        if let (Some(least), Some(most)) = (self.min_price, self.max_price)
            && least > most
        {
            problems.add(
                "maxPrice",
                "OUT_OF_RANGE",
                "It is below minPrice.".to_owned(),
            );
        }
        problems.into_result()
    }

    fn is_empty(&self) -> bool {
        let Self {
            category,
            brand,
            min_price,
            max_price,
            keyword,
        } = self;
        category.is_none()
            && brand.is_none()
            && min_price.is_none()
            && max_price.is_none()
            && keyword.is_none()
    }
}

/// The products that fit. By popularity they are found in the order of what was sold.
pub(crate) fn products<'a>(filter: &'a ProductFilter, page: &PageRequest) -> List<'a> {
    const COLUMNS: &str =
        "p.id, p.name, p.category, p.brand, p.currency, p.price_amount, p.state, p.images, p.created_at,
         p.updated_at, coalesce(s.sold_count, 0) AS sold_count";
    const JOINS: &str = "JOIN read_model.products p ON p.id = page.id
         LEFT JOIN read_model.product_sales s ON s.product_id = p.id";
    let rows = |query: &mut QueryBuilder<'a, Postgres>| matching(query, filter);
    match page.sort().field {
        "popular" => {
            let keys = ("s.product_id AS id", JOINS);
            let order = ["s.sold_count", "s.product_id"];
            List::new(COLUMNS, keys, order, rows).paged_by(|query| by_sales(query, filter))
        }
        "price" => List::new(COLUMNS, ("p.id", JOINS), ["p.price_amount", "p.id"], rows),
        _ => List::new(COLUMNS, ("p.id", JOINS), ["p.created_at", "p.id"], rows),
    }
}

fn by_sales<'a>(query: &mut QueryBuilder<'a, Postgres>, filter: &'a ProductFilter) {
    query.push("FROM read_model.product_sales s ");
    if !filter.is_empty() {
        query.push("JOIN read_model.products p ON p.id = s.product_id ");
        conditions(query, filter);
    }
}

fn matching<'a>(query: &mut QueryBuilder<'a, Postgres>, filter: &'a ProductFilter) {
    query.push("FROM read_model.products p ");
    conditions(query, filter);
}

fn conditions<'a>(query: &mut QueryBuilder<'a, Postgres>, filter: &'a ProductFilter) {
    query.push("WHERE true");
    if let Some(category) = &filter.category {
        query.push(" AND p.category = ").push_bind(category);
    }
    if let Some(brand) = &filter.brand {
        query.push(" AND p.brand = ").push_bind(brand);
    }
    if let Some(least) = filter.min_price {
        query.push(" AND p.price_amount >= ").push_bind(least);
    }
    if let Some(most) = filter.max_price {
        query.push(" AND p.price_amount <= ").push_bind(most);
    }
    if let Some(keyword) = &filter.keyword {
        // The grams find candidates in the index; the text decides.
        query
            .push(" AND p.search_grams @> read_model.keyword_grams(")
            .push_bind(keyword);
        query
            .push(") AND strpos(p.search_text, read_model.search_text(")
            .push_bind(keyword);
        query.push(")) > 0");
    }
}

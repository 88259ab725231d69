//! A page of a list, and how many entries the list has: exactly up to ten thousand, then "at least that".
//!
//! Counting a million rows takes longer than finding the twenty that were asked for, and nobody turns to
//! page 500. So counting stops where the number stops to matter, and `totalIsExact` says so.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use platform::PageRequest;
use serde::Serialize;
use sqlx::{PgPool, Postgres, QueryBuilder};
use utoipa::ToSchema;

use crate::error::{ReadError, unsigned};

/// Where counting stops.
pub(crate) const TOTAL_MAX: u64 = 10_000;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// Its entries.
    data: Vec<T>,
    /// Which page it is, and of how many entries.
    meta: PageMeta,
}

/// What stands beside a page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageMeta {
    /// The page, from 0.
    page: u32,
    /// The most entries on a page.
    size: u32,
    /// How many entries there are on all pages together; when `totalIsExact` is false, at least as many.
    total: u64,
    /// Whether `total` is all of them: counting stops at 10 000.
    total_is_exact: bool,
    /// The log position that the answer is at least as new as, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

/// How many entries a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    count: u64,
    is_exact: bool,
}

impl<T> Page<T> {
    pub(crate) fn new(
        data: Vec<T>,
        page: &PageRequest,
        total: Total,
        position: Option<u64>,
    ) -> Self {
        let Total {
            count: total,
            is_exact: total_is_exact,
        } = total;
        let (page, size) = (page.page(), page.size());
        Self {
            data,
            meta: PageMeta {
                page,
                size,
                total,
                total_is_exact,
                position,
            },
        }
    }
}

impl<T: Serialize> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

/// The total of a list of which one page was read. It is only counted where the page itself does not tell.
pub(crate) async fn total<'a>(
    pool: &PgPool,
    page: &PageRequest,
    found: usize,
    count: impl FnOnce() -> QueryBuilder<'a, Postgres>,
) -> Result<Total, ReadError> {
    if let Some(total) = of_last_page(page, found) {
        return Ok(total);
    }
    let count: i64 = count().build_query_scalar().fetch_one(pool).await?;
    let count = unsigned(count, "a count")?;
    Ok(Total {
        count: count.min(TOTAL_MAX),
        is_exact: count <= TOTAL_MAX,
    })
}

/// A page that is not full is the last one: what is before it and what is on it is all there is. An
/// empty one behind the end says nothing.
fn of_last_page(page: &PageRequest, found: usize) -> Option<Total> {
    let found = u64::try_from(found).ok()?;
    let is_last = found < u64::from(page.size()) && (found > 0 || page.page() == 0);
    let before = u64::from(page.page()) * u64::from(page.size());
    is_last.then_some(Total {
        count: before + found,
        is_exact: true,
    })
}

//! Pages: `page` from 0, `size`, and `sort` from an allow-list.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::errors::{ApiError, Detail};
use crate::params::{parse_pairs, query_pairs};

/// The entries of a page when nobody says how many (the requirements' number).
pub const DEFAULT_PAGE_SIZE: u32 = 20;
/// The most entries of a page: more only make one answer slow for everybody.
pub const MAX_PAGE_SIZE: u32 = 100;
/// The last page: behind it a reader wants a filter, and the database would count through all before.
pub const MAX_PAGE: u32 = 10_000;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

impl Direction {
    /// `ASC` or `DESC`, for SQL.
    #[must_use]
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// A field to sort by; the name is the allow-list's, never the caller's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The field, as in the API.
    pub field: &'static str,
    /// Which way.
    pub direction: Direction,
}

impl Sort {
    /// Ascending unless the caller says otherwise.
    #[must_use]
    pub const fn ascending(field: &'static str) -> Self {
        Self {
            field,
            direction: Direction::Ascending,
        }
    }

    /// Descending unless the caller says otherwise.
    #[must_use]
    pub const fn descending(field: &'static str) -> Self {
        Self {
            field,
            direction: Direction::Descending,
        }
    }
}

/// A list's filters, which say what the list may be sorted by.
pub trait Sortable {
    /// What it may be sorted by, each with the direction that holds when none is given. The first is how
    /// it is sorted when nobody says; it must not be empty.
    const SORTS: &'static [Sort];
}

/// No filters and no choice of order: by `createdAt`, the newest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

impl Sortable for NoFilter {
    const SORTS: &'static [Sort] = &[Sort::descending("createdAt")];
}

/// The page that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    page: u32,
    size: u32,
    sort: Sort,
}

impl PageRequest {
    /// The page, from 0.
    #[must_use]
    pub fn page(&self) -> u32 {
        self.page
    }

    /// The most entries on it.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Its order.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// `LIMIT`.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.size)
    }

    /// `OFFSET`.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::from(self.page) * i64::from(self.size)
    }
}

/// The parameters of a page, for OpenAPI: `params(ProductFilter, PageParams)`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PageParams {
    /// The page, from 0.
    #[param(minimum = 0, maximum = 10_000, default = 0)]
    page: Option<u32>,
    /// The most entries on it.
    #[param(minimum = 1, maximum = 100, default = 20)]
    size: Option<u32>,
    /// A field, and after a comma `asc` or `desc`.
    #[param(example = "createdAt,desc")]
    sort: Option<String>,
}

/// A list's query: its filters `F`, which say `#[serde(deny_unknown_fields)]`, and the page.
#[derive(Clone, Debug)]
pub struct PagedQuery<F> {
    /// The filters.
    pub filter: F,
    /// The page.
    pub page: PageRequest,
}

impl<F: DeserializeOwned + Sortable> FromRequest for PagedQuery<F> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(paged_query(request))
    }
}

fn paged_query<F: DeserializeOwned + Sortable>(
    request: &HttpRequest,
) -> Result<PagedQuery<F>, ApiError> {
    let (paging, filters): (Vec<_>, Vec<_>) = query_pairs(request)?
        .into_iter()
        .filter(|(name, _)| name != "minPosition")
        .partition(|(name, _)| matches!(name.as_str(), "page" | "size" | "sort"));
    let params: PageParams = parse_pairs(&paging)?;
    let page = page_request(&params, F::SORTS)?;
    Ok(PagedQuery {
        filter: parse_pairs(&filters)?,
        page,
    })
}

fn page_request(params: &PageParams, sorts: &'static [Sort]) -> Result<PageRequest, ApiError> {
    let mut details = Vec::new();
    let page = params.page.unwrap_or(0);
    if page > MAX_PAGE {
        let text = format!("The page is 0 to {MAX_PAGE}.");
        details.push(Detail::new("page", "OUT_OF_RANGE").with_message(text));
    }
    let size = params.size.unwrap_or(DEFAULT_PAGE_SIZE);
    if !(1..=MAX_PAGE_SIZE).contains(&size) {
        let text = format!("The size is 1 to {MAX_PAGE_SIZE}.");
        details.push(Detail::new("size", "OUT_OF_RANGE").with_message(text));
    }
    let sort = params
        .sort
        .as_deref()
        .map_or(sorts.first().copied(), |text| parse_sort(text, sorts));
    match sort {
        Some(sort) if details.is_empty() => Ok(PageRequest { page, size, sort }),
        Some(_) => Err(ApiError::validation(details)),
        None => {
            let fields: Vec<_> = sorts.iter().map(|sort| sort.field).collect();
            let text = format!("It is one of {}, then ,asc or ,desc.", fields.join(", "));
            details.push(Detail::new("sort", "INVALID_VALUE").with_message(text));
            Err(ApiError::validation(details))
        }
    }
}

fn parse_sort(text: &str, sorts: &[Sort]) -> Option<Sort> {
    let (field, direction) = match text.split_once(',') {
        Some((field, direction)) => (field, Some(direction)),
        None => (text, None),
    };
    let sort = sorts.iter().find(|sort| sort.field == field)?;
    let direction = match direction {
        None => sort.direction,
        Some("asc") => Direction::Ascending,
        Some("desc") => Direction::Descending,
        Some(_) => return None,
    };
    Some(Sort { direction, ..*sort })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Filter {
        category: Option<String>,
        min_price: Option<u64>,
    }

    impl Sortable for Filter {
        const SORTS: &'static [Sort] = &[
            Sort::descending("createdAt"),
            Sort::ascending("price"),
            Sort::descending("popular"),
        ];
    }

    fn query(query: &str) -> Result<PagedQuery<Filter>, ApiError> {
        paged_query(&TestRequest::with_uri(&format!("/products?{query}")).to_http_request())
    }

    fn details(text: &str) -> Vec<(String, &'static str)> {
        let error = query(text).expect_err(text);
        assert_eq!(error.status(), 400);
        error
            .details()
            .iter()
            .map(|d| (d.field().to_owned(), d.code()))
            .collect()
    }

    #[test]
    fn a_page_has_defaults() {
        let PagedQuery { page, filter } = query("").expect("nothing is wrong");
        assert_eq!(
            (page.page(), page.size(), page.limit(), page.offset()),
            (0, 20, 20, 0)
        );
        assert_eq!(page.sort(), Sort::descending("createdAt"));
        assert!(filter.category.is_none() && filter.min_price.is_none());
    }

    #[test]
    fn page_size_sort_and_filters_are_read_together() {
        let text = "page=3&size=100&sort=price%2Cdesc&category=%EC%BB%A4%ED%94%BC+tea&minPrice=5&minPosition=9";
        let PagedQuery { page, filter } = query(text).expect("nothing is wrong");
        assert_eq!((page.page(), page.size(), page.offset()), (3, 100, 300));
        assert_eq!(page.sort(), Sort::descending("price"));
        assert_eq!(filter.category.as_deref(), Some("커피 tea"));
        assert_eq!(filter.min_price, Some(5));
    }

    #[test]
    fn a_sort_without_direction_takes_the_fields_own() {
        let sort = |text| query(text).expect("nothing is wrong").page.sort();
        assert_eq!(sort("sort=popular"), Sort::descending("popular"));
        assert_eq!(sort("sort=price"), Sort::ascending("price"));
        assert_eq!(sort("sort=popular,asc"), Sort::ascending("popular"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let out = "OUT_OF_RANGE";
        assert_eq!(
            details("page=10001&size=0"),
            [("page".into(), out), ("size".into(), out)]
        );
        assert_eq!(details("size=101"), [("size".into(), out)]);
        assert_eq!(details("page=-1"), [("page".into(), "WRONG_TYPE")]);
        assert_eq!(details("size=x"), [("size".into(), "WRONG_TYPE")]);
        assert_eq!(details("sort=price,up"), [("sort".into(), "INVALID_VALUE")]);
        assert_eq!(details("sort=id;drop"), [("sort".into(), "INVALID_VALUE")]);
        assert_eq!(
            details("page=1&page=2"),
            [("page".into(), "DUPLICATE_FIELD")]
        );
        assert_eq!(details("colour=red"), [("colour".into(), "UNKNOWN_FIELD")]);
        assert_eq!(
            details("minPrice=cheap"),
            [("minPrice".into(), "WRONG_TYPE")]
        );
    }
}

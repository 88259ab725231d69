//! How every list is read: the keys of a page first, from an index alone where the filter allows it, so that the pages
//! that are skipped are never read; then the rows of those keys; and how many entries there are.

use platform::PageRequest;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

use crate::error::ReadError;
use crate::page::{self, Page, TOTAL_MAX};

/// Ends a statement with the rows that a list has, from `FROM` on.
type Rows<'a> = Box<dyn Fn(&mut QueryBuilder<'a, Postgres>) + 'a>;

/// A list.
pub(crate) struct List<'a> {
    /// What is told of a row.
    columns: &'static str,
    /// What a row is found by, as the statement of the keys selects it.
    keys: &'static str,
    /// The tables of `columns`, joined to `page`, which has the keys.
    joins: &'static str,
    /// What is sorted by, all of it in the page's direction.
    order: [&'static str; 2],
    rows: Rows<'a>,
    /// Where another table finds a page than counts the rows.
    rows_of_page: Option<Rows<'a>>,
}

impl<'a> List<'a> {
    /// A list of these rows, sorted by `order`, the second for where the first is the same.
    pub(crate) fn new(
        columns: &'static str,
        (keys, joins): (&'static str, &'static str),
        order: [&'static str; 2],
        rows: impl Fn(&mut QueryBuilder<'a, Postgres>) + 'a,
    ) -> Self {
        Self {
            columns,
            keys,
            joins,
            order,
            rows: Box::new(rows),
            rows_of_page: None,
        }
    }

    /// With other rows to find a page in: as many, and of the same keys.
    pub(crate) fn paged_by(self, rows: impl Fn(&mut QueryBuilder<'a, Postgres>) + 'a) -> Self {
        Self {
            rows_of_page: Some(Box::new(rows)),
            ..self
        }
    }

    /// A page of it. `told` makes what is told of a row.
    pub(crate) async fn read<R, T>(
        &self,
        pool: &PgPool,
        page: &PageRequest,
        position: Option<u64>,
        told: impl Fn(R) -> T,
    ) -> Result<Page<T>, ReadError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut select = self.page_query(page);
        let rows: Vec<R> = select.build_query_as().fetch_all(pool).await?;
        let total = page::total(pool, page, rows.len(), || self.count_query()).await?;
        let data = rows.into_iter().map(told).collect();
        Ok(Page::new(data, page, total, position))
    }

    /// The statement of a page.
    pub(crate) fn page_query(&self, page: &PageRequest) -> QueryBuilder<'a, Postgres> {
        let Self {
            columns,
            keys,
            joins,
            order: [first, second],
            ..
        } = self;
        let direction = page.sort().direction.as_sql();
        let order = format!("ORDER BY {first} {direction}, {second} {direction}");
        let mut query = QueryBuilder::new(format!("SELECT {columns} FROM (SELECT {keys} "));
        self.rows_of_page.as_ref().unwrap_or(&self.rows)(&mut query);
        query
            .push(format!(" {order} LIMIT "))
            .push_bind(page.limit());
        query.push(" OFFSET ").push_bind(page.offset());
        query.push(format!(") page {joins} {order}"));
        query
    }

    /// The statement that counts the rows: one more than matters, to know whether there is more.
    pub(crate) fn count_query(&self) -> QueryBuilder<'a, Postgres> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 ");
        (self.rows)(&mut query);
        query.push(format!(" LIMIT {}) counted", TOTAL_MAX + 1));
        query
    }
}

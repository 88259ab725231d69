//! `GET /notifications`.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, Language, MinPosition, PageRequest, PagedQuery, Principal};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::message;
use crate::ReadApi;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};
use crate::page::{self, Page};

/// Something that the caller was told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    id: Uuid,
    /// What it is about, such as `PAYMENT_SUCCEEDED`, `PAYMENT_CANCELLED` or `COUPON_ISSUED`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: String,
    /// The same in words, in the caller's language.
    message: String,
    /// Which order, payment or coupon it is about; depends on the type.
    #[schema(value_type = Object)]
    params: Value,
    created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    params: Value,
    created_at: DateTime<Utc>,
}

impl Row {
    fn in_language(self, language: Language) -> Notification {
        Notification {
            message: message(&self.kind, &self.params, language),
            id: self.id,
            kind: self.kind,
            params: self.params,
            created_at: self.created_at,
        }
    }
}

errors!(ListErrors, []);

/// What the caller was told, the newest first.
#[utoipa::path(
    tag = "notifications",
    params(PageParams, AnyQuery),
    responses((status = 200, body = Page<Notification>), ListErrors),
    security(("bearer" = []))
)]
#[get("/notifications")]
pub(super) async fn list_notifications(
    caller: Principal,
    query: PagedQuery<NoFilter>,
    least: MinPosition,
    request: HttpRequest,
    api: Data<ReadApi>,
) -> Result<Page<Notification>, ApiError> {
    let page = query.page;
    let position = api.reach(least, &[Source::Notifications]).await?;
    let mut select = page_query("", caller.subject(), &page);
    let rows: Vec<Row> = select
        .build_query_as()
        .fetch_all(api.pool())
        .await
        .map_err(ReadError::from)?;
    let matching = |query: &mut _| matching(query, caller.subject());
    let total = page::total(api.pool(), &page, rows.len(), matching).await?;
    let language = Language::from_request(&request);
    let data = rows
        .into_iter()
        .map(|row| row.in_language(language))
        .collect();
    Ok(Page::new(data, &page, total, position))
}

/// The statement of a page: the positions from an index alone, then their rows.
pub(crate) fn page_query<'a>(
    prefix: &str,
    user_id: &'a str,
    page: &PageRequest,
) -> QueryBuilder<'a, Postgres> {
    let direction = page.sort().direction.as_sql();
    let mut query = QueryBuilder::new(format!(
        "{prefix}SELECT n.id, n.kind, n.params, n.created_at FROM (SELECT n.position "
    ));
    matching(&mut query, user_id);
    query.push(format!(" ORDER BY n.position {direction} LIMIT "));
    query
        .push_bind(page.limit())
        .push(" OFFSET ")
        .push_bind(page.offset());
    query.push(
        ") page JOIN read_model.notifications n ON n.position = page.position AND n.user_id = ",
    );
    query
        .push_bind(user_id)
        .push(format!(" ORDER BY n.position {direction}"));
    query
}

/// The statement that counts them.
#[cfg(test)]
pub(crate) fn count_query<'a>(prefix: &str, user_id: &'a str) -> QueryBuilder<'a, Postgres> {
    page::count_query(prefix, |query| matching(query, user_id))
}

fn matching<'a>(query: &mut QueryBuilder<'a, Postgres>, user_id: &'a str) {
    query
        .push("FROM read_model.notifications n WHERE n.user_id = ")
        .push_bind(user_id);
}

//! `GET /notifications`.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, Language, MinPosition, PagedQuery, Principal};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::message;
use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

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
    let language = Language::from_request(&request);
    let told = |row: Row| row.in_language(language);
    let notifications = notifications(caller.subject());
    Ok(notifications
        .read(api.pool(), &page, position, told)
        .await?)
}

/// What a user was told.
pub(crate) fn notifications(user_id: &str) -> List<'_> {
    List::new(
        "n.id, n.kind, n.params, n.created_at",
        (
            "n.user_id, n.position",
            "JOIN read_model.notifications n
               ON n.position = page.position AND n.user_id = page.user_id",
        ),
        ["n.user_id", "n.position"],
        move |query| {
            query
                .push("FROM read_model.notifications n WHERE n.user_id = ")
                .push_bind(user_id);
        },
    )
}

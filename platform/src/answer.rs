//! The one form of successful answers: `{ "data": …, "meta": … }`.

use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::paging::PageRequest;

/// A successful answer's body. As a handler's result it answers 200; for another status build the
/// response with `HttpResponse::Created().json(…)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
    /// What stands beside it.
    pub meta: Meta,
}

/// What stands beside the data; whatever does not apply is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Meta {
    /// The page, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The most entries on a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// How many entries there are on all pages together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The log position that the command reached, or that the answer is at least as new as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

impl<T> Data<T> {
    /// Data with nothing beside it.
    #[must_use]
    pub fn new(data: T) -> Self {
        Self {
            data,
            meta: Meta::default(),
        }
    }

    /// Says which page it is, and of how many entries when that was counted.
    #[must_use]
    pub fn on_page(mut self, page: &PageRequest, total: Option<u64>) -> Self {
        self.meta.page = Some(page.page());
        self.meta.size = Some(page.size());
        self.meta.total = total;
        self
    }

    /// Says which log position it reflects.
    #[must_use]
    pub fn at_position(mut self, position: u64) -> Self {
        self.meta.position = Some(position);
        self
    }
}

impl<T: Serialize> Responder for Data<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

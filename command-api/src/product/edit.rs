//! `PATCH /products/{id}`.

use actix_web::http::StatusCode;
use actix_web::http::header::IF_MATCH;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, patch};
use domain::ProductId;
use domain::product::PatchProduct;
use platform::{ApiError, JsonWithBytes, Operator};
use serde::Deserialize;
use utoipa::ToSchema;

use super::create::{description, images};
use super::{LABEL, NAME, ProductVersion, in_path};
use crate::api::CommandApi;
use crate::call::Call;
use crate::input::{self, Length, MoneyBody, Problems};
use crate::openapi::{PlainHeaders, WITH_BODY, errors};
use crate::respond::Reply;

/// What changes; whatever is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductEdit)]
pub(super) struct Body {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    category: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    brand: Option<String>,
    /// Of one piece; above zero. Orders already placed keep theirs.
    price: Option<MoneyBody>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "input::present")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    description: Option<Option<String>>,
    /// URLs of 1 to 500 characters, in place of the old ones.
    #[schema(max_items = 10)]
    images: Option<Vec<String>>,
}

errors!(Errors, WITH_BODY, [404: ["PRODUCT_NOT_FOUND"], 412: ["STALE"]]);

/// Edits a product. With `If-Match` only if it is still at that version.
#[utoipa::path(
    tag = "products",
    params(
        ("id" = Uuid, Path, description = "The product."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the editor saw."),
        PlainHeaders
    ),
    request_body = Body,
    responses((status = 200, description = "Edited.", body = platform::Data<ProductVersion>), Errors),
    security(("bearer" = []))
)]
#[patch("/products/{id}")]
pub(super) async fn edit_product(
    request: HttpRequest,
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let product_id = in_path(&id)?;
    let seen = seen_version(&request)?;
    let operation = body.value.into_operation(product_id, seen)?;
    let reply = Reply::ok().with_version();
    api.execute(&operator, &call, &body.bytes, operation, reply)
        .await
}

impl Body {
    fn into_operation(
        self,
        product_id: ProductId,
        seen: Option<u64>,
    ) -> Result<PatchProduct, ApiError> {
        let mut problems = Problems::default();
        let mut text = |field: &str, value: Option<String>, length: Length| {
            value.and_then(|value| problems.take(field, input::text(value, length)))
        };
        let name = text("name", self.name, NAME);
        let category = text("category", self.category, LABEL);
        let brand = text("brand", self.brand, LABEL);
        let price = self.price.and_then(|price| problems.price("price", &price));
        let description = self
            .description
            .map(|text| description(&mut problems, text));
        let images = self.images.map(|urls| images(&mut problems, urls));
        if !problems.is_empty() {
            return Err(problems.into_error());
        }
        Ok(PatchProduct {
            product_id,
            name,
            category,
            brand,
            description,
            images,
            price,
            seen,
        })
    }
}

/// The version that `If-Match` names: none without the header, or for `*`.
fn seen_version(request: &HttpRequest) -> Result<Option<u64>, ApiError> {
    let mut headers = request.headers().get_all(IF_MATCH);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    let tag = header
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|_| headers.next().is_none());
    if tag == Some("*") {
        return Ok(None);
    }
    // A weak tag, a list of several, or one that we never gave: it matches no version of ours.
    tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::new(StatusCode::PRECONDITION_FAILED, "STALE"))
}

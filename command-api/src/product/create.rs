//! `POST /products`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use domain::ProductId;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use platform::{ApiError, JsonWithBytes, Operator};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{COLLECTION, DESCRIPTION, IMAGE_URL, IMAGES_MAX, LABEL, NAME, ProductVersion};
use crate::api::CommandApi;
use crate::call::Call;
use crate::input::{self, MoneyBody, Problem, Problems};
use crate::openapi::{PlainHeaders, WITH_BODY, errors};
use crate::respond::Reply;

/// A product to be entered in the catalogue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct)]
pub(super) struct Body {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(min_length = 1, max_length = 100)]
    category: String,
    #[schema(min_length = 1, max_length = 100)]
    brand: String,
    /// Of one piece; above zero.
    price: MoneyBody,
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// URLs of 1 to 500 characters.
    #[schema(max_items = 10)]
    images: Option<Vec<String>>,
}

errors!(Errors, WITH_BODY, [409: ["PRODUCT_ALREADY_EXISTS"]]);

/// Enters a product in the catalogue. It is not yet on sale.
#[utoipa::path(
    tag = "products",
    params(PlainHeaders),
    request_body = Body,
    responses((status = 201, description = "Created.", body = platform::Data<ProductVersion>), Errors),
    security(("bearer" = []))
)]
#[post("/products")]
pub(super) async fn create_product(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let command = body.value.into_command()?;
    let product_id = ProductId::new(Uuid::now_v7());
    let operation = ChangeProduct {
        product_id,
        command,
    };
    let reply = Reply::created(COLLECTION).with_version();
    api.execute(&operator, &call, &body.bytes, operation, reply)
        .await
}

impl Body {
    fn into_command(self) -> Result<ProductCommand, ApiError> {
        let mut problems = Problems::default();
        let name = problems.take("name", input::text(self.name, NAME));
        let category = problems.take("category", input::text(self.category, LABEL));
        let brand = problems.take("brand", input::text(self.brand, LABEL));
        let price = problems.price("price", &self.price);
        let description = description(&mut problems, self.description);
        let images = images(&mut problems, self.images.unwrap_or_default());
        let (Some(name), Some(category), Some(brand), Some(price), true) =
            (name, category, brand, price, problems.is_empty())
        else {
            return Err(problems.into_error());
        };
        let details = ProductDetails {
            name,
            category,
            brand,
            description,
            images,
        };
        Ok(ProductCommand::Create { details, price })
    }
}

/// A description, if there is one.
pub(super) fn description(problems: &mut Problems, text: Option<String>) -> Option<String> {
    let text = text?;
    problems.take("description", input::prose(text, DESCRIPTION))
}

/// Images, each by its URL.
pub(super) fn images(problems: &mut Problems, urls: Vec<String>) -> Vec<String> {
    if urls.len() > IMAGES_MAX {
        let message = format!("at most {IMAGES_MAX}");
        problems.take::<()>("images", Err(Problem::new("TOO_MANY", message)));
        return Vec::new();
    }
    let urls = urls.into_iter().enumerate();
    let urls = urls.filter_map(|(index, url)| {
        problems.take(format!("images[{index}]"), input::text(url, IMAGE_URL))
    });
    urls.collect()
}

//! The OpenAPI document at `/openapi.json` and its UI at `/docs`, whose files are inside the program.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{App, HttpResponse};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, OpenApiVersion};
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the security scheme: `security(("bearer" = []))` in `#[utoipa::path(…)]`.
pub const BEARER: &str = "bearer";

/// The document of an API: its routes' documentation in `base`, without a server.
pub fn document(
    base: OpenApi,
    configure: impl FnOnce(&mut utoipa_actix_web::service_config::ServiceConfig),
) -> OpenApi {
    let app = App::new()
        .into_utoipa_app()
        .openapi(base)
        .configure(configure);
    with_bearer(app.split_for_parts().1)
}

/// Adds the bearer scheme and makes sure of the version that we promise.
pub(crate) fn with_bearer(mut document: OpenApi) -> OpenApi {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    document.openapi = OpenApiVersion::Version31;
    document
}

/// Serves the document, written once, and the UI.
pub(crate) fn routes(config: &mut ServiceConfig, json: Bytes) {
    let document = move || {
        let json = json.clone();
        async move {
            HttpResponse::Ok()
                .content_type("application/json")
                .body(json)
        }
    };
    let to_ui = || async {
        HttpResponse::PermanentRedirect()
            .insert_header((LOCATION, "/docs/"))
            .finish()
    };
    // No validator: its badge would send the document to somebody else's server.
    let ui = Config::from("/openapi.json")
        .persist_authorization(true)
        .validator_url("none");
    config
        .route("/openapi.json", web::get().to(document))
        .route("/docs", web::get().to(to_ui))
        .service(SwaggerUi::new("/docs/{_:.*}").config(ui));
}

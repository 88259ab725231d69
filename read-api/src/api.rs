//! The room's state and its routes.

use std::sync::Arc;

use actix_web::web::Data;
use platform::health::Health;
use platform::{ApiError, MinPosition};
use sqlx::PgPool;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::config::ReadApiConfig;
use crate::freshness::{Freshness, Source};
use crate::schema_registry::{self, SchemaRegistry};
use crate::{
    coupon_pool, event, health, notification, openapi, order, payment, payment_method, points,
    product, projection,
};

/// The longest that a transaction may stay open without a statement: queries open none on purpose.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "5s";

/// The read API. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct ReadApi {
    shared: Arc<Shared>,
    /// The payment service's own schema, as its role.
    payment_service: Option<PgPool>,
}

struct Shared {
    pool: PgPool,
    freshness: Freshness,
    registry: SchemaRegistry,
}

impl ReadApi {
    /// On this pool, which must be its own and not connected yet: its connections are told to refuse
    /// writes and to give up on long statements. Call it in a runtime.
    #[must_use]
    pub fn new(pool: PgPool, config: ReadApiConfig, registry: SchemaRegistry) -> Self {
        limit_sessions(&pool, &config);
        let freshness = Freshness::start(pool.clone(), config.wait);
        Self {
            shared: Arc::new(Shared {
                pool,
                freshness,
                registry,
            }),
            payment_service: None,
        }
    }

    /// Can also look at the exchanges with gateways, on a pool of the role `payment_service`, which must not be
    /// connected yet, either.
    #[must_use]
    pub fn with_payment_service(mut self, pool: PgPool, config: &ReadApiConfig) -> Self {
        limit_sessions(&pool, config);
        self.payment_service = Some(pool);
        self
    }

    /// Adds the routes: for [`platform::http::serve`].
    pub fn configure(&self, config: &mut ServiceConfig<'_>) {
        config.app_data(Data::new(self.clone()));
        config.service(
            scope::scope("/api/v1")
                .configure(product::routes)
                .configure(order::routes)
                .configure(payment::routes)
                .configure(coupon_pool::routes)
                .configure(payment_method::routes)
                .configure(points::routes)
                .configure(notification::routes)
                .configure(event::routes)
                .configure(projection::routes),
        );
        config.map(|config| schema_registry::routes(config, &self.shared.registry));
    }

    /// What stands in the OpenAPI document beside the routes: for [`platform::http::Service`].
    #[must_use]
    pub fn document() -> OpenApi {
        openapi::document()
    }

    /// Adds the check of what this room needs: PostgreSQL, with the read models in it.
    #[must_use]
    pub fn add_checks(&self, health: Health) -> Health {
        health::add_checks(health, self.pool())
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.shared.pool
    }

    /// The payment service's own schema, where it is configured.
    pub(crate) fn payment_service(&self) -> Option<&PgPool> {
        self.payment_service.as_ref()
    }

    /// Waits until what a query reads is as new as its caller wants; gives the position that it then is
    /// at, when the caller wanted one.
    pub(crate) async fn reach(
        &self,
        least: MinPosition,
        sources: &[Source],
    ) -> Result<Option<u64>, ApiError> {
        self.shared.freshness.reach(least, sources).await
    }
}

/// Bounds what a connection of this pool may do, for those that are made from now on.
pub(crate) fn limit_sessions(pool: &PgPool, config: &ReadApiConfig) {
    let statement_timeout = format!("{}ms", config.statement_timeout.as_millis());
    let options = pool.connect_options().as_ref().clone();
    pool.set_connect_options(options.application_name("commerce-read-api").options([
        ("default_transaction_read_only", "on"),
        ("statement_timeout", &*statement_timeout),
        (
            "idle_in_transaction_session_timeout",
            IDLE_IN_TRANSACTION_TIMEOUT,
        ),
        // Every list has its index, and a keyword's frequency is a guess: where the guess is wrong, an
        // index still finds a page, and a scan would read the whole table.
        ("enable_seqscan", "off"),
        // A query takes one core, and leaves the others to the other queries.
        ("max_parallel_workers_per_gather", "0"),
        // One list serves rare and common filters: which index is right depends on the value.
        ("plan_cache_mode", "force_custom_plan"),
        // Compiling takes longer than any of these statements.
        ("jit", "off"),
    ]));
}

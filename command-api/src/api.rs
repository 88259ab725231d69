//! The room's state and its routes.

use std::sync::Arc;

use actix_web::web::Data;
use event_store::EventStore;
use platform::health::Health;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::config::{CommandApiConfig, Gateways};
use crate::coupon_gate::CouponGate;
use crate::in_flight::InFlight;
use crate::payment::PaymentOutcomes;
use crate::webhook::Pace;
use crate::{
    coupon_pool, event, health, openapi, order, payment, payment_method, points, product, stock,
    webhook,
};

/// What the command API is made of.
pub struct Parts {
    /// Where commands are decided and written.
    pub store: EventStore,
    /// In front of the coupon pools; `None` leaves every claim to the aggregate.
    pub gate: Option<CouponGate>,
    /// The payment gateways that a payment may name.
    pub gateways: Gateways,
    /// The settings.
    pub config: CommandApiConfig,
}

/// The command API. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct CommandApi {
    shared: Arc<Shared>,
}

struct Shared {
    store: EventStore,
    gate: Option<CouponGate>,
    gateways: Gateways,
    config: CommandApiConfig,
    in_flight: InFlight,
    outcomes: PaymentOutcomes,
    pace: Pace,
}

impl CommandApi {
    /// Starts following the log for payments' outcomes, until `stop`. Call it in a runtime. Stop it, and
    /// the store, only after the server: what the server took still needs both.
    #[must_use]
    pub fn start(parts: Parts, stop: CancellationToken) -> Self {
        let outcomes = PaymentOutcomes::default();
        let log = parts.store.log();
        tokio::spawn(
            outcomes
                .clone()
                .follow(log.subscribe(log.known_head()), stop),
        );
        Self {
            shared: Arc::new(Shared {
                store: parts.store,
                gate: parts.gate,
                gateways: parts.gateways,
                config: parts.config,
                in_flight: InFlight::default(),
                outcomes,
                pace: Pace::default(),
            }),
        }
    }

    /// Adds the routes: for [`platform::http::serve`].
    pub fn configure(&self, config: &mut ServiceConfig<'_>) {
        config.app_data(Data::new(self.clone()));
        config.service(
            scope::scope("/api/v1")
                .configure(product::routes)
                .configure(stock::routes)
                .configure(coupon_pool::routes)
                .configure(order::routes)
                .configure(payment::routes)
                .configure(payment_method::routes)
                .configure(points::routes)
                .configure(event::routes)
                .configure(webhook::routes),
        );
    }

    /// What stands in the OpenAPI document beside the routes: for [`platform::http::Service`].
    #[must_use]
    pub fn document() -> OpenApi {
        openapi::document()
    }

    /// Adds the checks of what this room needs: PostgreSQL, and Redis, without which it goes on.
    #[must_use]
    pub fn add_checks(&self, health: Health) -> Health {
        health::add_checks(health, self.store(), self.gate())
    }

    pub(crate) fn store(&self) -> &EventStore {
        &self.shared.store
    }

    pub(crate) fn gate(&self) -> Option<&CouponGate> {
        self.shared.gate.as_ref()
    }

    pub(crate) fn gateways(&self) -> &Gateways {
        &self.shared.gateways
    }

    pub(crate) fn config(&self) -> &CommandApiConfig {
        &self.shared.config
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.shared.in_flight
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.shared.pace
    }

    pub(crate) fn outcomes(&self) -> &PaymentOutcomes {
        &self.shared.outcomes
    }
}

//! Every projector of the program.

use std::sync::Arc;

use crate::coupons::Coupons;
use crate::error::ProjectionError;
use crate::notifications::Notifications;
use crate::orders::Orders;
use crate::payment_methods::PaymentMethods;
use crate::payments::Payments;
use crate::points::Points;
use crate::products::Products;
use crate::projector::Projector;

/// The names of all projections, as `commerce rebuild` takes them.
#[must_use]
pub fn names() -> Vec<&'static str> {
    all().iter().map(|projector| projector.name()).collect()
}

pub(crate) fn all() -> Vec<Arc<dyn Projector>> {
    vec![
        Arc::new(Orders),
        Arc::new(Payments),
        Arc::new(PaymentMethods),
        Arc::new(Products),
        Arc::new(Coupons),
        Arc::new(Points),
        Arc::new(Notifications),
    ]
}

pub(crate) fn find(name: &str) -> Result<Arc<dyn Projector>, ProjectionError> {
    all()
        .into_iter()
        .find(|projector| projector.name() == name)
        .ok_or_else(|| ProjectionError::Unknown(name.to_owned()))
}

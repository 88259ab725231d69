//! One sample of every event, and more where options matter. The values are fixed: golden files hold
//! them.

mod coupon_pool;
mod inventory;
mod order;
mod payment;
mod payment_method;
mod points;
mod product;

use crate::recorded::DomainEvent;

/// An event as the log may hold it.
pub(crate) struct Sample {
    /// Which of several samples of one event.
    pub(crate) case: Option<&'static str>,
    /// The event.
    pub(crate) event: DomainEvent,
}

/// All of them.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |case, event| samples.push(Sample { case, event });
    for (case, event) in order::cases() {
        add(case, DomainEvent::Order(event));
    }
    for (case, event) in inventory::cases() {
        add(case, DomainEvent::Inventory(event));
    }
    for (case, event) in coupon_pool::cases() {
        add(case, DomainEvent::CouponPool(event));
    }
    for (case, event) in payment::cases() {
        add(case, DomainEvent::Payment(event));
    }
    for (case, event) in payment_method::cases() {
        add(case, DomainEvent::PaymentMethod(event));
    }
    for (case, event) in points::cases() {
        add(case, DomainEvent::Points(event));
    }
    for (case, event) in product::cases() {
        add(case, DomainEvent::Product(event));
    }
    samples
}

type Cases<E> = Vec<(Option<&'static str>, E)>;

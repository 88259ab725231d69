//! What should have ended by now.

use chrono::{DateTime, Utc};

use super::Shop;
use super::payments::Waits;
use super::stage::Stage;
use crate::invariant::{Invariant, Violation};

impl Shop {
    /// What should have ended by this moment and has not: unpaid orders, paid ones not confirmed, payments
    /// without outcome, refunds that were not done, pools past their end, points past theirs. What is tried again later than
    /// `now` is not among it, nor what is parked ([`Shop::parked`]). For a live system `now` is somewhat
    /// before the clock's.
    ///
    /// Looks at all that has not ended; not for every event.
    #[must_use]
    pub fn at_rest(&self, now: DateTime<Utc>) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut late = |stream: String, evidence: String| {
            found.push(Violation {
                invariant: Invariant::SagasEnd,
                position: None,
                stream: Some(stream),
                evidence,
            });
        };
        for (id, order) in &self.orders {
            let (Some(due), stage) = (order.due.filter(|due| *due <= now), order.stage) else {
                continue;
            };
            if matches!(stage, Stage::Pending | Stage::Paying | Stage::Paid) {
                late(format!("order/{id}"), format!("is {stage:?} past {due}"));
            }
        }
        for (id, payment) in &self.payments {
            for waits in payment.all_waits() {
                if let Waits::Until(due, what) = waits
                    && *due <= now
                {
                    late(format!("payment/{id}"), format!("{what}, due {due}"));
                }
            }
        }
        for (id, pool) in &self.pools {
            if let Some(due) = pool.ends_at.filter(|due| *due <= now && !pool.closed) {
                late(format!("coupon_pool/{id}"), format!("is open past {due}"));
            }
        }
        for (id, account) in &self.accounts {
            if let Some(due) = account.first_expiry().filter(|due| *due <= now) {
                late(format!("points/{id}"), format!("has points past {due}"));
            }
        }
        found.sort_by(|one, other| one.stream.cmp(&other.stream));
        found
    }

    /// What waits for a person: the stream, and why.
    #[must_use]
    pub fn parked(&self) -> Vec<(String, String)> {
        let mut parked: Vec<(String, String)> = self
            .payments
            .iter()
            .flat_map(|(id, payment)| payment.all_waits().map(move |waits| (id, waits)))
            .filter_map(|(id, waits)| match waits {
                Waits::Parked(why) => Some((format!("payment/{id}"), why.clone())),
                Waits::Nothing | Waits::Until(..) => None,
            })
            .collect();
        let reviews = self.payments.iter().filter_map(|(id, payment)| {
            let why = payment.review?.as_str();
            let why = format!("the gateway contradicts what is known: {why}");
            Some((format!("payment/{id}"), why))
        });
        parked.extend(reviews);
        parked.sort();
        parked
    }
}

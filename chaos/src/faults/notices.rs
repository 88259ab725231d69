//! The companies tell the shop of everything: once or several times, now or late, in another order, to either of its
//! APIs. Somebody else forges such notices.

use chrono::Utc;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::Field;
use super::switches::Switches;
use crate::error::ChaosError;

/// The shortest and the longest pause between two changes.
const PAUSE_MS: (u64, u64) = (600, 2_000);
const TARGETS_PATH: &str = "/webhooks";
const FORGERIES_PATH: &str = "/webhooks/forgeries";
const COMPANIES: [&str; 3] = ["mock", "toss", "nice"];
/// How often a notice comes, how late, and of how many the order is turned, at most.
const REPEAT_MAX: u32 = 4;
const DELAY_MAX_MS: u64 = 1_500;
const SHUFFLE_MAX: u32 = 3;
/// How many of a hundred changes are a forgery.
const FORGED_PERCENT: u32 = 40;
/// The newest payments, which somebody may know of.
const KNOWN_PAYMENTS: i64 = 40;

pub(super) async fn run(
    field: Field,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let switches = Switches::of(&field.shop)?;
    let notices = Notices { field, switches };
    while notices.field.pause(&mut random, PAUSE_MS, &stop).await {
        let company = COMPANIES.choose(&mut random).copied().unwrap_or("mock");
        if random.random_ratio(FORGED_PERCENT, 100) {
            notices.forge(company, &mut random).await;
        } else {
            notices.turn(company, &mut random).await;
        }
    }
    // What was held back to change its order is told with the next one; from here on all come as they should.
    for company in COMPANIES {
        let target = json!({ "url": notices.url(company, &mut random), "company": company });
        let switches = &notices.switches;
        switches.turn_at_last(TARGETS_PATH, &target).await;
    }
    Ok(())
}

struct Notices {
    field: Field,
    switches: Switches,
}

impl Notices {
    /// From now on this company tells so. A gateway that was killed tells nobody until it is told whom.
    async fn turn(&self, company: &str, random: &mut StdRng) {
        let target = json!({
            "url": self.url(company, random),
            "company": company,
            "repeat": random.random_range(1..=REPEAT_MAX),
            "delayMs": random.random_range(0..DELAY_MAX_MS),
            "shuffle": random.random_range(1..=SHUFFLE_MAX),
        });
        if self.switches.turn(TARGETS_PATH, &target).await {
            let what = format!("fault:notices of {company}");
            self.field.chronicle.note(&what, &target);
        }
    }

    /// A notice of something that did not happen, about a payment that there is.
    async fn forge(&self, company: &str, random: &mut StdRng) {
        // PostgreSQL may be away: then nobody knows of a payment.
        let known: Vec<String> = sqlx::query_scalar(
            "SELECT aggregate_id FROM event_store.events WHERE event_type = 'PaymentRequested'
              ORDER BY position DESC LIMIT $1",
        )
        .bind(KNOWN_PAYMENTS)
        .fetch_all(&self.field.pool)
        .await
        .unwrap_or_default();
        let Some(payment) = known.choose(random) else {
            return;
        };
        let body = forgery(company, payment, random.random_range(1..1_000_000));
        let forged = json!({ "company": company, "body": body });
        if self.switches.turn(FORGERIES_PATH, &forged).await {
            let what = format!("fault:forged notice of {company}");
            self.field
                .chronicle
                .note(&what, &json!({ "payment": payment }));
        }
    }

    fn url(&self, company: &str, random: &mut StdRng) -> String {
        let api = self.field.shop.command_urls.choose(random);
        format!(
            "{}/webhooks/{company}",
            api.map_or_else(String::new, Clone::clone)
        )
    }
}

/// As the company writes it, and of another amount than anybody paid.
fn forgery(company: &str, payment: &str, amount: i64) -> Value {
    let now = Utc::now();
    match company {
        "nice" => json!({
            "resultCode": "0000", "tid": "nicuntct1m01012211221200001234", "orderId": payment,
            "amount": amount, "balanceAmt": amount, "status": "paid", "currency": "KRW",
            "ediDate": now.format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string(), "signature": "0".repeat(64),
        }),
        "toss" => json!({
            "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": now.to_rfc3339(),
            "data": {
                "orderId": payment, "status": "DONE", "totalAmount": amount, "currency": "KRW",
            },
        }),
        _ => json!({
            "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": now,
            "data": {
                "paymentId": payment, "status": "APPROVED", "amount": amount, "currency": "KRW",
            },
        }),
    }
}

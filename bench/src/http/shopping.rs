//! A small shop over HTTP, and what its buyers do: place an order, pay it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Caller, Client};
use crate::error::BenchError;
use crate::load::Done;
use crate::sample::Sample;

/// Products on sale: buyers at once rarely meet at one of them, and sometimes do.
const PRODUCTS: u64 = 16;
/// Pieces of each product: more than any bounded run sells.
const PIECES: u32 = 1_000_000;
const CREATED: u16 = 201;
/// Operators' changes answer either.
const CHANGED: [u16; 2] = [200, CREATED];

/// Products that can be bought.
pub(super) struct Shop {
    client: Client,
    products: Vec<String>,
}

/// The latencies of the two steps.
#[derive(Default)]
pub(super) struct Latencies {
    place: Mutex<Vec<Duration>>,
    pay: Mutex<Vec<Duration>>,
}

impl Shop {
    /// Creates products, stocks them and puts them on sale.
    pub(super) async fn open(client: Client) -> Result<Self, BenchError> {
        let mut shop = Self {
            client,
            products: Vec::new(),
        };
        for number in 1..=PRODUCTS {
            let product = shop.create_product(number).await?;
            shop.products.push(product);
        }
        Ok(shop)
    }

    async fn create_product(&self, number: u64) -> Result<String, BenchError> {
        let body = json!({
            "name": format!("Kettle no. {number}"),
            "category": "kitchen",
            "brand": "Acme",
            "price": { "amount": 12_900, "currency": "KRW" },
        });
        let operator = Caller::Operator;
        let created = self
            .client
            .post(operator, "/products", Some(&body), &[CREATED])
            .await?;
        let id = text(&created, "id")?;
        let receipt = json!({ "warehouse": "seoul", "quantity": PIECES });
        let path = format!("/products/{id}/stock/receipts");
        self.client
            .post(operator, &path, Some(&receipt), &CHANGED)
            .await?;
        let path = format!("/products/{id}/on-sale");
        self.client.post(operator, &path, None, &CHANGED).await?;
        Ok(id)
    }

    /// Places an order of one piece and pays it. A payment that is not settled in the answer is an error:
    /// its latency would be of another thing.
    pub(super) async fn place_and_pay(
        &self,
        number: u64,
        latencies: &Latencies,
    ) -> Result<Done, BenchError> {
        let index = usize::try_from(number % PRODUCTS).unwrap_or_default();
        let product = self.products.get(index);
        let order = json!({ "items": [{ "productId": product, "quantity": 1 }] });
        let began = Instant::now();
        let placed = self
            .client
            .post(Caller::Customer, "/orders", Some(&order), &[CREATED])
            .await?;
        let id = text(&placed, "id")?;
        let placed_at = Instant::now();
        let payment = json!({ "token": format!("tok_approve_{}", Uuid::now_v7().simple()) });
        let path = format!("/orders/{id}/payments");
        let paid = self
            .client
            .post(Caller::Customer, &path, Some(&payment), &[CREATED])
            .await?;
        let status = text(&paid, "status")?;
        if status != "SUCCEEDED" {
            return Err(BenchError::UnexpectedAnswer {
                call: format!("POST {path}"),
                status: CREATED,
                body: paid.to_string(),
            });
        }
        push(&latencies.place, placed_at - began);
        push(&latencies.pay, placed_at.elapsed());
        Ok(Done::Acknowledged)
    }
}

impl Latencies {
    /// The samples of placing and of paying.
    pub(super) fn samples(&self, window: Duration) -> Result<(Sample, Sample), BenchError> {
        let take = |latencies: &Mutex<Vec<Duration>>| {
            std::mem::take(&mut *latencies.lock().unwrap_or_else(PoisonError::into_inner))
        };
        Ok((
            Sample::measured(window, take(&self.place))?,
            Sample::measured(window, take(&self.pay))?,
        ))
    }
}

fn push(latencies: &Mutex<Vec<Duration>>, latency: Duration) {
    latencies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(latency);
}

fn text(data: &Value, field: &str) -> Result<String, BenchError> {
    let value = data.get(field).and_then(Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| BenchError::Value(format!("the answer has no {field}: {data}")))
}

//! `commerce seed`: a small catalogue, through the public API. Every request has a key of its own, so a
//! second seeding changes nothing.

use std::process::ExitCode;

use platform::Role;
use platform::config::Env;
use serde_json::{Value, json};

use crate::client::{Caller, Client, ClientConfig};
use crate::error::CommerceError;
use crate::output::say;

/// Name, category, brand, price in won, pieces in Seoul, pieces in Busan.
const CATALOGUE: [(&str, &str, &str, i64, u32, u32); 8] = [
    ("Enamel kettle 1.2 l", "kitchen", "Haneul", 42_000, 40, 25),
    ("Cast-iron pan 26 cm", "kitchen", "Haneul", 68_000, 30, 10),
    ("Ceramic mug 350 ml", "kitchen", "Dalgona", 12_900, 200, 120),
    ("Linen tea towel", "textiles", "Moshi", 9_800, 150, 150),
    ("Wool blanket", "textiles", "Moshi", 89_000, 20, 20),
    ("Desk lamp", "lighting", "Byeol", 54_000, 35, 0),
    ("Green tea, 100 g", "groceries", "Boseong", 18_500, 300, 200),
    (
        "Roasted barley tea, 500 g",
        "groceries",
        "Boseong",
        7_900,
        400,
        400,
    ),
];

/// Puts the catalogue into the shop.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let client = Client::new(Env::process().read(ClientConfig::read)?)?;
    let operator = client.caller("seed", Role::Operator)?;
    for (index, product) in CATALOGUE.iter().enumerate() {
        seed_product(&client, &operator, index, product).await?;
    }
    let body = json!({
        "name": "Opening week",
        "quantity": 100,
        "discount": { "type": "PERCENT", "percent": 10, "maxAmount": won(10_000) },
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2036-01-01T00:00:00Z",
    });
    command(&client, &operator, "/coupon-pools", "seed-pool", &body).await?;
    say(format_args!(
        "{} products on sale, and a pool of 100 coupons",
        CATALOGUE.len()
    ));
    Ok(ExitCode::SUCCESS)
}

async fn seed_product(
    client: &Client,
    operator: &Caller,
    index: usize,
    (name, category, brand, price, seoul, busan): &(&str, &str, &str, i64, u32, u32),
) -> Result<(), CommerceError> {
    let body = json!({ "name": name, "category": category, "brand": brand, "price": won(*price) });
    let key = |what: &str| format!("seed-{index}-{what}");
    let id = command(client, operator, "/products", &key("product"), &body).await?;
    for (warehouse, quantity) in [("seoul", *seoul), ("busan", *busan)] {
        if quantity > 0 {
            let path = format!("/products/{id}/stock/receipts");
            let body = json!({ "warehouse": warehouse, "quantity": quantity });
            command(client, operator, &path, &key(warehouse), &body).await?;
        }
    }
    let path = format!("/products/{id}/on-sale");
    command(client, operator, &path, &key("on-sale"), &json!({})).await?;
    Ok(())
}

/// Sends a command that must succeed; returns the id that it answers.
async fn command(
    client: &Client,
    operator: &Caller,
    path: &str,
    key: &str,
    body: &Value,
) -> Result<String, CommerceError> {
    let answer = client
        .command(operator, path, key, body)
        .await?
        .or_refused(path)?;
    Ok(answer.text("/data/id").to_owned())
}

fn won(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

//! The payment gateway answers badly, late, or not at all, also to calls that no buyer's card can spoil:
//! inquiries and refunds.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Field;
use crate::error::ChaosError;

/// The shortest and the longest pause between two instructions.
const PAUSE_MS: (u64, u64) = (1_000, 4_000);
/// A decline, or another amount, is no fault but an answer: buyers' cards bring those.
const FAULTS: [(&str, &str); 9] = [
    ("confirm", "error"),
    ("confirm", "timeout"),
    ("confirm", "charge-then-timeout"),
    ("confirm", "slow"),
    ("inquire", "error"),
    ("inquire", "timeout"),
    ("refund", "error"),
    ("refund", "timeout"),
    ("refund", "charge-then-timeout"),
];
const LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn run(
    field: Field,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(LIMIT)
        .build()?;
    let url = format!("{}/faults", field.shop.gateway_url);
    while field.pause(&mut random, PAUSE_MS, &stop).await {
        let Some((call, behaviour)) = FAULTS.choose(&mut random) else {
            continue;
        };
        let times = random.random_range(1..=5);
        let fault = json!({ "call": call, "behaviour": behaviour, "times": times });
        // It may have been killed a moment ago.
        if http
            .post(&url)
            .json(&fault)
            .send()
            .await
            .is_ok_and(|told| told.status().is_success())
        {
            field
                .chronicle
                .note(&format!("fault:gateway {call} {behaviour}"), &json!(times));
        }
    }
    // The gateway is told until it hears: what is left over would spoil the quiet.
    while !http
        .delete(&url)
        .send()
        .await
        .is_ok_and(|told| told.status().is_success())
    {
        tokio::time::sleep(LIMIT / 10).await;
    }
    Ok(())
}

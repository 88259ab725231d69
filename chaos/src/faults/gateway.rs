//! The payment gateway answers badly, late, or not at all, also to calls that no buyer's card can spoil:
//! inquiries and refunds.

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Field;
use super::switches::Switches;
use crate::error::ChaosError;

/// The shortest and the longest pause between two instructions.
const PAUSE_MS: (u64, u64) = (1_000, 4_000);
const FAULTS_PATH: &str = "/faults";
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

pub(super) async fn run(
    field: Field,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let switches = Switches::of(&field.shop)?;
    while field.pause(&mut random, PAUSE_MS, &stop).await {
        let Some((call, behaviour)) = FAULTS.choose(&mut random) else {
            continue;
        };
        let times = random.random_range(1..=5);
        let fault = json!({ "call": call, "behaviour": behaviour, "times": times });
        if switches.turn(FAULTS_PATH, &fault).await {
            field
                .chronicle
                .note(&format!("fault:gateway {call} {behaviour}"), &json!(times));
        }
    }
    // What is left over would spoil the quiet.
    switches.clear_at_last(FAULTS_PATH).await;
    Ok(())
}

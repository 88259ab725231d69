//! The way to PostgreSQL: cut where it hurts most, slow, or without an answer.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::time::sleep;

use super::Field;
use super::cycle::Fault;
use crate::error::ChaosError;

/// How long each of them lasts, in milliseconds.
const CUT_MS: (u64, u64) = (1_000, 4_000);
const SLOW_MS: (u64, u64) = (1_000, 4_000);
const SILENT_MS: (u64, u64) = (500, 4_000);
/// How late an answer is, in milliseconds.
const LATENCY_MS: (u64, u64) = (5, 250);
/// How many of a thousand commits are answered to nobody while it lasts.
const CUT_PERMILLE: (u32, u32) = (50, 400);

/// Commits whose answer nobody gets; the proxy counts them.
pub(super) async fn cut(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let permille = random.random_range(CUT_PERMILLE.0..CUT_PERMILLE.1);
    let disturbance = field.chronicle.disturb();
    field.proxy.cut(permille);
    sleep(between(CUT_MS, random)).await;
    field.proxy.cut(0);
    drop(disturbance);
    field.injected(fault);
    field.chronicle.recovery(fault.name()).await;
    Ok(())
}

pub(super) async fn slow(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let latency = between(LATENCY_MS, random);
    let disturbance = field.chronicle.disturb();
    field.proxy.delay(latency);
    field.injected(fault);
    field
        .chronicle
        .note("latency", &json!(format!("{latency:?}")));
    sleep(between(SLOW_MS, random)).await;
    field.proxy.delay(Duration::ZERO);
    drop(disturbance);
    Ok(())
}

pub(super) async fn silent(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let disturbance = field.chronicle.disturb();
    field.proxy.silence(true);
    field.injected(fault);
    sleep(between(SILENT_MS, random)).await;
    field.proxy.silence(false);
    drop(disturbance);
    field.chronicle.recovery(fault.name()).await;
    Ok(())
}

fn between((from, to): (u64, u64), random: &mut StdRng) -> Duration {
    Duration::from_millis(random.random_range(from..to))
}

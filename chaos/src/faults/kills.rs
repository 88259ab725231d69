//! One process after the other dies, whatever it is doing; now and then one is told to end, as on a deployment.

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio_util::sync::CancellationToken;

use super::Field;
use crate::error::ChaosError;

/// The shortest and the longest pause between two of them.
const PAUSE_MS: (u64, u64) = (300, 2_500);
/// How many of a hundred are told to end, and not killed.
const TOLD_PERCENT: u32 = 12;

pub(super) async fn run(
    field: Field,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    while field.pause(&mut random, PAUSE_MS, &stop).await {
        if let Some(victim) = field.shop.supervised.choose(&mut random) {
            if random.random_ratio(TOLD_PERCENT, 100) {
                victim.end();
            } else {
                victim.kill();
            }
        }
    }
    Ok(())
}

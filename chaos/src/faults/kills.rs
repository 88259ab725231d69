//! `kill -9` of one process after the other, whatever it is doing.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio_util::sync::CancellationToken;

use super::Field;
use crate::error::ChaosError;

/// The shortest and the longest pause between two kills.
const PAUSE_MS: (u64, u64) = (300, 2_500);

pub(super) async fn run(
    field: Field,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    while field.pause(&mut random, PAUSE_MS, &stop).await {
        if let Some(victim) = field.shop.supervised.choose(&mut random) {
            victim.kill();
        }
    }
    Ok(())
}

//! What is done to the shop, and when. All choices follow from the seed; their moments do not.

mod cycle;
mod disk;
mod gateway;
mod kills;
mod network;
mod notices;
mod outages;
mod switches;
mod zombies;

use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use cycle::Fault;

use crate::chance;
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::proxy::Proxy;
use crate::servers::Servers;
use crate::shop::Shop;

/// What every fault works on.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) shop: Arc<Shop>,
    pub(crate) servers: Servers,
    /// As the owner, past the proxy.
    pub(crate) pool: PgPool,
    pub(crate) proxy: Proxy,
    /// How often something is done, compared to the usual.
    pub(crate) rate: f64,
    pub(crate) chronicle: Arc<Chronicle>,
}

/// Everything that goes wrong, at once, until `stop`; each leaves its part whole.
pub(crate) async fn rage(
    field: Field,
    seed: u64,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let mut raging: JoinSet<Result<(), ChaosError>> = JoinSet::new();
    let random = |stream: &str| chance::stream(seed, stream);
    raging.spawn(kills::run(field.clone(), random("kills"), stop.clone()));
    raging.spawn(gateway::run(field.clone(), random("gateway"), stop.clone()));
    raging.spawn(notices::run(field.clone(), random("notices"), stop.clone()));
    for (number, round) in cycle::ROUNDS.iter().enumerate() {
        let random = random(&format!("round {number}"));
        raging.spawn(cycle::run(field.clone(), round, random, stop.clone()));
    }
    while let Some(ended) = raging.join_next().await {
        ended.map_err(|error| ChaosError::said(format!("a fault failed: {error}")))??;
    }
    Ok(())
}

impl Field {
    /// Waits for a while between two moments; `false` when the run is over.
    async fn pause(
        &self,
        random: &mut StdRng,
        (from, to): (u64, u64),
        stop: &CancellationToken,
    ) -> bool {
        let pause = Duration::from_millis(random.random_range(from..to));
        let pause = Duration::try_from_secs_f64(pause.as_secs_f64() / self.rate).unwrap_or(pause);
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}

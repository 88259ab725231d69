//! The faults that take a while: by server one after the other, each once in a round, every round in another
//! order. The servers' rounds run beside each other, so that one fault meets the next.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Field, disk, network, outages, zombies};
use crate::error::ChaosError;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    PostgresRestartedFast,
    PostgresCrashed,
    BackendsTerminated,
    RedisKilled,
    RedisFlushed,
    BrokerAway,
    ZombieRunner,
    ZombieRelay,
    DiskFull,
    CommitsCut,
    Slow,
    Silent,
}

/// Faults of one part, and how long it works between them, in milliseconds: the shortest and the longest.
pub(super) struct Round {
    faults: &'static [Fault],
    pause_ms: (u64, u64),
}

pub(super) const ROUNDS: [Round; 5] = [
    Round {
        faults: &[
            Fault::PostgresRestartedFast,
            Fault::PostgresCrashed,
            Fault::BackendsTerminated,
            Fault::DiskFull,
        ],
        pause_ms: (2_000, 6_000),
    },
    Round {
        faults: &[Fault::RedisKilled, Fault::RedisFlushed],
        pause_ms: (4_000, 10_000),
    },
    Round {
        faults: &[Fault::BrokerAway],
        pause_ms: (8_000, 20_000),
    },
    Round {
        faults: &[
            Fault::CommitsCut,
            Fault::Slow,
            Fault::CommitsCut,
            Fault::Silent,
        ],
        pause_ms: (2_000, 6_000),
    },
    Round {
        faults: &[Fault::ZombieRunner, Fault::ZombieRelay],
        pause_ms: (2_000, 8_000),
    },
];

impl Fault {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ROUNDS.iter().flat_map(|round| round.faults.iter().copied())
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PostgresRestartedFast => "PostgreSQL restarted (fast)",
            Self::PostgresCrashed => "PostgreSQL crashed (immediate)",
            Self::BackendsTerminated => "PostgreSQL backends terminated",
            Self::RedisKilled => "Redis killed",
            Self::RedisFlushed => "Redis flushed",
            Self::BrokerAway => "Kafka away",
            Self::ZombieRunner => "runner of the sagas frozen past its lease",
            Self::ZombieRelay => "relay frozen past its lease",
            Self::DiskFull => "disk full",
            Self::CommitsCut => "connections cut after COMMIT",
            Self::Slow => "PostgreSQL answers late",
            Self::Silent => "PostgreSQL does not answer",
        }
    }

    async fn inject(self, field: &Field, random: &mut StdRng) -> Result<(), ChaosError> {
        match self {
            Self::PostgresRestartedFast => outages::postgres(field, self, "stop", random).await,
            Self::PostgresCrashed => outages::postgres(field, self, "stop-immediate", random).await,
            Self::BackendsTerminated => outages::terminate(field, self, random).await,
            Self::RedisKilled => outages::redis(field, self, random).await,
            Self::RedisFlushed => outages::flush(field, self).await,
            Self::BrokerAway => outages::kafka(field, self, random).await,
            Self::ZombieRunner => zombies::freeze(field, self, &zombies::RUNNER).await,
            Self::ZombieRelay => zombies::freeze(field, self, &zombies::RELAY).await,
            Self::DiskFull => disk::fill(field, self, random).await,
            Self::CommitsCut => network::cut(field, self, random).await,
            Self::Slow => network::slow(field, self, random).await,
            Self::Silent => network::silent(field, self, random).await,
        }
    }
}

pub(super) async fn run(
    field: Field,
    round: &'static Round,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let mut faults = round.faults.to_vec();
    loop {
        faults.shuffle(&mut random);
        for fault in &faults {
            if !field.pause(&mut random, round.pause_ms, &stop).await {
                return Ok(());
            }
            field.chronicle.note("begins", &json!(fault.name()));
            fault.inject(&field, &mut random).await?;
        }
    }
}

impl Field {
    /// The fault has happened.
    pub(super) fn injected(&self, fault: Fault) {
        self.chronicle
            .note(&format!("fault:{}", fault.name()), &json!(null));
    }

    /// It could not be made to happen.
    pub(super) fn not_injected(&self, fault: Fault, why: &str) {
        self.chronicle
            .note(&format!("not injected:{}", fault.name()), &json!(why));
    }
}

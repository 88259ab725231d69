//! Every command is the first to touch an aggregate of 5 events since the program started: it must be
//! read, folded, and written to.

use std::sync::Arc;
use std::time::Duration;

use domain::ProductId;

use super::{CONCURRENT, concurrent};
use crate::error::BenchError;
use crate::load::Load;
use crate::sample::Sample;
use crate::side_by_side::ours::Ours;
use crate::side_by_side::same_event::{FindPieces, new_inventory};
use crate::side_by_side::server::Server;
use crate::side_by_side::stock::Stock;

/// Events of each aggregate before it is measured.
const EVENTS: u32 = 5;
/// Aggregates made for each second of the window. Each is used once, so this bounds what can be
/// measured; a contestant that uses them up ends its window early.
const OURS_PER_SECOND: u64 = 20_000;
/// As above; the stock framework is slower, and its table need not be larger than it uses.
const STOCK_PER_SECOND: u64 = 8_000;
/// How long making them may take.
const SEED_WINDOW: Duration = Duration::from_secs(120);

pub(super) async fn ours(
    server: &Server,
    warm: Ours,
    window: Duration,
) -> Result<(Sample, Ours), BenchError> {
    let inventories = inventories(OURS_PER_SECOND, window);
    let supply = count(&inventories);
    let seeding = Load {
        workers: CONCURRENT * 4,
        window: SEED_WINDOW,
        commands_max: supply,
    };
    let number_to_id = by_number(Arc::clone(&inventories));
    let seeded = warm
        .run(seeding, move |number| {
            Ok(FindPieces::on_new(number_to_id(number))?.repeated(EVENTS))
        })
        .await?;
    if seeded.acknowledged() != supply {
        return Err(BenchError::NothingMeasured(
            "making the aggregates took too long".to_owned(),
        ));
    }
    // What was just written is in memory: a new store has none of it.
    let database = warm.close().await;
    let mut connection = database.connect().await?;
    sqlx::raw_sql("VACUUM ANALYZE event_store.events, event_store.commands")
        .execute(&mut connection)
        .await?;
    let ours = Ours::open(database).await?;
    server.settle().await?;
    let load = Load {
        commands_max: supply,
        ..concurrent(window)
    };
    let number_to_id = by_number(inventories);
    let sample = ours
        .run(load, move |number| FindPieces::on(number_to_id(number)))
        .await?;
    let (acknowledged, seeded_events) = (sample.acknowledged(), supply * u64::from(EVENTS));
    ours.check(supply + acknowledged, seeded_events + acknowledged)
        .await?;
    Ok((sample, ours))
}

pub(super) async fn stock(
    server: &Server,
    stock: &Stock,
    window: Duration,
) -> Result<Sample, BenchError> {
    let inventories = inventories(STOCK_PER_SECOND, window);
    let supply = count(&inventories);
    stock.seed(&inventories, EVENTS).await?;
    server.settle().await?;
    let load = Load {
        commands_max: supply,
        ..concurrent(window)
    };
    let sample = stock.run(load, by_number(inventories)).await?;
    let seeded_events = supply * u64::from(EVENTS);
    stock.check(seeded_events + sample.acknowledged()).await?;
    Ok(sample)
}

fn inventories(per_second: u64, window: Duration) -> Arc<Vec<ProductId>> {
    let wanted = per_second * window.as_secs();
    Arc::new((0..wanted).map(|_| new_inventory()).collect())
}

fn count(inventories: &[ProductId]) -> u64 {
    u64::try_from(inventories.len()).unwrap_or(u64::MAX)
}

/// The load stops at the supply's end, so the number is always one of them; a new one would be wrong but
/// is caught: it has no events.
fn by_number(
    inventories: Arc<Vec<ProductId>>,
) -> impl Fn(u64) -> ProductId + Send + Sync + 'static {
    move |number| {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        inventories
            .get(index)
            .copied()
            .unwrap_or_else(new_inventory)
    }
}

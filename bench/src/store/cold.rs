//! Aggregates of 5 events that no process has in memory: they must be read, folded, and written to.

use std::time::Duration;

use super::ours::Ours;
use super::same_event::FindPieces;
use super::stock::Stock;
use super::targets::{Supply, Targets};
use super::turn::CONCURRENT;
use crate::error::BenchError;
use crate::measure::Load;
use crate::run::Form;
use crate::server::Database;

/// Events of each aggregate before it is measured.
pub(super) const EVENTS: u32 = 5;
/// Aggregates made for each second of the window. Each is used once, so this bounds what can be
/// measured; a contestant that uses them up ends its window early.
const OURS_PER_SECOND: u64 = 30_000;
/// As above; the stock framework is slower, and its table need not be larger than it uses.
const STOCK_PER_SECOND: u64 = 8_000;
/// As above, when no figure counts.
const SMOKE_PER_SECOND: u64 = 1_000;
/// How long making them may take.
const SEED_WINDOW: Duration = Duration::from_secs(300);

/// Makes the aggregates with our own store, and leaves nothing of them in memory.
pub(super) async fn ours(
    database: Database,
    form: Form,
    window: Duration,
) -> Result<(Database, Supply), BenchError> {
    let supply = supply(OURS_PER_SECOND, form, window);
    let warm = Ours::open(database).await?;
    let seeding = Load {
        workers: CONCURRENT * 4,
        window: SEED_WINDOW,
        commands_max: supply.count,
    };
    let targets = Targets::Supply(supply);
    let seeded = warm
        .run(seeding, move |turn| {
            Ok(FindPieces::on_new(targets.of(turn))?.repeated(EVENTS))
        })
        .await?;
    if seeded.acknowledged() != supply.count {
        return Err(BenchError::NothingMeasured(
            "making the aggregates took too long".to_owned(),
        ));
    }
    let database = warm.close().await;
    let mut connection = database.connect().await?;
    sqlx::raw_sql("VACUUM ANALYZE event_store.events, event_store.commands")
        .execute(&mut connection)
        .await?;
    Ok((database, supply))
}

/// The same for the stock framework.
pub(super) async fn stock(
    stock: &Stock,
    form: Form,
    window: Duration,
) -> Result<Supply, BenchError> {
    let supply = supply(STOCK_PER_SECOND, form, window);
    let inventories: Vec<_> = (0..supply.count).map(|turn| supply.at(turn)).collect();
    stock.seed(&inventories, EVENTS).await?;
    Ok(supply)
}

fn supply(per_second: u64, form: Form, window: Duration) -> Supply {
    let per_second = if form == Form::Smoke {
        SMOKE_PER_SECOND
    } else {
        per_second
    };
    Supply::new(per_second * window.as_secs())
}

//! Orders at a fixed rate to the whole program, whether or not the earlier ones were answered; beside the
//! same at a rate at which hardly any two meet. Meanwhile: how far the read models and Kafka are behind.

use std::sync::Arc;
use std::time::Duration;

use super::commands::of;
use super::goods::products_on_sale;
use super::installation::{Installation, highest_memory_mb};
use super::lag::Watch;
use super::requests::place_order;
use crate::error::BenchError;
use crate::measure::{Done, Figures, OpenLoop};
use crate::registry::Contestant;
use crate::run::{Bench, Form};

const CREATED: u16 = 201;
const PRODUCTS: u64 = 16;
const PIECES: u32 = 1_000_000;
const BUYERS: u64 = 256;
const FAST_PER_SECOND: u32 = 500;
const SLOW_PER_SECOND: u32 = 20;
/// At the slow rate a percentile needs its time.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_FULL: Duration = Duration::from_secs(30);
const WARM_UP: Duration = Duration::from_secs(1);
const ROLES: &str = "command-api,processes,projections,relay,read-api";

/// The most memory of the program while it ran.
pub(crate) const MEMORY: &str = "resident memory";

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    let mut shop = Installation::new(bench.server.empty().await?).await?;
    let pid = shop.serve(ROLES).await?;
    let products = products_on_sale(&shop.commands, &shop.operator, PRODUCTS, PIECES).await?;
    let mut tokens = Vec::new();
    for number in 0..bench.form.size(16, BUYERS) {
        tokens.push(shop.identity.buyer(number)?);
    }
    bench.server.settle().await?;
    let shared = Arc::new((shop, tokens, products));
    let warm_up = OpenLoop {
        per_second: FAST_PER_SECOND / 2,
        window: WARM_UP,
    };
    let warmed = load(&shared, warm_up).await?;
    let watch = Watch::start(&shared.0).await?;
    let open_loop = OpenLoop {
        per_second: match contestant {
            Contestant::OrdersSlow => SLOW_PER_SECOND,
            _ => FAST_PER_SECOND,
        },
        window: match bench.form {
            Form::Smoke => bench.window,
            Form::Short => WINDOW,
            Form::Full => WINDOW_FULL,
        },
    };
    let mut figures = load(&shared, open_loop).await?;
    figures.extra.extend(watch.stop(&shared.0).await?);
    figures.extra.insert(MEMORY, highest_memory_mb(pid)?);
    let (shop, ..) = Arc::into_inner(shared)
        .ok_or_else(|| BenchError::Value("the load has not ended".to_owned()))?;
    let database = shop.stop().await?;
    let rows = database
        .count("event_store.events WHERE event_type = 'OrderPlaced'")
        .await?;
    let acknowledged = warmed.acknowledged + figures.acknowledged;
    if rows != acknowledged {
        return Err(BenchError::LostOrDoubled {
            who: contestant.name().to_owned(),
            acknowledged,
            rows,
        });
    }
    bench.server.drop_database(database).await?;
    Ok(figures)
}

type Shared = Arc<(Installation, Vec<String>, Vec<String>)>;

async fn load(shared: &Shared, open_loop: OpenLoop) -> Result<Figures, BenchError> {
    let shared = Arc::clone(shared);
    let sample = open_loop
        .run(move |turn| {
            let shared = Arc::clone(&shared);
            async move {
                let (shop, tokens, products) = &*shared;
                let request = place_order(of(tokens, turn.number), of(products, turn.number));
                shop.commands.call(&request).await?.expect(CREATED)?;
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    Ok(sample.figures().with_client_share())
}

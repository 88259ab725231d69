//! Whole commands over HTTP, beside an echo on the same server.

use std::sync::Arc;
use std::time::Duration;

use super::goods::{COMMANDS_A_PRODUCT, products_on_sale};
use super::installation::highest_memory_mb;
use super::open_loop::MEMORY;
use super::requests::{create_product, echo, place_order};
use super::server::CommandServer;
use super::wire::Request;
use crate::error::BenchError;
use crate::measure::{Done, Figures, Load};
use crate::registry::Contestant;
use crate::run::Bench;
use crate::server::Database;

/// How many requests are under way at once.
pub(super) const CONCURRENT: usize = 64;
const CREATED: u16 = 201;
/// Products on sale: buyers at once rarely meet at one of them, and sometimes do.
const PRODUCTS: u64 = 16;
/// Pieces of each: more than any run sells.
const PIECES: u32 = 1_000_000;
/// Buyers; each orders many times.
const BUYERS: u64 = 256;
/// Before anything is measured: connections, prepared statements, the first pages of memory.
const WARM_UP: Duration = Duration::from_millis(300);

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    let server = CommandServer::start(bench.server.migrated().await?).await?;
    let mut tokens = Vec::new();
    for number in 0..bench.form.size(16, BUYERS) {
        tokens.push(server.identity.buyer(number)?);
    }
    let products = products_on_sale(&server.client, &server.operator, PRODUCTS, PIECES).await?;
    let shared = Arc::new((server, tokens, products));
    let load = Load {
        workers: CONCURRENT,
        window: WARM_UP,
        commands_max: u64::MAX,
    };
    let warmed = measure(&shared, contestant, load).await?;
    bench.server.settle().await?;
    let load = Load {
        window: bench.window,
        ..load
    };
    let figures = measure(&shared, contestant, load).await?;
    let (server, ..) = Arc::into_inner(shared)
        .ok_or_else(|| BenchError::Value("the load has not ended".to_owned()))?;
    let database = server.stop().await?;
    let expected = match contestant {
        Contestant::Echo => 0,
        _ => warmed.acknowledged + figures.acknowledged,
    };
    let expected = expected + PRODUCTS * COMMANDS_A_PRODUCT;
    let rows = database.count("event_store.commands").await?;
    if rows != expected {
        return Err(BenchError::LostOrDoubled {
            who: contestant.name().to_owned(),
            acknowledged: expected,
            rows,
        });
    }
    bench.server.drop_database(database).await?;
    Ok(figures)
}

/// Commands to a server whose log is large, and its memory.
pub(super) async fn on_large_log(bench: &Bench) -> Result<Figures, BenchError> {
    let large = bench.large_log.get(&bench.server, bench.form).await?;
    let database = large
        .as_ref()
        .ok_or_else(|| BenchError::Value("the large log was not made".to_owned()))?;
    let before = database.count("event_store.commands").await?;
    let server = CommandServer::start(Database::at(&database.url())?).await?;
    let shared = Arc::new((server, vec![String::new()], vec![String::new()]));
    let load = Load {
        workers: CONCURRENT,
        window: bench.window,
        commands_max: u64::MAX,
    };
    let mut figures = measure(&shared, Contestant::CreateProduct, load).await?;
    let (server, ..) = Arc::into_inner(shared)
        .ok_or_else(|| BenchError::Value("the load has not ended".to_owned()))?;
    figures
        .extra
        .insert(MEMORY, highest_memory_mb(server.pid())?);
    server.stop().await?;
    let rows = database.count("event_store.commands").await? - before;
    if rows != figures.acknowledged {
        return Err(BenchError::LostOrDoubled {
            who: "commands on a large log".to_owned(),
            acknowledged: figures.acknowledged,
            rows,
        });
    }
    Ok(figures)
}

type Shared = Arc<(CommandServer, Vec<String>, Vec<String>)>;

async fn measure(
    shared: &Shared,
    contestant: Contestant,
    load: Load,
) -> Result<Figures, BenchError> {
    let shared = Arc::clone(shared);
    let sample = load
        .run(move |turn| {
            let shared = Arc::clone(&shared);
            async move {
                let (server, tokens, products) = &*shared;
                let (request, status) =
                    request(contestant, turn.number, &server.operator, tokens, products);
                server.call(&request).await?.expect(status)?;
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    Ok(sample.figures().with_client_share())
}

fn request(
    contestant: Contestant,
    turn: u64,
    operator: &str,
    tokens: &[String],
    products: &[String],
) -> (Request, u16) {
    let token = of(tokens, turn);
    match contestant {
        Contestant::CreateProduct => (create_product(operator), CREATED),
        Contestant::PlaceOrder => (place_order(token, of(products, turn)), CREATED),
        _ => (echo(token), 200),
    }
}

/// One of them, in turn.
pub(super) fn of(texts: &[String], turn: u64) -> &str {
    let index = usize::try_from(turn).unwrap_or_default() % texts.len().max(1);
    texts.get(index).map_or("", String::as_str)
}

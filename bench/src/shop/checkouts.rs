//! Whole checkouts, each by one shopper over HTTP: an order is placed, paid through the mock gateway, and
//! read as paid from the read side.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::commands::{CONCURRENT, of};
use super::goods::products_on_sale;
use super::installation::{Installation, highest_memory_mb};
use super::open_loop::MEMORY;
use super::requests::{pay, place_order, read_order};
use super::serve::DATABASE;
use super::server::stop;
use super::stock_shop::{GATEWAY, PRODUCTS};
use super::wire::{Answer, Client};
use crate::error::BenchError;
use crate::measure::{Done, Figures, Load};
use crate::registry::Contestant;
use crate::run::Bench;

/// Enough that no inventory's stream grows long: the stock framework reads all of it for every command.
const PRODUCTS_ON_SALE: u64 = 256;
const PIECES: u32 = 1_000_000;
const BUYERS: u64 = 256;
const WARM_UP: Duration = Duration::from_millis(500);
/// All but the relay: the other side has no stream to feed.
const ROLES: &str = "command-api,processes,projections,read-api";

/// Where the shoppers go.
struct Shop {
    commands: Client,
    queries: Client,
    tokens: Vec<String>,
    products: Vec<String>,
}

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    if contestant == Contestant::Stock {
        stock(bench).await
    } else {
        ours(bench).await
    }
}

async fn ours(bench: &Bench) -> Result<Figures, BenchError> {
    let mut installation = Installation::new(bench.server.empty().await?).await?;
    let pid = installation.serve(ROLES).await?;
    let (commands, operator) = (&installation.commands, &installation.operator);
    let products = products_on_sale(commands, operator, products_in(bench), PIECES).await?;
    let shop = Arc::new(Shop {
        commands: Client::new(installation.commands.addr()),
        queries: Client::new(installation.queries.addr()),
        tokens: tokens(bench, &installation)?,
        products,
    });
    let (mut figures, all) = measure(bench, &shop).await?;
    figures.extra.insert(MEMORY, highest_memory_mb(pid)?);
    let database = installation.stop().await?;
    let rows = database
        .count("event_store.events WHERE event_type = 'OrderPaid'")
        .await?;
    check("ours", all, rows)?;
    bench.server.drop_database(database).await?;
    Ok(figures)
}

/// The gateway and the tokens are an installation's; its database only serves for that.
async fn stock(bench: &Bench) -> Result<Figures, BenchError> {
    let installation = Installation::new(bench.server.empty().await?).await?;
    let database = bench.server.empty().await?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("serve-stock")
        .envs(installation.identity.environment())
        .env(DATABASE, database.url())
        .env(GATEWAY, format!("http://{}", installation.gateway))
        .env(PRODUCTS, products_in(bench).to_string())
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let (addr, products) = said(&mut child).await?;
    let shop = Arc::new(Shop {
        commands: Client::new(addr),
        queries: Client::new(addr),
        tokens: tokens(bench, &installation)?,
        products,
    });
    let (figures, all) = measure(bench, &shop).await?;
    stop(&mut child).await?;
    let rows = database
        .count("events WHERE event_type = 'OrderPaid'")
        .await?;
    check("the stock framework", all, rows)?;
    bench.server.drop_database(database).await?;
    bench
        .server
        .drop_database(installation.stop().await?)
        .await?;
    Ok(figures)
}

async fn said(child: &mut tokio::process::Child) -> Result<(SocketAddr, Vec<String>), BenchError> {
    let silent = || BenchError::Environment("the stock shop did not begin".to_owned());
    let mut lines = BufReader::new(child.stdout.take().ok_or_else(silent)?).lines();
    let addr = lines.next_line().await?.ok_or_else(silent)?;
    let products = lines.next_line().await?.ok_or_else(silent)?;
    let addr = addr.parse().map_err(|_| silent())?;
    Ok((addr, products.split(',').map(str::to_owned).collect()))
}

fn products_in(bench: &Bench) -> u64 {
    bench.form.size(16, PRODUCTS_ON_SALE)
}

fn tokens(bench: &Bench, installation: &Installation) -> Result<Vec<String>, BenchError> {
    (0..bench.form.size(16, BUYERS))
        .map(|number| installation.identity.buyer(number))
        .collect()
}

/// The figures, and how many checkouts there were with those of the warm-up.
async fn measure(bench: &Bench, shop: &Arc<Shop>) -> Result<(Figures, u64), BenchError> {
    let load = Load {
        workers: CONCURRENT,
        window: WARM_UP,
        commands_max: u64::MAX,
    };
    let warmed = shop_for(shop, load).await?;
    bench.server.settle().await?;
    let window = bench.window;
    let figures = shop_for(shop, Load { window, ..load }).await?;
    let all = warmed.acknowledged + figures.acknowledged;
    Ok((figures, all))
}

async fn shop_for(shop: &Arc<Shop>, load: Load) -> Result<Figures, BenchError> {
    let shop = Arc::clone(shop);
    let sample = load
        .run(move |turn| {
            let shop = Arc::clone(&shop);
            async move {
                shop.check_out(turn.number).await?;
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    Ok(sample.figures().with_client_share())
}

impl Shop {
    async fn check_out(&self, turn: u64) -> Result<(), BenchError> {
        const CREATED: u16 = 201;
        let (token, product) = (of(&self.tokens, turn), of(&self.products, turn));
        let placed = self.commands.call(&place_order(token, product)).await?;
        let order = placed.expect(CREATED)?.id()?;
        let paid = self
            .commands
            .call(&pay(token, &order))
            .await?
            .expect(CREATED)?;
        is(&paid, "SUCCEEDED")?;
        let position = paid
            .json()?
            .pointer("/meta/position")
            .and_then(Value::as_u64);
        let request = read_order(token, &order, position.unwrap_or_default());
        is(&self.queries.call(&request).await?.expect(200)?, "PAID")
    }
}

/// An error unless `data.status` is this.
fn is(answer: &Answer, status: &str) -> Result<(), BenchError> {
    let json = answer.json()?;
    if json.pointer("/data/status").and_then(Value::as_str) == Some(status) {
        return Ok(());
    }
    Err(BenchError::Refused {
        status: answer.status,
        body: format!("not {status}: {json}"),
    })
}

fn check(who: &str, acknowledged: u64, rows: u64) -> Result<(), BenchError> {
    if rows == acknowledged {
        return Ok(());
    }
    Err(BenchError::LostOrDoubled {
        who: who.to_owned(),
        acknowledged,
        rows,
    })
}

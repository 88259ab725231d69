//! A running `commerce serve`: what one buyer waits for when the machine is otherwise idle, and what many
//! at once leave it with in memory. Run it with a gateway that answers at once.

mod client;
mod memory;
mod shopping;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::args::HttpArgs;
use crate::error::BenchError;
use crate::load::Load;
use crate::report::{Machine, write_json};
use crate::sample::Figures;
use client::Client;
use memory::{Memory, Watch};
use shopping::{Latencies, Shop};

/// Placing and paying, with an instantly answering gateway, on an idle machine.
const PLACE_AND_PAY_GOAL_MS: f64 = 20.0;
/// One `commerce serve` under load.
const MEMORY_GOAL_MB: f64 = 300.0;
/// Orders before anything is measured: connections, prepared statements, the first pages of memory.
const WARM_UP_ORDERS: u64 = 20;
/// How long the warm-up may take.
const WARM_UP_WINDOW: Duration = Duration::from_secs(10);

/// All of it, as it is written to the file.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    idle: Part,
    under_load: Part,
    memory: Option<Memory>,
}

/// The latencies of one part.
#[derive(Serialize)]
struct Part {
    place: Figures,
    pay: Figures,
    place_and_pay: Figures,
}

/// Measures, prints, and writes the figures.
pub(crate) async fn run(args: &HttpArgs) -> Result<(), BenchError> {
    let mut out = std::io::stdout();
    let client = Client::from_env()?;
    let shop = Arc::new(Shop::open(client).await?);
    let window = Duration::from_secs(args.seconds);
    shop_for(&shop, 1, WARM_UP_WINDOW, WARM_UP_ORDERS).await?;
    let idle = shop_for(&shop, 1, window, args.orders_max).await?;
    print(&mut out, "one order at a time", &idle)?;
    let met = met(idle.place_and_pay.p50_ms < PLACE_AND_PAY_GOAL_MS);
    writeln!(
        out,
        "  goal: place + pay p50 < {PLACE_AND_PAY_GOAL_MS} ms: {met}"
    )?;

    let watch = Watch::start()?;
    let shoppers = usize::from(args.shoppers);
    let under_load = shop_for(&shop, shoppers, window, u64::MAX).await?;
    print(
        &mut out,
        &format!("{shoppers} shoppers at once"),
        &under_load,
    )?;
    let memory = match watch {
        Some(watch) => Some(watch.stop().await?),
        None => None,
    };
    match &memory {
        Some(memory) => writeln!(
            out,
            "  resident memory under load: highest {:.0} MB, ever {:.0} MB; goal < {MEMORY_GOAL_MB} MB: {}",
            memory.highest_mb,
            memory.ever_mb,
            self::met(memory.highest_mb < MEMORY_GOAL_MB)
        )?,
        None => writeln!(out, "  resident memory: missing, COMMERCE_PID is not set")?,
    }
    let report = Report {
        machine: Machine::here(),
        idle,
        under_load,
        memory,
    };
    write_json(&args.output, &report)?;
    writeln!(out, "\nwritten to {}", args.output.display())?;
    Ok(())
}

async fn shop_for(
    shop: &Arc<Shop>,
    shoppers: usize,
    window: Duration,
    orders_max: u64,
) -> Result<Part, BenchError> {
    let latencies = Arc::new(Latencies::default());
    let load = Load {
        workers: shoppers,
        window,
        commands_max: orders_max,
    };
    let (shop, seen) = (Arc::clone(shop), Arc::clone(&latencies));
    let both = load
        .run(move |turn| {
            let (shop, seen) = (Arc::clone(&shop), Arc::clone(&seen));
            async move { shop.place_and_pay(turn.number, &seen).await }
        })
        .await?;
    let (place, pay) = latencies.samples(window)?;
    Ok(Part {
        place: place.figures(),
        pay: pay.figures(),
        place_and_pay: both.figures(),
    })
}

fn print(out: &mut impl std::io::Write, title: &str, part: &Part) -> Result<(), BenchError> {
    let orders = part.place_and_pay.acknowledged;
    let rate = part.place_and_pay.per_second;
    writeln!(out, "{title}: {orders} orders placed and paid, {rate:.0}/s")?;
    for (name, f) in [
        ("place", &part.place),
        ("pay", &part.pay),
        ("place + pay", &part.place_and_pay),
    ] {
        writeln!(
            out,
            "  {name:<12} p50 {:>8.2}  p95 {:>8.2}  p99 {:>8.2} ms",
            f.p50_ms, f.p95_ms, f.p99_ms
        )?;
    }
    Ok(())
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

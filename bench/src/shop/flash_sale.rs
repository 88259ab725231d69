//! A flash sale: far more buyers than pieces, each with a token of their own, each asking once. Exactly as
//! many orders are placed as there are pieces; everybody else is refused, durably.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::commands::CONCURRENT;
use super::goods::{COMMANDS_A_PRODUCT, product_on_sale};
use super::requests::{echo, place_order};
use super::server::CommandServer;
use crate::error::BenchError;
use crate::measure::{Done, Figures, Load, to_f64};
use crate::registry::Contestant;
use crate::run::{Bench, Form};

const CREATED: u16 = 201;
const CONFLICT: u16 = 409;
/// How long it may take.
const WINDOW: Duration = Duration::from_secs(120);

/// How many buyers and pieces there are.
fn size(form: Form) -> (u64, u32) {
    match form {
        Form::Smoke => (200, 10),
        Form::Short | Form::Full => (100_000, 1_000),
    }
}

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    let (buyers, pieces) = size(bench.form);
    let server = CommandServer::start(bench.server.migrated().await?).await?;
    let product = product_on_sale(&server.client, &server.operator, pieces).await?;
    let mut tokens = Vec::new();
    for number in 0..buyers {
        tokens.push(server.identity.buyer(number)?);
    }
    if contestant == Contestant::FlashSaleSeen {
        show_tokens(&server, &tokens).await?;
    }
    bench.server.settle().await?;
    let shared = Arc::new((server, tokens, product));
    let sold = Arc::new(AtomicU64::new(0));
    let load = Load {
        workers: CONCURRENT,
        window: if contestant == Contestant::Echo {
            bench.window
        } else {
            WINDOW
        },
        commands_max: buyers,
    };
    let (sale, count) = (Arc::clone(&shared), Arc::clone(&sold));
    let sample = load
        .run(move |turn| {
            let (sale, count) = (Arc::clone(&sale), Arc::clone(&count));
            async move {
                let (server, tokens, product) = &*sale;
                let index = usize::try_from(turn.number).unwrap_or_default();
                let token = tokens.get(index).map_or("", String::as_str);
                if contestant == Contestant::Echo {
                    server.call(&echo(token)).await?.expect(200)?;
                } else {
                    let answer = server.call(&place_order(token, product)).await?;
                    match answer.status {
                        CREATED => {
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        CONFLICT => {}
                        _ => drop(answer.expect(CREATED)?),
                    }
                }
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    let mut figures = sample.figures().with_client_share();
    let (server, ..) = Arc::into_inner(shared)
        .ok_or_else(|| BenchError::Value("the load has not ended".to_owned()))?;
    let database = server.stop().await?;
    if contestant != Contestant::Echo {
        let told = sold.load(Ordering::Relaxed);
        let rows = database
            .count("event_store.events WHERE event_type = 'OrderPlaced'")
            .await?;
        if rows != told {
            return Err(BenchError::LostOrDoubled {
                who: "the flash sale".to_owned(),
                acknowledged: told,
                rows,
            });
        }
        let commands = database.count("event_store.commands").await?;
        if commands != buyers + COMMANDS_A_PRODUCT {
            return Err(BenchError::LostOrDoubled {
                who: "the flash sale's answers".to_owned(),
                acknowledged: buyers + COMMANDS_A_PRODUCT,
                rows: commands,
            });
        }
        figures.extra.insert(SOLD, to_f64(told));
        // Refused a second: who got a piece is not a refusal.
        figures.per_second *= to_f64(buyers.saturating_sub(told)) / to_f64(buyers);
        // 1 when as many were sold as there were pieces.
        figures
            .extra
            .insert(SOLD_SHARE, to_f64(told) / f64::from(pieces));
    }
    bench.server.drop_database(database).await?;
    Ok(figures)
}

/// Orders that were placed.
pub(crate) const SOLD: &str = "sold";
/// The same over the pieces that there were.
pub(crate) const SOLD_SHARE: &str = "sold ÷ pieces";

/// Has every token verified once, as when its owner looked at the goods before the sale began.
pub(super) async fn show_tokens(
    server: &CommandServer,
    tokens: &[String],
) -> Result<(), BenchError> {
    const BAD_REQUEST: u16 = 400;
    for token in tokens {
        let request = super::requests::show_token(token, "019b0000-0000-7000-8000-000000000000");
        server.call(&request).await?.expect(BAD_REQUEST)?;
    }
    Ok(())
}

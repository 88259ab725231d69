//! The shop over HTTP: real processes, a client that shares the machine with them.

mod checkouts;
mod claims;
mod commands;
mod flash_sale;
mod followers;
mod goods;
mod history;
mod identity;
mod installation;
mod lag;
mod open_loop;
mod requests;
mod serve;
mod server;
mod stock_shop;
mod wire;

use crate::error::BenchError;
use crate::measure::Figures;
use crate::registry::{Condition, Contestant, Scenario};
use crate::run::Bench;

pub(crate) use flash_sale::SOLD_SHARE;
pub(crate) use installation::program;
pub(crate) use lag::{TO_KAFKA, TO_READ_MODEL};
pub(crate) use open_loop::MEMORY;
pub(crate) use serve::run as serve;
pub(crate) use stock_shop::run as serve_stock;

/// Runs each contestant once.
pub(crate) async fn run(
    bench: &Bench,
    condition: Condition,
    scenario: Scenario,
    contestants: &[Contestant],
) -> Result<Vec<(Contestant, Figures)>, BenchError> {
    let mut measured = Vec::new();
    for &contestant in contestants {
        let figures = match scenario {
            Scenario::CouponClaims => claims::run(bench, contestant).await?,
            Scenario::FlashSale => flash_sale::run(bench, contestant).await?,
            Scenario::Checkouts => checkouts::run(bench, contestant).await?,
            Scenario::Followers => followers::run(bench, contestant).await?,
            Scenario::OpenLoop => open_loop::run(bench, contestant).await?,
            _ if condition == Condition::LargeLog => commands::on_large_log(bench).await?,
            _ => commands::run(bench, contestant).await?,
        };
        measured.push((contestant, figures));
    }
    Ok(measured)
}

//! Everybody writes to one aggregate, from an empty stream on: a thousand buyers of one item.

use std::time::Duration;

use super::concurrent;
use crate::error::BenchError;
use crate::sample::Sample;
use crate::side_by_side::ours::Ours;
use crate::side_by_side::same_event::{FindPieces, new_inventory};
use crate::side_by_side::server::Server;
use crate::side_by_side::stock::Stock;

pub(super) async fn ours(
    server: &Server,
    ours: Ours,
    window: Duration,
) -> Result<(Sample, Ours), BenchError> {
    server.settle().await?;
    let hot = new_inventory();
    let load = concurrent(window);
    let sample = ours.run(load, move |_| FindPieces::on(hot)).await?;
    ours.check(sample.acknowledged(), sample.acknowledged())
        .await?;
    Ok((sample, ours))
}

pub(super) async fn stock(
    server: &Server,
    stock: &Stock,
    window: Duration,
) -> Result<Sample, BenchError> {
    server.settle().await?;
    let hot = new_inventory();
    let sample = stock.run(concurrent(window), move |_| hot).await?;
    stock.check(sample.acknowledged()).await?;
    Ok(sample)
}

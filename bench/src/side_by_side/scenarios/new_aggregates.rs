//! Every command makes a new aggregate: nothing to read, nobody to collide with.

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
    let load = concurrent(window);
    let sample = ours
        .run(load, |_| FindPieces::on_new(new_inventory()))
        .await?;
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
    let sample = stock.run(concurrent(window), |_| new_inventory()).await?;
    stock.check(sample.acknowledged()).await?;
    Ok(sample)
}

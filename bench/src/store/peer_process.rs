//! A peer that is a program of its own. It is given the database's URL, how many commands are to be under
//! way at once, and for how many milliseconds; it makes its tables, says `ready`, waits for a line, runs,
//! and says what it saw as a worker does (`worker.rs`).

use std::time::Duration;

use super::worker::together;
use crate::error::BenchError;
use crate::measure::Sample;
use crate::peers::Program;
use crate::server::Server;

pub(super) async fn run(
    server: &Server,
    peer: &Program,
    window: Duration,
    concurrent: usize,
) -> Result<Sample, BenchError> {
    let database = server.empty().await?;
    let mut command = peer.command();
    command.arg(database.url());
    command.args([concurrent.to_string(), window.as_millis().to_string()]);
    server.settle().await?;
    let sample = together(vec![command], window, peer.name).await?;
    let rows = database.count(peer.table).await?;
    if rows != sample.acknowledged() {
        return Err(BenchError::LostOrDoubled {
            who: peer.name.to_owned(),
            acknowledged: sample.acknowledged(),
            rows,
        });
    }
    server.drop_database(database).await?;
    Ok(sample)
}

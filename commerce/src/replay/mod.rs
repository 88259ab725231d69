//! `commerce replay FILE`: real supermarket baskets against the public API.
//!
//! Every request's key follows from the file and the basket, so a replay that was interrupted (or whose
//! server was killed) is simply started again: what was done is answered, not done twice.

mod baskets;
mod catalogue;
mod counts;
mod pace;
mod read_side;
mod shopping;
mod stream_side;
mod table;

use std::path::Path;
use std::process::ExitCode;

use platform::Role;
use platform::config::Env;

use crate::client::{Client, ClientConfig};
use crate::error::CommerceError;
use crate::output::say;
use crate::stream::StreamConfig;

use baskets::Baskets;
use counts::Counts;
use table::Table;

/// What everyone on the replay shares.
struct Replay {
    client: Client,
    baskets: Baskets,
    /// Begins every key: the same file is the same replay.
    run: String,
    at_once: usize,
}

/// Plays the file and prints the reconciliation; exit code 1 when anything differs.
pub(crate) async fn run(file: &Path, shoppers: u16) -> Result<ExitCode, CommerceError> {
    let (client, stream) =
        Env::process().read(|env| (ClientConfig::read(env), StreamConfig::read(env)))?;
    let (baskets, run) = baskets::read(file)?;
    let replay = Replay {
        client: Client::new(client)?,
        baskets,
        run,
        at_once: shoppers.into(),
    };
    let operator = replay.client.caller("replay-operator", Role::Operator)?;

    let catalogue = replay.enter_catalogue(&operator).await?;
    let pools = replay.create_pools(&operator).await?;
    let orders = replay.shop(&catalogue, &pools).await?;
    let expected = Counts::of_data(&replay.baskets);
    let seen = replay.count_read_side(&orders, &catalogue, &pools).await?;
    let streamed = if stream.is_set() {
        replay.wait_until_sent(&operator).await?;
        let prefix = replay.household_prefix();
        Some(stream_side::count(stream, prefix, &replay.baskets, &orders, &catalogue).await?)
    } else {
        say("KAFKA_BROKERS is not set: the stream is not compared");
        None
    };
    let table = Table::new(&expected, &seen, streamed.as_ref());
    table.lines().for_each(say);
    Ok(if table.is_equal() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

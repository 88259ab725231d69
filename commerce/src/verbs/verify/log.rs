//! The pass over the log, and how far it is.

use std::time::{Duration, Instant};

use auditor::{Pass, Progress};

use super::Verification;
use crate::error::CommerceError;
use crate::meter::{Meter, rate};
use crate::output::say;

/// How often it is looked how far the pass is.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Looks at the log up to where it ends now.
pub(super) async fn pass(verification: &Verification) -> Result<Pass, CommerceError> {
    let head = verification.log.head().await?;
    let mut pass = Pass::new(verification.owner.clone());
    let started = Instant::now();
    let progress = pass.progress();
    let shown = tokio::spawn(show(progress, head));
    let done = pass.run(head).await;
    shown.abort();
    done?;
    let took = started.elapsed();
    say(format_args!(
        "the log up to {head} in {:.1} s: {:.0} events a second",
        took.as_secs_f64(),
        rate(head, took)
    ));
    Ok(pass)
}

/// Shows how far the pass is, until it is aborted.
async fn show(progress: Progress, head: u64) {
    let mut meter = Meter::new("the log");
    loop {
        meter.at(progress.position(), head);
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

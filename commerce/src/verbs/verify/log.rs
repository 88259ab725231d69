//! The pass over the log, and how far it is.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use auditor::{Pass, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::Verification;
use crate::error::CommerceError;
use crate::output::say;

/// How often a terminal is told.
const BAR_INTERVAL: Duration = Duration::from_millis(200);
/// How often a file is told.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

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
        "{head} events in {:.1} s: {:.0} a second",
        took.as_secs_f64(),
        rate(head, took)
    ));
    Ok(pass)
}

fn rate(events: u64, took: Duration) -> f64 {
    let events = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
    events / took.as_secs_f64().max(0.001)
}

/// Shows how far the pass is, until it is aborted.
async fn show(progress: Progress, head: u64) {
    if !std::io::stderr().is_terminal() {
        let started = Instant::now();
        loop {
            tokio::time::sleep(LINE_INTERVAL).await;
            let position = progress.position();
            let rate = rate(position, started.elapsed());
            say(format_args!(
                "{position} of {head} events, {rate:.0} a second"
            ));
        }
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left");
    let bar =
        ProgressBar::new(head).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        bar.set_position(progress.position());
        tokio::time::sleep(BAR_INTERVAL).await;
    }
}

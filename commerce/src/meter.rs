//! How far a long look at the log is: a bar on a terminal, a line now and then anywhere else.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::say;

/// How often a file is told.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows how far something is.
pub(crate) struct Meter {
    what: &'static str,
    /// On a terminal.
    bar: Option<ProgressBar>,
    started: Instant,
    said: Instant,
}

impl Meter {
    /// Nothing is done yet. `what` is said before the numbers.
    pub(crate) fn new(what: &'static str) -> Self {
        let style = "{msg}: {bar:40} {pos}/{len} events, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = || ProgressBar::new(0).with_style(style).with_message(what);
        let now = Instant::now();
        Self {
            what,
            bar: std::io::stderr().is_terminal().then(bar),
            started: now,
            said: now,
        }
    }

    /// It is at this position, of so many.
    pub(crate) fn at(&mut self, position: u64, head: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(head);
            bar.set_position(position);
        } else if self.said.elapsed() >= LINE_INTERVAL {
            self.said = Instant::now();
            let (what, rate) = (self.what, rate(position, self.started.elapsed()));
            say(format_args!(
                "{what}: {position} of {head} events, {rate:.0} a second"
            ));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Events a second.
pub(crate) fn rate(events: u64, took: Duration) -> f64 {
    let events = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
    events / took.as_secs_f64().max(0.001)
}

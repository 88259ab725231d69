//! What happened, line by line: hashed always, kept only when somebody will read it.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

/// The story of one world.
pub(crate) struct Story {
    hash: DefaultHasher,
    line: String,
    /// `None` when nobody will read it.
    lines: Option<Vec<String>>,
}

impl Story {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            // Its keys are constants: the same lines have the same hash in every run of one build.
            hash: DefaultHasher::new(),
            line: String::new(),
            lines: is_kept.then(Vec::new),
        }
    }

    pub(crate) fn tell(&mut self, now_us: u64, what: fmt::Arguments<'_>) {
        self.line.clear();
        let (seconds, milliseconds) = (now_us / 1_000_000, now_us / 1_000 % 1_000);
        // Writing into a string never fails.
        let _ = write!(self.line, "{seconds:>5}.{milliseconds:03} s  {what}");
        self.hash.write(self.line.as_bytes());
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.clone());
        }
    }

    /// The hash of all that was told.
    pub(crate) fn hash(&self) -> u64 {
        self.hash.finish()
    }

    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}

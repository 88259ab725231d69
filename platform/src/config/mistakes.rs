//! What was wrong with the environment, all of it.

use std::fmt;

/// One variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The variable.
    pub variable: String,
    /// What is wrong with it.
    pub problem: String,
    /// A value that would do.
    pub example: String,
}

/// Every mistake of the configuration; printed, it names each on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
}

impl ConfigError {
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// The mistakes, in the order of reading.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, s) = (
            self.mistakes.len(),
            if self.mistakes.len() == 1 { "" } else { "s" },
        );
        write!(f, "the configuration has {count} mistake{s}:")?;
        for Mistake {
            variable,
            problem,
            example,
        } in &self.mistakes
        {
            write!(f, "\n  {variable} {problem}")?;
            if !example.is_empty() {
                write!(f, " (for example: {example})")?;
            }
        }
        Ok(())
    }
}

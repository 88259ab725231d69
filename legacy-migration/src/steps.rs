//! The steps, in their order.

use std::fmt;
use std::str::FromStr;

/// A step of the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing is done yet: where the way back ends.
    Start,
    /// `backup_…` tables beside the legacy ones, the same to the last byte.
    BackUp,
    /// What depends on the legacy tables is known.
    Check,
    /// Nothing points at the legacy tables any more.
    DropForeignKeys,
    /// Every row is in the new schema, or among the rejects.
    Copy,
    /// Both sides were counted and summed, and agree.
    Verify,
    /// The new schema is the one that counts.
    Switch,
    /// The legacy views and tables are gone.
    Drop,
}

impl Step {
    /// Those that do something, in their order.
    pub const ALL: [Self; 7] = [
        Self::BackUp,
        Self::Check,
        Self::DropForeignKeys,
        Self::Copy,
        Self::Verify,
        Self::Switch,
        Self::Drop,
    ];

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::BackUp => "back-up",
            Self::Check => "check",
            Self::DropForeignKeys => "drop-foreign-keys",
            Self::Copy => "copy",
            Self::Verify => "verify",
            Self::Switch => "switch",
            Self::Drop => "drop",
        }
    }

    /// What has to be done before it.
    pub(crate) fn before(self) -> Option<Self> {
        match self {
            Self::Start | Self::BackUp => None,
            Self::Check => Some(Self::BackUp),
            Self::DropForeignKeys => Some(Self::Check),
            Self::Copy => Some(Self::DropForeignKeys),
            Self::Verify => Some(Self::Copy),
            Self::Switch => Some(Self::Verify),
            Self::Drop => Some(Self::Switch),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::Start].into_iter().chain(Self::ALL);
        let names = || all.clone().map(Self::name).collect::<Vec<_>>().join(", ");
        let found = all.clone().find(|step| step.name() == name);
        found.ok_or_else(|| format!("one of {}", names()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_follows_the_one_before_it() {
        for pair in Step::ALL.windows(2) {
            assert_eq!(pair[1].before(), Some(pair[0]));
            assert!(pair[0] < pair[1]);
            assert_eq!(pair[0].name().parse(), Ok(pair[0]));
        }
        assert!("nonsense".parse::<Step>().is_err());
    }
}

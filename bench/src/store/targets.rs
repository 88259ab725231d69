//! Which aggregates a load writes to.

use domain::ProductId;
use uuid::Uuid;

use super::same_event::new_inventory;

/// Which aggregate a command is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Targets {
    /// A new one for each.
    New,
    /// Always the same.
    One(ProductId),
    /// Each of a supply once.
    Supply(Supply),
}

/// Aggregates that exist. Their ids follow each other, so that nobody has to keep a list, and several
/// processes can share them out: each takes every `step`th, from `first` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Supply {
    pub(crate) base: Uuid,
    pub(crate) count: u64,
    pub(crate) first: u64,
    pub(crate) step: u64,
}

impl Targets {
    pub(crate) fn of(self, turn: u64) -> ProductId {
        match self {
            Self::New => new_inventory(),
            Self::One(inventory) => inventory,
            Self::Supply(supply) => supply.at(turn),
        }
    }

    /// How many commands there can be.
    pub(crate) fn commands_max(self) -> u64 {
        match self {
            Self::New | Self::One(_) => u64::MAX,
            Self::Supply(supply) => supply.len(),
        }
    }

    /// This process's share.
    pub(crate) fn share(self, first: u64, step: u64) -> Self {
        match self {
            Self::Supply(supply) => Self::Supply(Supply {
                first,
                step,
                ..supply
            }),
            other => other,
        }
    }
}

impl Supply {
    pub(crate) fn new(count: u64) -> Self {
        Self {
            base: Uuid::now_v7(),
            count,
            first: 0,
            step: 1,
        }
    }

    fn len(self) -> u64 {
        self.count
            .saturating_sub(self.first)
            .div_ceil(self.step.max(1))
    }

    pub(crate) fn at(self, turn: u64) -> ProductId {
        let number = self.first + turn * self.step;
        ProductId::new(Uuid::from_u128(
            self.base.as_u128().wrapping_add(u128::from(number)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_shares_of_three_processes_are_the_whole_supply() {
        let all = Targets::Supply(Supply::new(10));
        let mut seen = BTreeSet::new();
        let mut turns = 0;
        for first in 0..3 {
            let share = all.share(first, 3);
            turns += share.commands_max();
            seen.extend((0..share.commands_max()).map(|turn| share.of(turn).to_string()));
        }
        let whole: BTreeSet<String> = (0..10).map(|turn| all.of(turn).to_string()).collect();
        assert_eq!((turns, seen), (10, whole));
    }
}

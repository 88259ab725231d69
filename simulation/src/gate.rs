//! The coupon gate's keys in Redis, with the semantics of its scripts (`command-api/src/coupon_gate/*.lua`). The
//! contract tests hold it against Redis.

use std::collections::{BTreeMap, BTreeSet};

/// Refusals of a pool that are remembered, at most, as in the scripts' callers.
pub const REFUSALS_MAX: usize = 100_000;

/// What the scripts keep of one pool.
#[derive(Clone, Debug, Default)]
pub struct PoolKeys {
    members: BTreeSet<String>,
    /// `None` when the key is not there.
    count: Option<i64>,
    pending: BTreeMap<String, i64>,
    refusals: BTreeMap<String, String>,
}

/// What `claim.lua` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A place was taken.
    Admitted,
    /// A claim of theirs is under way, or was cut short.
    Pass,
    /// They have one.
    Duplicate,
    /// No place; so many claims are under way.
    SoldOut(usize),
    /// No place, and a claim that never came back.
    Stale,
    /// Nothing is here.
    Missing,
    /// This command's answer is in the log.
    Logged,
    /// This command was refused before, with this.
    Refused(String),
}

/// Who claims, and with which command.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The user.
    pub user: &'a str,
    /// The command's id.
    pub command: &'a str,
    /// When, in milliseconds.
    pub now_ms: i64,
    /// How long a claim may be under way.
    pub patience_ms: i64,
    /// What is remembered when it is refused for good.
    pub refusal: &'a str,
    /// Whether a sold-out verdict is final.
    pub is_final: bool,
}

impl PoolKeys {
    /// `claim.lua`.
    pub fn claim(&mut self, claim: Claim<'_>) -> Verdict {
        match self.refusals.get(claim.command).map(String::as_str) {
            Some("log") => return Verdict::Logged,
            Some(told) => return Verdict::Refused(told.to_owned()),
            None => {}
        }
        let Some(left) = self.count else {
            return Verdict::Missing;
        };
        if self.members.contains(claim.user) {
            if self.pending.contains_key(claim.user) {
                return Verdict::Pass;
            }
            return Verdict::Duplicate;
        }
        if left > 0 {
            self.members.insert(claim.user.to_owned());
            self.count = Some(left - 1);
            self.pending.insert(claim.user.to_owned(), claim.now_ms);
            return Verdict::Admitted;
        }
        let oldest = self.pending.values().min();
        if oldest.is_some_and(|oldest| oldest + claim.patience_ms < claim.now_ms) {
            return Verdict::Stale;
        }
        if claim.is_final {
            self.remember(claim.command, claim.refusal);
        }
        Verdict::SoldOut(self.pending.len())
    }

    /// `confirm.lua`: the log has a coupon of this user.
    pub fn confirm(&mut self, user: &str) -> u32 {
        let Some(left) = self.count else {
            return 0;
        };
        self.pending.remove(user);
        if self.members.insert(user.to_owned()) {
            self.count = Some(left - 1);
        }
        1
    }

    /// `release.lua`: the claim came to nothing. With a command, its answer is in the log.
    pub fn release(&mut self, user: &str, command: Option<&str>) -> u32 {
        if let Some(command) = command
            && self.refusals.len() < REFUSALS_MAX
        {
            self.refusals.insert(command.to_owned(), "log".to_owned());
        }
        if self.pending.remove(user).is_none() {
            return 0;
        }
        self.members.remove(user);
        self.count = self.count.map(|left| left + 1);
        1
    }

    /// `remember.lua`: what this command was told before, if anything; otherwise it is told this.
    pub fn remembered(&mut self, command: &str, refusal: &str) -> Option<String> {
        let told = self.refusals.get(command).cloned();
        if told.is_none() {
            self.remember(command, refusal);
        }
        told
    }

    /// `replace.lua`: what the log says takes the place of what is here, unless more holders are confirmed here
    /// than `known`. Returns 0, or how many those are.
    pub fn replace(
        &mut self,
        holders: impl IntoIterator<Item = String>,
        left: i64,
        known: usize,
    ) -> usize {
        let confirmed = self.members.len() - self.pending.len();
        if confirmed > known {
            return confirmed;
        }
        self.members = holders.into_iter().collect();
        self.pending.clear();
        self.count = Some(left);
        0
    }

    /// Who has a coupon, as far as is known here.
    pub(crate) fn confirmed(&self) -> impl Iterator<Item = &str> {
        let members = self.members.iter().map(String::as_str);
        members.filter(|user| !self.pending.contains_key(*user))
    }

    /// Places that are taken and places that are left; `None` when nothing is here.
    pub(crate) fn balance(&self) -> Option<i64> {
        let members = i64::try_from(self.members.len()).unwrap_or(i64::MAX);
        self.count.map(|left| left + members)
    }

    /// The planted defect: a place is given back, and nobody gets it.
    pub(crate) fn leak(&mut self, user: &str) {
        self.pending.remove(user);
        self.members.remove(user);
    }

    /// Redis loses everything.
    pub fn flush(&mut self) {
        *self = Self::default();
    }

    fn remember(&mut self, command: &str, refusal: &str) {
        if self.refusals.len() < REFUSALS_MAX {
            self.refusals.insert(command.to_owned(), refusal.to_owned());
        }
    }
}

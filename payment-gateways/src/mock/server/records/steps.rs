//! The steps that a payment of Toss or NICE takes, and those that it may not.

use chrono::{DateTime, TimeDelta, Utc};

use super::{CancelRecord, DEPOSIT_HOURS, Means, PaymentRecord, Stage, fresh_key};

/// The most cancels of one payment: each makes its record longer.
const CANCELS_MAX: usize = 30;

/// What a step did with money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock::server) enum Step {
    /// None moved.
    NoMoney,
    /// This much came.
    Charged(i64),
    /// None came, and none will.
    Declined,
    /// A deposit that was taken back came again.
    PaidAgain(i64),
    /// A deposit was taken back.
    TakenBack,
    /// This much went back.
    GaveBack(i64),
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock::server) enum StepError {
    Expired,
    AlreadyConfirmed,
    NotAuthenticated,
    AmountDiffers,
    NotPaid,
    AlreadyCancelled,
    MoreThanLeft,
    PartOfWaiting,
    NoAccount,
    TooManyCancels,
    NotWaiting,
}

impl PaymentRecord {
    /// The buyer has shown who they are.
    pub(in crate::mock::server) fn authenticate(
        &mut self,
        means: Means,
        now: DateTime<Utc>,
    ) -> Result<Step, StepError> {
        match self.stage_at(now) {
            Stage::Ready => {}
            Stage::Expired => return Err(StepError::Expired),
            Stage::InProgress | Stage::Waiting | Stage::Done | Stage::Aborted | Stage::Closed => {
                return Err(StepError::AlreadyConfirmed);
            }
        }
        self.means = means;
        self.authenticated_at = Some(now);
        self.turn(Stage::InProgress, now);
        Ok(Step::NoMoney)
    }

    /// The merchant confirms; `charged` is what is really taken, or nothing when the card is declined.
    pub(in crate::mock::server) fn confirm(
        &mut self,
        amount: i64,
        charged: Option<i64>,
        decline: &str,
        now: DateTime<Utc>,
    ) -> Result<Step, StepError> {
        match self.stage_at(now) {
            Stage::InProgress => {}
            Stage::Ready => return Err(StepError::NotAuthenticated),
            Stage::Expired => return Err(StepError::Expired),
            Stage::Waiting | Stage::Done | Stage::Aborted | Stage::Closed => {
                return Err(StepError::AlreadyConfirmed);
            }
        }
        if amount != self.amount {
            return Err(StepError::AmountDiffers);
        }
        let Some(charged) = charged else {
            self.failure = Some(decline.to_owned());
            self.turn(Stage::Aborted, now);
            return Ok(Step::Declined);
        };
        match self.means {
            Means::Card => {
                self.charged = charged;
                self.approve(now);
                Ok(Step::Charged(charged))
            }
            Means::VirtualAccount => {
                let hours = TimeDelta::hours(DEPOSIT_HOURS);
                self.give_account(now + hours, now);
                Ok(Step::NoMoney)
            }
        }
    }

    /// Gives out an account to pay into.
    pub(in crate::mock::server) fn give_account(
        &mut self,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        let digits = u64::from_be_bytes(*self.last_key.as_bytes().last_chunk().unwrap_or(&[7; 8]));
        self.account_number = Some(format!("X{:013}", digits % 10_000_000_000_000));
        self.due_at = Some(due_at);
        self.means = Means::VirtualAccount;
        self.turn(Stage::Waiting, now);
    }

    /// The buyer pays in.
    pub(in crate::mock::server) fn deposit(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<Step, StepError> {
        if self.stage != Stage::Waiting {
            return Err(StepError::NotWaiting);
        }
        if self.due_at.is_some_and(|due| now > due) {
            return Err(StepError::Expired);
        }
        let was_paid_before = self.charged > 0;
        self.charged = self.amount;
        self.approve(now);
        Ok(if was_paid_before {
            Step::PaidAgain(self.amount)
        } else {
            Step::Charged(self.amount)
        })
    }

    /// The bank takes a deposit back.
    pub(in crate::mock::server) fn take_back(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<Step, StepError> {
        let is_whole = self.stage == Stage::Done && self.cancels.is_empty();
        if self.means != Means::VirtualAccount || !is_whole {
            return Err(StepError::NotPaid);
        }
        self.approved_at = None;
        self.turn(Stage::Waiting, now);
        Ok(Step::TakenBack)
    }

    /// Gives back; without an amount, all that is left.
    pub(in crate::mock::server) fn cancel(
        &mut self,
        amount: Option<i64>,
        reason: &str,
        order_no: Option<&str>,
        has_account: bool,
        now: DateTime<Utc>,
    ) -> Result<Step, StepError> {
        let left = self.left();
        match self.stage_at(now) {
            Stage::Waiting if amount.is_some_and(|amount| amount != left) => {
                return Err(StepError::PartOfWaiting);
            }
            Stage::Waiting => {
                self.turn(Stage::Closed, now);
                self.note_cancel(left, 0, reason, order_no, now);
                return Ok(Step::NoMoney);
            }
            Stage::Closed => return Err(StepError::AlreadyCancelled),
            Stage::Done => {}
            Stage::Ready | Stage::InProgress | Stage::Aborted | Stage::Expired => {
                return Err(StepError::NotPaid);
            }
        }
        if left == 0 {
            return Err(StepError::AlreadyCancelled);
        }
        let amount = amount.unwrap_or(left);
        if amount <= 0 || amount > left {
            return Err(StepError::MoreThanLeft);
        }
        if self.means == Means::VirtualAccount && !has_account {
            return Err(StepError::NoAccount);
        }
        if self.cancels.len() >= CANCELS_MAX {
            return Err(StepError::TooManyCancels);
        }
        self.turn(Stage::Done, now);
        self.note_cancel(amount, left - amount, reason, order_no, now);
        Ok(Step::GaveBack(amount))
    }

    fn note_cancel(
        &mut self,
        amount: i64,
        left: i64,
        reason: &str,
        order_no: Option<&str>,
        at: DateTime<Utc>,
    ) {
        self.cancels.push(CancelRecord {
            key: self.last_key.clone(),
            amount,
            left,
            reason: reason.to_owned(),
            order_no: order_no.map(str::to_owned),
            at,
        });
    }

    /// Its window has passed.
    pub(in crate::mock::server) fn expire(&mut self, now: DateTime<Utc>) {
        self.turn(Stage::Expired, now);
    }

    fn approve(&mut self, now: DateTime<Utc>) {
        self.turn(Stage::Done, now);
        self.approved_at = Some(now);
        self.approval_key = Some(self.last_key.clone());
    }

    fn turn(&mut self, stage: Stage, now: DateTime<Utc>) {
        self.stage = stage;
        self.changed_at = now;
        self.last_key = fresh_key(self.company, "tx");
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;

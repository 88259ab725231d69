//! The limits of this room. The composition root reads them from the environment.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::DEPOSIT_WINDOW_DEFAULT;
use domain::points::EarningPolicy;

use crate::error::ProcessesError;
use crate::schedule::Schedule;

/// A paid order may still be cancelled for so long (requirements, "Orders").
const CONFIRMATION_DELAY_DEFAULT: Duration = Duration::from_secs(30 * 60);
/// The longest delay: beyond a year it is a mistake, and time would overflow some day.
const CONFIRMATION_DELAY_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The shortest and the longest wait for a deposit: companies give an account for 1 to 720 hours.
pub const DEPOSIT_WINDOW_HOURS: RangeInclusive<u64> = 1..=720;
/// Calls and commands at once, by default: 64 calls of 100 ms are 640 payments a second.
const CONCURRENCY_DEFAULT: usize = 64;
/// The most at once: each one is a connection to the gateway and some memory.
pub const CONCURRENCY: RangeInclusive<usize> = 1..=4_096;
/// A holder that died is replaced after so long.
const LEASE_TTL_DEFAULT: Duration = Duration::from_secs(5);
/// How long what is under way may take to finish at the end: the whole program has 10 s.
const STOP_LIMIT_DEFAULT: Duration = Duration::from_secs(8);

/// What an operator can set.
#[derive(Clone, Debug)]
pub struct ProcessesConfig {
    /// How long after its payment an order confirms itself (`CONFIRMATION_DELAY_S`); zero: at once.
    pub confirmation_delay: Duration,
    /// What an order that confirms itself earns in points (`POINTS_…`).
    pub earning: EarningPolicy,
    /// When an unknown outcome of a payment is asked for again (`PAYMENT_INQUIRY_SCHEDULE`).
    pub inquiry_schedule: Schedule,
    /// When a refund that was not done is tried again (`PAYMENT_REFUND_SCHEDULE`).
    pub refund_schedule: Schedule,
    /// When a gateway that did not answer is asked for a billing key again (`PAYMENT_METHOD_SCHEDULE`). What a browser
    /// brought is good for minutes, so this is short, and then the registration has failed.
    pub registration_schedule: Schedule,
    /// The longest that an order waits for a deposit (`DEPOSIT_WINDOW_MAX_H`), whatever the gateway allows.
    pub deposit_window: Duration,
    /// Calls that may be under way at one gateway (`GATEWAY_CONCURRENCY`).
    pub gateway_concurrency: usize,
    /// Commands without a gateway that may be under way (`PROCESSES_COMMAND_CONCURRENCY`).
    pub command_concurrency: usize,
    /// How long a lease lasts unless it is renewed (`PROCESSES_LEASE_TTL_S`).
    pub lease_ttl: Duration,
    /// How often it is renewed: several times within its time, so that one failure costs nothing.
    pub lease_renew_interval: Duration,
    /// How often a standby instance tries to take it.
    pub lease_retry_interval: Duration,
    /// How long what is under way may take to finish after the stop; what is not done then is done by
    /// the next holder.
    pub stop_limit: Duration,
}

impl Default for ProcessesConfig {
    fn default() -> Self {
        Self {
            confirmation_delay: CONFIRMATION_DELAY_DEFAULT,
            earning: EarningPolicy::default(),
            inquiry_schedule: Schedule::default(),
            refund_schedule: Schedule::default(),
            registration_schedule: Schedule::of_registrations(),
            deposit_window: DEPOSIT_WINDOW_DEFAULT.to_std().unwrap_or_default(),
            gateway_concurrency: CONCURRENCY_DEFAULT,
            command_concurrency: CONCURRENCY_DEFAULT,
            lease_ttl: LEASE_TTL_DEFAULT,
            lease_renew_interval: LEASE_TTL_DEFAULT / 5,
            lease_retry_interval: LEASE_TTL_DEFAULT / 5,
            stop_limit: STOP_LIMIT_DEFAULT,
        }
    }
}

impl ProcessesConfig {
    /// With another time to live of the lease, renewed and tried for five times within it.
    #[must_use]
    pub fn with_lease_ttl(mut self, lease_ttl: Duration) -> Self {
        self.lease_ttl = lease_ttl;
        self.lease_renew_interval = lease_ttl / 5;
        self.lease_retry_interval = lease_ttl / 5;
        self
    }

    /// When an order that is paid now confirms itself.
    pub(crate) fn confirmation_due_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        TimeDelta::from_std(self.confirmation_delay)
            .ok()
            .and_then(|delay| now.checked_add_signed(delay))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The longest that an order waits for a deposit.
    pub(crate) fn deposit_window(&self) -> TimeDelta {
        TimeDelta::from_std(self.deposit_window).unwrap_or(DEPOSIT_WINDOW_DEFAULT)
    }

    pub(crate) fn checked(self) -> Result<Self, ProcessesError> {
        let invalid = |setting, bounds| Err(ProcessesError::InvalidSetting { setting, bounds });
        let (shortest, longest) = (DEPOSIT_WINDOW_HOURS.start(), DEPOSIT_WINDOW_HOURS.end());
        let windows = hours(*shortest)..=hours(*longest);
        if self.confirmation_delay > CONFIRMATION_DELAY_MAX {
            return invalid("CONFIRMATION_DELAY_S", "at most 366 days");
        }
        if !windows.contains(&self.deposit_window) {
            return invalid("DEPOSIT_WINDOW_MAX_H", "1 to 720");
        }
        if !CONCURRENCY.contains(&self.gateway_concurrency) {
            return invalid("GATEWAY_CONCURRENCY", "1 to 4096");
        }
        if !CONCURRENCY.contains(&self.command_concurrency) {
            return invalid("PROCESSES_COMMAND_CONCURRENCY", "1 to 4096");
        }
        if self.lease_renew_interval.is_zero() || self.lease_renew_interval >= self.lease_ttl {
            return invalid("the lease's renewal", "more often than its time to live");
        }
        if self.lease_retry_interval.is_zero() {
            return invalid("the wait between tries for the lease", "above 0");
        }
        Ok(self)
    }
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_their_bounds_are_refused_at_start() {
        let spoilt: [fn(&mut ProcessesConfig); 8] = [
            |config| config.confirmation_delay = CONFIRMATION_DELAY_MAX + Duration::from_secs(1),
            |config| config.deposit_window = Duration::ZERO,
            |config| config.deposit_window = hours(721),
            |config| config.gateway_concurrency = 0,
            |config| config.command_concurrency = CONCURRENCY.end() + 1,
            |config| config.lease_renew_interval = config.lease_ttl,
            |config| config.lease_renew_interval = Duration::ZERO,
            |config| config.lease_retry_interval = Duration::ZERO,
        ];
        for spoil in spoilt {
            let mut config = ProcessesConfig::default();
            spoil(&mut config);
            let refused = config.checked().unwrap_err();
            assert_eq!(refused.code(), "PROCESSES_SETTING_INVALID");
        }
        assert!(ProcessesConfig::default().checked().is_ok());
    }

    #[test]
    fn without_a_delay_an_order_confirms_itself_at_once() {
        let now = Utc::now();
        let at_once = ProcessesConfig {
            confirmation_delay: Duration::ZERO,
            ..ProcessesConfig::default()
        };
        assert_eq!(at_once.confirmation_due_at(now), now);
        let usual = ProcessesConfig::default().confirmation_due_at(now);
        assert_eq!(usual - now, TimeDelta::minutes(30));
    }
}

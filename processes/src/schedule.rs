//! Schedules as an operator writes them: `5s,30s,2m,10m,1h,1d`.

use std::fmt;
use std::str::FromStr;

use chrono::Duration;
use domain::checkout::RetrySchedule;

/// The most waits of a schedule: more would only be a mistake.
const WAITS_MAX: usize = 100;
/// The longest wait, in days: beyond a year nobody waits for a payment.
const WAIT_MAX_DAYS: i64 = 366;
/// Units, the largest first, in seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Waits between attempts, as text: whole numbers with one of `s`, `m`, `h`, `d`, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

/// Why a text is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// An entry is not a number with a unit.
    #[error("{0:?} is not a wait such as 30s, 2m, 1h or 1d")]
    NotAWait(String),
    /// An entry is nothing, or absurdly long.
    #[error("{0:?} is not between 1s and {WAIT_MAX_DAYS}d")]
    OutOfBounds(String),
    /// Too many entries.
    #[error("more than {WAITS_MAX} waits")]
    TooMany,
}

impl Schedule {
    /// 5 s, 30 s, 2 min.
    pub(crate) fn of_registrations() -> Self {
        Self(vec![
            Duration::seconds(5),
            Duration::seconds(30),
            Duration::minutes(2),
        ])
    }

    /// As the rules take it.
    #[must_use]
    pub fn to_retry_schedule(&self) -> RetrySchedule {
        RetrySchedule::new(self.0.clone())
    }
}

impl Default for Schedule {
    /// That of [`RetrySchedule`]: 5 s, 30 s, 2 min, 10 min, 1 h, then daily for seven days.
    fn default() -> Self {
        let mut waits = vec![
            Duration::seconds(5),
            Duration::seconds(30),
            Duration::minutes(2),
            Duration::minutes(10),
            Duration::hours(1),
        ];
        waits.extend([Duration::days(1); 7]);
        Self(waits)
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let waits: Vec<_> = text
            .split(',')
            .take(WAITS_MAX + 1)
            .map(|entry| parse_wait(entry.trim()))
            .collect::<Result<_, _>>()?;
        if waits.len() > WAITS_MAX {
            return Err(ScheduleError::TooMany);
        }
        Ok(Self(waits))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, wait) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let seconds = wait.num_seconds();
            // Seconds divide everything, so there always is a unit.
            let fitting = UNITS.iter().find(|(_, size)| seconds % size == 0);
            let (unit, size) = fitting.copied().unwrap_or(('s', 1));
            write!(f, "{comma}{}{unit}", seconds / size)?;
        }
        Ok(())
    }
}

fn parse_wait(entry: &str) -> Result<Duration, ScheduleError> {
    let not_a_wait = || ScheduleError::NotAWait(entry.to_owned());
    let unit = entry.chars().next_back().ok_or_else(not_a_wait)?;
    let size = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, size) = size.ok_or_else(not_a_wait)?;
    let digits = entry.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_wait());
    }
    let out_of_bounds = || ScheduleError::OutOfBounds(entry.to_owned());
    let count: i64 = digits.parse().map_err(|_| out_of_bounds())?;
    let seconds = count.checked_mul(*size).ok_or_else(out_of_bounds)?;
    if !(1..=WAIT_MAX_DAYS * 86_400).contains(&seconds) {
        return Err(out_of_bounds());
    }
    Ok(Duration::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_reads_as_it_is_written() {
        let text = "5s,30s,2m,10m,1h,1d";
        assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        let spaced: Schedule = " 90s , 36h ".parse().unwrap();
        assert_eq!(spaced.to_string(), "90s,36h");
        assert_eq!("60s,24h".parse::<Schedule>().unwrap().to_string(), "1m,1d");
    }

    #[test]
    fn the_default_is_that_of_the_rules() {
        let default = Schedule::default();
        assert_eq!(default.to_retry_schedule(), RetrySchedule::default());
        assert_eq!(default.to_string().parse(), Ok(default));
    }

    #[test]
    fn a_mistake_is_named() {
        let mistake = |text: &str| text.parse::<Schedule>().unwrap_err();
        for text in ["", "5", "s", "5x", "5s,,1m", "-5s", "1.5h", "5s;1m", "５s"] {
            let mistake = mistake(text);
            assert!(
                matches!(mistake, ScheduleError::NotAWait(_)),
                "{text:?}: {mistake}"
            );
        }
        for text in [
            "0s",
            "367d",
            "99999999999999999999s",
            "9223372036854775807d",
        ] {
            let mistake = mistake(text);
            assert!(
                matches!(mistake, ScheduleError::OutOfBounds(_)),
                "{text:?}: {mistake}"
            );
        }
        assert_eq!(
            mistake(&["1s"; WAITS_MAX + 1].join(",")),
            ScheduleError::TooMany
        );
    }
}

//! Instructions for calls to come, so that a test can make a call go wrong that it does not make itself,
//! such as the refund of a saga.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use serde::{Deserialize, Serialize};

use super::behaviour::{Behaviour, Call};
use super::company::Company;
use super::refusal::Refusal;

/// The most faults waiting.
const FAULTS_MAX: usize = 100;
/// The most calls that one fault is for.
const TIMES_MAX: u32 = 100_000;
/// The longest that a call can be held up before anything is done.
const DELAY_MAX_MS: u64 = 120_000;
const BEHAVIOUR: &str = "X-Mock-Behaviour";
const DELAY: &str = "X-Mock-Delay-Ms";

/// How the next calls of a kind behave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fault {
    call: Call,
    /// Whose calls; without it, everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company: Option<Company>,
    behaviour: Behaviour,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    delay_ms: u64,
}

/// What one call was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instruction {
    /// How to behave; without it the token decides.
    pub(super) behaviour: Option<Behaviour>,
    /// How long to wait before anything is done.
    pub(super) delay: Duration,
}

/// The faults that wait for their calls.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    /// Puts one behind the others.
    pub(super) fn add(&self, fault: Fault) -> Result<(), Refusal> {
        suits(fault.behaviour, fault.call)?;
        if !(1..=TIMES_MAX).contains(&fault.times) {
            return Err(Refusal::Invalid(format!("times: 1 to {TIMES_MAX}")));
        }
        checked_delay(fault.delay_ms)?;
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() >= FAULTS_MAX {
            return Err(Refusal::Invalid(format!(
                "at most {FAULTS_MAX} faults wait"
            )));
        }
        faults.push_back(fault);
        Ok(())
    }

    /// Those that still wait for calls, with the calls left.
    pub(super) fn waiting(&self) -> Vec<Fault> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().cloned().collect()
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.clear();
    }

    /// What this call is told: by its headers, else by the first fault for calls of its kind.
    pub(super) fn instruct(
        &self,
        company: Company,
        call: Call,
        headers: &HeaderMap,
    ) -> Result<Instruction, Refusal> {
        let told = by_headers(call, headers)?;
        if told != Instruction::default() {
            return Ok(told);
        }
        Ok(self.next(company, call).unwrap_or_default())
    }

    fn next(&self, company: Company, call: Call) -> Option<Instruction> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_for =
            |fault: &Fault| fault.call == call && fault.company.is_none_or(|own| own == company);
        let index = faults.iter().position(is_for)?;
        let fault = faults.get_mut(index)?;
        fault.times -= 1;
        let instruction = Instruction {
            behaviour: Some(fault.behaviour),
            delay: Duration::from_millis(fault.delay_ms),
        };
        if fault.times == 0 {
            faults.remove(index);
        }
        Some(instruction)
    }
}

fn once() -> u32 {
    1
}

fn by_headers(call: Call, headers: &HeaderMap) -> Result<Instruction, Refusal> {
    let text = |name: &str| {
        let value = headers.get(name);
        value.map(|value| value.to_str().unwrap_or_default())
    };
    let behaviour = match text(BEHAVIOUR) {
        Some(name) => {
            let unheard = || Refusal::Invalid(format!("{BEHAVIOUR}: no such behaviour"));
            let behaviour = Behaviour::named(name).ok_or_else(unheard)?;
            suits(behaviour, call)?;
            Some(behaviour)
        }
        None => None,
    };
    let delay = match text(DELAY) {
        Some(number) => {
            let not_a_number = |_| Refusal::Invalid(format!("{DELAY}: not a number"));
            checked_delay(number.parse().map_err(not_a_number)?)?
        }
        None => Duration::ZERO,
    };
    Ok(Instruction { behaviour, delay })
}

fn suits(behaviour: Behaviour, call: Call) -> Result<(), Refusal> {
    if behaviour.suits(call) {
        return Ok(());
    }
    let nonsense = format!("{behaviour:?} means nothing for {call:?}");
    Err(Refusal::Invalid(nonsense))
}

fn checked_delay(delay_ms: u64) -> Result<Duration, Refusal> {
    if delay_ms > DELAY_MAX_MS {
        return Err(Refusal::Invalid(format!(
            "delay: at most {DELAY_MAX_MS} ms"
        )));
    }
    Ok(Duration::from_millis(delay_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_is_for_so_many_calls_of_its_kind() {
        let (faults, none) = (Faults::default(), HeaderMap::new());
        let told = |call| {
            let told = faults.instruct(Company::Mock, call, &none);
            told.unwrap().behaviour
        };
        faults
            .add(fault(r#"{"call":"refund","behaviour":"error","times":2}"#))
            .unwrap();
        faults
            .add(fault(r#"{"call":"refund","behaviour":"decline"}"#))
            .unwrap();
        assert_eq!(told(Call::Confirm), None);
        assert_eq!(told(Call::Refund), Some(Behaviour::Error));
        assert_eq!(told(Call::Refund), Some(Behaviour::Error));
        assert_eq!(told(Call::Refund), Some(Behaviour::Decline));
        assert_eq!(told(Call::Refund), None);
    }

    #[test]
    fn a_fault_that_means_nothing_is_refused() {
        let faults = Faults::default();
        for bad in [
            r#"{"call":"inquire","behaviour":"decline"}"#,
            r#"{"call":"refund","behaviour":"wrong-amount"}"#,
            r#"{"call":"refund","behaviour":"error","times":0}"#,
            r#"{"call":"refund","behaviour":"error","delayMs":120001}"#,
        ] {
            assert!(faults.add(fault(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_more_faults_wait_than_the_limit() {
        let faults = Faults::default();
        let slow = fault(r#"{"call":"confirm","behaviour":"slow"}"#);
        for _ in 0..FAULTS_MAX {
            faults.add(slow.clone()).unwrap();
        }
        assert!(faults.add(slow).is_err());
    }
}

//! The circuit, on a clock that tests move.

use super::*;

struct Moved {
    start: Instant,
    by: Mutex<Duration>,
}

impl Monotonic for Moved {
    fn now(&self) -> Instant {
        self.start + *self.by.lock().unwrap()
    }
}

fn circuit() -> (Arc<Circuit>, Arc<Moved>) {
    let clock = Arc::new(Moved {
        start: Instant::now(),
        by: Mutex::new(Duration::ZERO),
    });
    let rules = CircuitRules {
        troubles_in_a_row: 3,
        window: Duration::from_secs(10),
        wait: Duration::from_secs(5),
    };
    (Circuit::new("toss", rules, clock.clone()), clock)
}

fn pass(clock: &Moved, seconds: u64) {
    *clock.by.lock().unwrap() += Duration::from_secs(seconds);
}

fn trouble(circuit: &Arc<Circuit>) {
    circuit.permit().unwrap().heard(true);
}

#[test]
fn a_circuit_opens_after_troubles_in_a_row_and_not_after_troubles_between_answers() {
    let (circuit, _) = circuit();
    for _ in 0..5 {
        trouble(&circuit);
        trouble(&circuit);
        circuit.permit().unwrap().heard(false);
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
    for _ in 0..3 {
        trouble(&circuit);
    }
    assert_eq!(circuit.state(), CircuitState::Open);
    assert!(circuit.permit().is_none());
}

#[test]
fn troubles_far_apart_do_not_count_together() {
    let (circuit, clock) = circuit();
    for _ in 0..6 {
        trouble(&circuit);
        pass(&clock, 11);
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[test]
fn an_open_circuit_lets_one_probe_through_and_closes_on_its_answer() {
    let (circuit, clock) = circuit();
    for _ in 0..3 {
        trouble(&circuit);
    }
    pass(&clock, 5);
    let probe = circuit.permit().unwrap();
    assert_eq!(circuit.state(), CircuitState::HalfOpen);
    assert!(circuit.permit().is_none(), "one at a time");
    probe.heard(false);
    assert_eq!(circuit.state(), CircuitState::Closed);
    assert!(circuit.permit().is_some());
}

#[test]
fn a_probe_in_trouble_opens_the_circuit_for_another_wait() {
    let (circuit, clock) = circuit();
    for _ in 0..3 {
        trouble(&circuit);
    }
    pass(&clock, 5);
    circuit.permit().unwrap().heard(true);
    assert_eq!(circuit.state(), CircuitState::Open);
    pass(&clock, 4);
    assert!(circuit.permit().is_none());
    pass(&clock, 1);
    assert!(circuit.permit().is_some());
}

#[test]
fn a_call_that_nobody_waits_for_any_more_counts_as_trouble() {
    let (circuit, clock) = circuit();
    for _ in 0..3 {
        drop(circuit.permit().unwrap());
    }
    assert_eq!(circuit.state(), CircuitState::Open);
    pass(&clock, 5);
    drop(circuit.permit().unwrap());
    assert_eq!(circuit.state(), CircuitState::Open);
}

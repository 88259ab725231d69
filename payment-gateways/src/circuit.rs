//! Leaves a company alone while it is in trouble.
//!
//! ```text
//! closed ── N troubles in a row within a window ──▶ open ── after a wait ──▶ half open
//!   ▲                                                 ▲                         │ one probe
//!   └───────────────── the probe was answered ────────┴── it was not ───────────┘
//! ```
//!
//! A call that is kept back was certainly not sent, which is more than its caller would know after a timeout,
//! and a company that comes up again is not met by all at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{describe_gauge, gauge};

const STATE: &str = "gateway_circuit_state";

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitRules {
    /// So many troubles in a row open it; at least 1.
    pub troubles_in_a_row: u32,
    /// Troubles count together when the first and the last are not further apart.
    pub window: Duration,
    /// How long it stays open before a call is let through to look.
    pub wait: Duration,
}

impl Default for CircuitRules {
    /// Ten in a row within 30 s, looked at again after 2 s: at the usual deadline of 10 s and many calls at a
    /// time, a company that is down costs each of a first handful its deadline, and then nobody.
    fn default() -> Self {
        Self {
            troubles_in_a_row: 10,
            window: Duration::from_secs(30),
            wait: Duration::from_secs(2),
        }
    }
}

/// Whether calls get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// They do.
    Closed,
    /// One is under way, to look.
    HalfOpen,
    /// They do not.
    Open,
}

impl CircuitState {
    /// As health and logs call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }

    /// As the metric has it: 0 closed, 1 half open, 2 open.
    fn level(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

/// Tells the time; tests bring their own.
pub trait Monotonic: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;
}

/// The machine's clock.
pub struct MachineClock;

impl Monotonic for MachineClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// The circuit of one company.
pub struct Circuit {
    gateway: String,
    rules: CircuitRules,
    clock: Arc<dyn Monotonic>,
    inner: Mutex<Inner>,
}

struct Inner {
    state: CircuitState,
    /// Troubles since the last answer.
    troubles: u32,
    first_trouble: Option<Instant>,
    /// When it opened, or let its probe go.
    since: Instant,
}

/// A call that is let through; what came of it has to be told. One that ends without a word counts as trouble:
/// its caller gave up.
pub(crate) struct Permit {
    circuit: Option<Arc<Circuit>>,
}

impl Permit {
    pub(crate) fn heard(mut self, is_trouble: bool) {
        if let Some(circuit) = self.circuit.take() {
            circuit.heard(is_trouble);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(circuit) = self.circuit.take() {
            circuit.heard(true);
        }
    }
}

impl Circuit {
    /// The circuit of the gateway of this name, closed.
    #[must_use]
    pub fn new(
        gateway: impl Into<String>,
        rules: CircuitRules,
        clock: Arc<dyn Monotonic>,
    ) -> Arc<Self> {
        describe_gauge!(
            STATE,
            "Whether calls of a gateway get through: 0 closed, 1 half open, 2 open"
        );
        let inner = Inner {
            state: CircuitState::Closed,
            troubles: 0,
            first_trouble: None,
            since: clock.now(),
        };
        let circuit = Self {
            gateway: gateway.into(),
            rules,
            clock,
            inner: Mutex::new(inner),
        };
        circuit.show(CircuitState::Closed);
        Arc::new(circuit)
    }

    /// Whether calls get through.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        self.inner().state
    }

    /// Lets a call through, or not.
    pub(crate) fn permit(self: &Arc<Self>) -> Option<Permit> {
        let now = self.clock.now();
        let mut inner = self.inner();
        let has_waited = now.saturating_duration_since(inner.since) >= self.rules.wait;
        match inner.state {
            CircuitState::Closed => {}
            // A probe that is long under way has been forgotten by whoever sent it.
            CircuitState::Open | CircuitState::HalfOpen if has_waited => {
                inner.since = now;
                self.turn(&mut inner, CircuitState::HalfOpen);
            }
            CircuitState::Open | CircuitState::HalfOpen => return None,
        }
        let circuit = Some(Arc::clone(self));
        Some(Permit { circuit })
    }

    fn heard(&self, is_trouble: bool) {
        let now = self.clock.now();
        let mut inner = self.inner();
        if !is_trouble {
            inner.troubles = 0;
            inner.first_trouble = None;
            // Also an answer to a call of before: who answers is not away.
            return self.turn(&mut inner, CircuitState::Closed);
        }
        match inner.state {
            CircuitState::HalfOpen => {
                inner.since = now;
                self.turn(&mut inner, CircuitState::Open);
            }
            CircuitState::Closed => {
                let first = *inner.first_trouble.get_or_insert(now);
                if now.saturating_duration_since(first) > self.rules.window {
                    inner.first_trouble = Some(now);
                    inner.troubles = 0;
                }
                inner.troubles += 1;
                if inner.troubles >= self.rules.troubles_in_a_row {
                    inner.since = now;
                    self.turn(&mut inner, CircuitState::Open);
                }
            }
            // One of those that were under way when it opened.
            CircuitState::Open => {}
        }
    }

    fn turn(&self, inner: &mut Inner, state: CircuitState) {
        if inner.state == state {
            return;
        }
        inner.state = state;
        self.show(state);
        let (gateway, word) = (self.gateway.as_str(), state.as_str());
        tracing::warn!(
            gateway.name = gateway,
            gateway.circuit = word,
            "gateway {gateway}: the circuit is {word}"
        );
    }

    fn show(&self, state: CircuitState) {
        gauge!(STATE, "gateway" => self.gateway.clone()).set(state.level());
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "circuit_tests.rs"]
mod tests;

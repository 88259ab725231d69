//! Claiming a coupon: past the gate in Redis, to the aggregate. The steps are those of
//! `command-api/src/coupon_gate/`; each may be the last one of a process.

use std::collections::BTreeSet;
use std::rc::Rc;

use domain::CouponPoolId;
use domain::StreamId;
use domain::coupon_pool::{CouponPool, CouponPoolState};
use event_store::sans_io::Wanted;
use event_store::{ExecuteError, Outcome};

use super::node::Answered;
use super::operations::Request;
use super::weather::CALM_US;
use super::{NOBODY, World, tell};
use crate::deeds::POOLS;
use crate::fault::Kind;
use crate::gate::{Claim, PoolKeys, Verdict};
use crate::plant::Plant;

/// How long a claim may be under way.
const PATIENCE_MS: i64 = 10_000;
/// How often a claim knocks; then the aggregate decides.
const KNOCKS_MAX: u32 = 4;
/// How often a rebuild reads the log again because coupons were issued meanwhile.
const REPLACES_MAX: u32 = 4;
/// How long it is taken for granted that claims under way hold the last coupons.
const CONTEST_US: u64 = 20_000;
const SOLD_OUT: &str = r#"{"error":"COUPON_SOLD_OUT"}"#;
const ALREADY_ISSUED: &str = r#"{"error":"COUPON_ALREADY_ISSUED"}"#;

/// A claim on its way.
#[derive(Clone)]
struct Knock {
    op: usize,
    attempt: u32,
    pool: CouponPoolId,
    user: String,
    command: String,
    rounds: u32,
    /// Holders that Redis knew of when the log was read again.
    confirmed: usize,
    /// How often it was.
    replaces: u32,
}

/// Why the log is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Needed,
    SoldOut(usize),
}

impl World {
    /// A claim arrives at a process.
    pub(super) fn knock(&mut self, n: usize, op: usize, attempt: u32) {
        let Request::Claim { user, pool } = &self.ops[op].request else {
            return;
        };
        let knock = Knock {
            op,
            attempt,
            pool: *pool,
            user: user.as_str().to_owned(),
            command: self.ops[op].envelope.command_id().to_string(),
            rounds: 0,
            confirmed: 0,
            replaces: 0,
        };
        self.knock_again(n, knock);
    }

    fn knock_again(&mut self, n: usize, mut knock: Knock) {
        knock.rounds += 1;
        (knock.confirmed, knock.replaces) = (0, 0);
        if knock.rounds > KNOCKS_MAX {
            return self.ask_aggregate(n, knock, false);
        }
        let known = self.nodes[n].pools.entry(knock.pool).or_default();
        if !known.is_built {
            return self.rebuild_gate(n, knock, Reason::Needed);
        }
        if self.strikes(Kind::GateAway, n) {
            self.gate_was_away(n);
            return self.ask_aggregate(n, knock, false);
        }
        let way = self.latency(n);
        self.on_node(n, way, move |world, n| world.at_gate(n, knock));
    }

    fn at_gate(&mut self, n: usize, knock: Knock) {
        let now_ms = self.wall(n).timestamp_millis();
        let known = self.nodes[n]
            .pools
            .get(&knock.pool)
            .cloned()
            .unwrap_or_default();
        if known.is_held_by(&knock.user) {
            return self.answer_from_log(n, &knock);
        }
        let is_final = known.is_sold_out() || self.plant == Some(Plant::BelievedGate);
        let verdict = self.gate.entry(knock.pool).or_default().claim(Claim {
            user: &knock.user,
            command: &knock.command,
            now_ms,
            patience_ms: PATIENCE_MS,
            refusal: SOLD_OUT,
            is_final,
        });
        tell!(self, "[{n}] gate: {} → {verdict:?}", knock.user);
        if self.strikes(Kind::GateUnheard, n) {
            self.gate_was_away(n);
            return self.ask_aggregate(n, knock, false);
        }
        match verdict {
            Verdict::Admitted | Verdict::Pass => {
                if self.strikes(Kind::GateCrash, n) {
                    return self.crash(n);
                }
                self.ask_aggregate(n, knock, true);
            }
            Verdict::Duplicate => self.answer_from_log(n, &knock),
            Verdict::Logged => self.answer_or_ask(n, knock),
            Verdict::Refused(told) => self.refuse_unless_logged(n, &knock, told),
            Verdict::SoldOut(_) if is_final => {
                self.must_be_sold_out(&knock);
                self.refuse_unless_logged(n, &knock, SOLD_OUT.to_owned());
            }
            Verdict::SoldOut(_) if known.contested_until > self.monotonic(n) => {
                self.ask_aggregate(n, knock, false);
            }
            Verdict::SoldOut(pending) => self.rebuild_gate(n, knock, Reason::SoldOut(pending)),
            Verdict::Stale | Verdict::Missing if self.plant == Some(Plant::BelievedGate) => {
                self.must_be_sold_out(&knock);
                self.refuse(n, &knock, SOLD_OUT.to_owned());
            }
            Verdict::Stale | Verdict::Missing => self.rebuild_gate(n, knock, Reason::Needed),
        }
    }

    /// Long after the last fault a gate that says sold out must be right.
    fn must_be_sold_out(&mut self, knock: &Knock) {
        let ended_at = self.faults_ended_at;
        let is_calm = ended_at.is_some_and(|at| self.now >= at + CALM_US);
        let left = self
            .pool_state(knock.pool)
            .map_or(0, |state| state.remaining());
        if is_calm && left > 0 {
            self.fail(
                "gate",
                format!("{} is refused as sold out, and {left} are left", knock.user),
            );
        }
    }

    fn pool_state(&self, pool: CouponPoolId) -> Option<CouponPoolState> {
        let wanted = Wanted {
            stream: StreamId::of::<CouponPool>(pool),
            base: None,
        };
        let read = self.log.load(vec![wanted]).pop()?.ok()?;
        read.loaded.state_of::<CouponPool>().cloned()
    }

    /// Brings the gate of a pool in line with the log.
    fn rebuild_gate(&mut self, n: usize, knock: Knock, reason: Reason) {
        let (way, back) = (self.latency(n), self.latency(n));
        self.on_node(n, way, move |world, n| {
            if world.database_fails(Kind::ReadFailed, n) {
                return world.ask_aggregate(n, knock, false);
            }
            let state = world.pool_state(knock.pool).filter(CouponPoolState::exists);
            let Some(state) = state else {
                return world.ask_aggregate(n, knock, false);
            };
            // Other claims go on while this one is on its way to Redis.
            world.on_node(n, back, move |world, n| {
                world.rebuilt_gate(n, knock, reason, &state)
            });
        });
    }

    fn rebuilt_gate(&mut self, n: usize, knock: Knock, reason: Reason, state: &CouponPoolState) {
        let now = self.monotonic(n);
        let remaining = state.remaining();
        let holders = state.holders().map(|user| user.as_str().to_owned());
        let holders: BTreeSet<String> = holders.collect();
        let known = self.nodes[n].pools.entry(knock.pool).or_default();
        if remaining == 0 {
            known.holders = Some(Rc::new(holders.clone()));
        }
        let left = usize::try_from(remaining).unwrap_or(usize::MAX);
        match reason {
            Reason::SoldOut(_) if left == 0 => return self.knock_again(n, knock),
            Reason::SoldOut(pending) if left <= pending => {
                known.contested_until = now + CONTEST_US;
                return self.ask_aggregate(n, knock, false);
            }
            _ => {}
        }
        let may_be_here = holders.len().max(knock.confirmed);
        let keys = self.gate.entry(knock.pool).or_default();
        let confirmed = keys.replace(holders, i64::from(remaining), may_be_here);
        if confirmed > 0 {
            // Coupons were issued since the log was read: it is read again, and not for ever.
            let replaces = knock.replaces + 1;
            if replaces == REPLACES_MAX {
                return self.ask_aggregate(n, knock, false);
            }
            let knock = Knock {
                confirmed,
                replaces,
                ..knock
            };
            return self.rebuild_gate(n, knock, Reason::Needed);
        }
        if let Some(known) = self.nodes[n].pools.get_mut(&knock.pool) {
            known.is_built = true;
        }
        self.knock_again(n, knock);
    }

    /// The aggregate decides; the gate wants to know what it said.
    fn ask_aggregate(&mut self, n: usize, knock: Knock, is_placed: bool) {
        let command = self.command(n, knock.op);
        self.submit(n, command, move |world, n, answer| {
            if is_placed {
                world.settle_gate(n, &knock, &answer);
            }
            world.respond(n, knock.op, knock.attempt, answer);
        });
    }

    fn settle_gate(&mut self, n: usize, knock: &Knock, answer: &Answered) {
        if self.strikes(Kind::GateAway, n) {
            return self.gate_was_away(n);
        }
        let unheard = self.strikes(Kind::GateUnheard, n);
        let keys = self.gate.entry(knock.pool).or_default();
        match answer {
            Ok(outcome) if outcome.status < 400 => {
                keys.confirm(&knock.user);
            }
            Ok(outcome) if outcome.body == ALREADY_ISSUED => {
                keys.confirm(&knock.user);
            }
            Ok(_) if self.plant == Some(Plant::LeakyGate) => keys.leak(&knock.user),
            Ok(_) if self.plant == Some(Plant::GenerousGate) => {
                keys.confirm(&knock.user);
            }
            Ok(outcome) => {
                keys.release(&knock.user, Some(&knock.command));
                if outcome.body == SOLD_OUT
                    && let Some(known) = self.nodes[n].pools.get_mut(&knock.pool)
                {
                    // The gate contradicted the log.
                    known.is_built = false;
                }
            }
            Err(ExecuteError::Unavailable { .. } | ExecuteError::Stopping) => {}
            Err(_) => {
                keys.release(&knock.user, None);
            }
        }
        if unheard {
            self.gate_was_away(n);
        }
    }

    /// After an outage nothing that was built is believed.
    fn gate_was_away(&mut self, n: usize) {
        for known in self.nodes[n].pools.values_mut() {
            known.is_built = false;
        }
    }

    /// The user has a coupon: a repeat is answered from the log, another request is refused.
    fn answer_from_log(&mut self, n: usize, knock: &Knock) {
        if let Some(outcome) = self.logged(knock) {
            return self.respond(n, knock.op, knock.attempt, Ok(outcome));
        }
        let keys = self.gate.entry(knock.pool).or_default();
        let told = keys.remembered(&knock.command, ALREADY_ISSUED);
        self.refuse(n, knock, told.unwrap_or_else(|| ALREADY_ISSUED.to_owned()));
    }

    fn answer_or_ask(&mut self, n: usize, knock: Knock) {
        match self.logged(&knock) {
            Some(outcome) => self.respond(n, knock.op, knock.attempt, Ok(outcome)),
            None => self.ask_aggregate(n, knock, false),
        }
    }

    /// The log is asked before anybody is refused.
    fn refuse_unless_logged(&mut self, n: usize, knock: &Knock, told: String) {
        match self.logged(knock) {
            Some(outcome) => self.respond(n, knock.op, knock.attempt, Ok(outcome)),
            None => self.refuse(n, knock, told),
        }
    }

    fn logged(&self, knock: &Knock) -> Option<Outcome> {
        let id = self.ops[knock.op].envelope.command_id();
        self.log.outcome(id).map(|(_, outcome)| outcome.clone())
    }

    fn refuse(&mut self, n: usize, knock: &Knock, body: String) {
        let refused = Outcome {
            status: 409,
            body,
            position: 0,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            replayed: false,
        };
        self.respond(n, knock.op, knock.attempt, Ok(refused));
    }

    /// Redis may lose everything, or what it was told last.
    pub(super) fn gate_weather(&mut self) {
        if self.strikes(Kind::GateFlushed, NOBODY) {
            self.gate.values_mut().for_each(PoolKeys::flush);
        }
        if self.strikes(Kind::GateOlder, NOBODY) {
            self.gate = self.gate_on_disk.clone();
        } else {
            self.gate_on_disk = self.gate.clone();
        }
    }

    /// At rest, what the gate holds to be true of a pool agrees with the log: who has a coupon, and how many are
    /// left.
    pub(super) fn check_gate(&mut self) {
        let mut pools = self.gate.iter();
        let wrong = pools.find_map(|(pool, keys)| wrong_at_gate(&self.pool_state(*pool)?, keys));
        if let Some(wrong) = wrong {
            self.fail("gate", wrong);
        }
    }

    /// Strangers who want a coupon when all is calm again: the gate must not be too strict for long.
    pub(super) fn send_strangers(&mut self) {
        for index in 0..POOLS {
            let pool = self.pool(index);
            self.send_stranger(index, pool);
        }
    }
}

/// What the gate holds of a pool and the log does not.
fn wrong_at_gate(state: &CouponPoolState, keys: &PoolKeys) -> Option<String> {
    let is_holder = |user: &str| state.holders().any(|holder| holder.as_str() == user);
    if let Some(user) = keys.confirmed().find(|user| !is_holder(user)) {
        return Some(format!("{user} has a coupon at the gate alone"));
    }
    let (here, quantity) = (keys.balance()?, state.quantity());
    (here != i64::from(quantity))
        .then(|| format!("{here} pieces at the gate, {quantity} in the log"))
}

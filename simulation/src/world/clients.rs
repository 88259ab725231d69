//! Shoppers and operators: they send requests to either process, wait, and ask again with the same key until they
//! are answered. What they were told they remember.

mod asks;

use domain::CouponPoolId;
use event_store::{CommandId, ExecuteError, Outcome};
use serde_json::Value;

use self::asks::shopper_name;
use super::node::Answered;
use super::operations::{Envelope, Request, command};
use super::{NOBODY, NODES, World, tell};
use crate::chance::Topic;
use crate::deeds::{DEEDS_MIN, FAULTS_WANTED, SHOPPERS, What};
use crate::fault::Kind;

/// A client gives an answer up after so long, and asks again.
const PATIENCE_US: u64 = 12_000_000;
/// How long it waits before it asks again.
const RETRY_US: std::ops::Range<u64> = 200_000..2_500_000;
/// How often it is looked whether the methods that the shoppers come with are saved, and how many times.
const LOOK_INTERVAL_US: u64 = 500_000;
const LOOKS_MAX: u32 = 120;
/// How often a deed waits for the one that it builds on.
const WAITS_MAX: u32 = 4;

/// A request of a client, until it is answered and after.
pub(super) struct Op {
    pub(super) envelope: Envelope,
    pub(super) request: Request,
    deed: Option<usize>,
    attempts: u32,
    /// What it was told.
    pub(super) answer: Option<Outcome>,
    /// Whether its client waits no more.
    is_given_up: bool,
    /// Attempts that were under way, or over, when it was answered.
    asked_before: u32,
}

impl Op {
    fn was_accepted(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|outcome| outcome.status < 400)
    }

    /// A member of the answer's JSON.
    fn member(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_str(&self.answer.as_ref()?.body).ok()?;
        body.get(name)?.as_str().map(str::to_owned)
    }
}

impl World {
    /// Opens the shop, then lets the shoppers in.
    pub(super) fn begin_deeds(&mut self) {
        let opening = self.opening();
        self.ops = opening;
        self.send(0);
    }

    fn op(&self, principal: &str, key: String, request: Request, deed: Option<usize>) -> Op {
        let principal = principal.to_owned();
        Op {
            envelope: Envelope { principal, key },
            request,
            deed,
            attempts: 0,
            answer: None,
            is_given_up: false,
            asked_before: 0,
        }
    }

    /// Lets the shoppers in once the methods that they come with are saved: were faults let loose meanwhile, few would
    /// be in time to be paid with.
    fn await_methods(&mut self, looks: u32) {
        if looks < LOOKS_MAX && self.is_method_pending() {
            return self.after(LOOK_INTERVAL_US, move |world| {
                world.await_methods(looks + 1)
            });
        }
        self.faults.suspend(false);
        self.next_deed(0);
    }

    fn is_method_pending(&self) -> bool {
        (0..SHOPPERS).any(|shopper| {
            let name = shopper_name(shopper);
            let wallet = self.methods_of(&name);
            let mut asked = self.methods_asked_for(&name);
            asked.any(|id| wallet.method(id).is_ok() && wallet.active(id).is_err())
        })
    }

    /// The next deed, some time after the one before.
    fn next_deed(&mut self, index: usize) {
        let enough = index >= DEEDS_MIN && self.faults.struck.len() >= FAULTS_WANTED;
        // A story that is told again ends with its last deed.
        let kept = self.plan.kept.as_ref();
        let is_over = kept.map_or(enough, |kept| kept.last().is_none_or(|last| index > *last));
        let Some(deed) = self.plan.deeds.get(index).filter(|_| !is_over) else {
            return self.end_faults_soon();
        };
        let gap_us = deed.gap_us;
        self.after(gap_us, move |world| {
            if world.plan.has(index) {
                world.begun.push(index);
                world.begin_deed(index, 0);
            }
            world.next_deed(index + 1);
        });
    }

    fn begin_deed(&mut self, index: usize, waits: u32) {
        let Some(deed) = self.plan.deeds.get(index).cloned() else {
            return;
        };
        if let What::Again { deed: other } = deed.what {
            let again = self.ops.iter().position(|op| op.deed == Some(other));
            if let Some(op) = again {
                tell!(
                    self,
                    "deed {index}: {} is sent again",
                    self.ops[op].envelope.key
                );
                self.send(op);
            }
            return;
        }
        let Some((principal, request)) = self.request(deed.shopper, &deed.what) else {
            // What it builds on may still be answered.
            if waits < WAITS_MAX {
                self.after(700_000, move |world| world.begin_deed(index, waits + 1));
            }
            return;
        };
        tell!(self, "deed {index}: {principal}: {request:?}");
        let op = self.op(&principal, format!("deed-{index}"), request, Some(index));
        self.ops.push(op);
        self.send(self.ops.len() - 1);
    }

    /// Somebody new wants a coupon.
    pub(super) fn send_stranger(&mut self, index: usize, pool: CouponPoolId) {
        let name = format!("stranger-{index}");
        let Ok(user) = name.parse() else {
            return;
        };
        let request = Request::Claim { user, pool };
        let op = self.op(
            &name,
            format!("stranger-{index}"),
            request,
            Some(usize::MAX),
        );
        self.ops.push(op);
        self.send(self.ops.len() - 1);
    }

    /// Sends a request, once more.
    fn send(&mut self, op: usize) {
        self.ops[op].attempts += 1;
        let attempt = self.ops[op].attempts;
        let mut rng = self.draw(Topic::Client, super::node_name(op));
        let (n, way) = (rng.usize(0..NODES), rng.u64(300..20_000));
        self.after(PATIENCE_US, move |world| {
            world.ask_again(op, attempt);
        });
        if self.strikes(Kind::RequestLost, n) {
            return;
        }
        let late = if self.strikes(Kind::RequestDelayed, n) {
            rng.u64(500_000..25_000_000)
        } else {
            0
        };
        self.after(way + late, move |world| world.arrive(n, op, attempt));
        if self.strikes(Kind::RequestDoubled, n) {
            let other = rng.usize(0..NODES);
            let later = rng.u64(100..40_000);
            self.after(later, move |world| world.arrive(other, op, attempt));
        }
    }

    /// A request arrives at a process.
    fn arrive(&mut self, n: usize, op: usize, attempt: u32) {
        if !self.nodes[n].is_up {
            return self.ask_again_soon(op, attempt);
        }
        self.on_node(n, 0, move |world, n| {
            if matches!(world.ops[op].request, Request::Claim { .. }) {
                return world.knock(n, op, attempt);
            }
            let command = world.command(n, op);
            world.submit(n, command, move |world, n, answer| {
                world.respond(n, op, attempt, answer);
            });
        });
    }

    /// The command that a request is when it arrives at a process now.
    pub(super) fn command(&mut self, n: usize, op: usize) -> event_store::Command {
        let now = self.wall(n);
        let mut rng = self.draw(Topic::Ids, super::node_name(op));
        command(&self.ops[op].envelope, &self.ops[op].request, now, &mut rng)
    }

    /// An answer leaves a process.
    pub(super) fn respond(&mut self, n: usize, op: usize, attempt: u32, answer: Answered) {
        if self.strikes(Kind::AnswerLost, n) {
            return;
        }
        let way = self.latency(n);
        self.after(way, move |world| world.hear(n, op, attempt, answer));
    }

    /// An answer arrives at its client.
    fn hear(&mut self, n: usize, op: usize, attempt: u32, answer: Answered) {
        let outcome = match answer {
            Ok(outcome) => outcome,
            Err(
                ExecuteError::Busy { .. }
                | ExecuteError::Contended { .. }
                | ExecuteError::Unavailable { .. }
                | ExecuteError::Stopping,
            ) => return self.ask_again_soon(op, attempt),
            Err(
                error @ (ExecuteError::KeyReused | ExecuteError::Fenced | ExecuteError::Defect(_)),
            ) => {
                let key = self.ops[op].envelope.key.clone();
                return self.fail("answers", format!("{key} was answered: {error}"));
            }
        };
        tell!(
            self,
            "[{n}] {} is told {} {} at {}",
            self.ops[op].envelope.key,
            outcome.status,
            outcome.body,
            outcome.position
        );
        if let Some(first) = &self.ops[op].answer {
            let same = (first.status, &first.body, first.position)
                == (outcome.status, &outcome.body, outcome.position);
            let was_accepted = first.status < 400 || outcome.status < 400;
            // What the gate refuses by itself has no position, and is forgotten with Redis: the next refusal may
            // be another one. But whoever asks after the log has answered gets that answer.
            let is_later = attempt > self.ops[op].asked_before;
            let is_stored = first.position > 0 && (outcome.position > 0 || is_later);
            if !same && (was_accepted || is_stored) {
                let key = &self.ops[op].envelope.key;
                let what = format!("{key} was told {first:?}, and then {outcome:?}");
                return self.fail("answers", what);
            }
            return;
        }
        let is_opening = self.ops[op].deed.is_none();
        let was_accepted = outcome.status < 400;
        self.ops[op].answer = Some(outcome);
        self.ops[op].asked_before = self.ops[op].attempts;
        if is_opening && !was_accepted {
            return self.fail("answers", "the shop could not be opened".to_owned());
        }
        if is_opening {
            match self.ops.get(op + 1).map(|next| next.attempts) {
                Some(0) => self.send(op + 1),
                Some(_) => {}
                None => {
                    self.faults.suspend(true);
                    self.await_methods(0);
                }
            }
        }
        if self.strikes(Kind::AnswerRepeated, n) {
            let later = self.draw(Topic::Client, super::node_name(op)).u64(RETRY_US);
            self.after(later, move |world| world.send(op));
        }
    }

    fn ask_again_soon(&mut self, op: usize, attempt: u32) {
        let wait = self.draw(Topic::Client, super::node_name(op)).u64(RETRY_US);
        self.after(wait, move |world| {
            world.ask_again(op, attempt);
        });
    }

    fn ask_again(&mut self, op: usize, attempt: u32) {
        let asking = &self.ops[op];
        if asking.answer.is_some() || asking.is_given_up || asking.attempts != attempt {
            return;
        }
        if asking.deed.is_some() && self.strikes(Kind::ClientGone, NOBODY) {
            self.ops[op].is_given_up = true;
            return;
        }
        self.send(op);
    }

    pub(super) fn open_clients(&self) -> usize {
        let open = |op: &&Op| op.answer.is_none() && !op.is_given_up;
        self.ops.iter().filter(open).count()
    }

    pub(super) fn are_clients_done(&self) -> bool {
        self.open_clients() == 0
    }

    /// Whatever a client was told is what the log has.
    pub(super) fn check_answers(&mut self) {
        let mut wrong = None;
        for op in &self.ops {
            let id: CommandId = op.envelope.command_id();
            let Some(told) = &op.answer else {
                continue;
            };
            let stored = self.log.outcome(id).map(|(_, outcome)| outcome);
            // What the gate refused by itself may have been refused by the log as well, and nothing else.
            let same = match stored {
                None => told.position == 0,
                Some(stored) if told.position == 0 => stored.status >= 400,
                Some(stored) => {
                    (stored.status, &stored.body, stored.position)
                        == (told.status, &told.body, told.position)
                }
            };
            if !same {
                wrong = Some(format!(
                    "{} was told {told:?}, stored is {stored:?}",
                    op.envelope.key
                ));
                break;
            }
        }
        if let Some(wrong) = wrong {
            self.fail("acknowledged", wrong);
        }
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.ops.len()
    }
}

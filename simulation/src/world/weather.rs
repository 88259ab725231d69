//! What strikes by itself, at any moment; and the end of all that.

use super::{NOBODY, World, node_name, tell};
use crate::chance::Topic;
use crate::fault::Kind;

/// How often the weather is looked at, and whether all is quiet.
const PULSE_US: u64 = 1_000_000;
/// A frozen process stands still so long: about the lease's time to live.
const FREEZE_US: std::ops::Range<u64> = 6_000_000..28_000_000;
/// Wall clocks are wrong by so much at most: gateways answer late by less than what is left of the sagas' patience.
const CLOCK_JUMP_US: i64 = 120_000_000;
/// After that long the gate must be right again: it dates claims by the wall clocks of the processes, so as long
/// as one of those was ahead it takes a claim that was cut short for one that is under way.
pub(super) const CALM_US: u64 = 140_000_000;
/// After the last deed things may go wrong for so long.
const GRACE_US: u64 = 20_000_000;

impl World {
    /// Beats once a second.
    pub(super) fn pulse(&mut self) {
        if self.faults.are_over() {
            if self.is_quiet() && !self.look_after() {
                self.is_at_rest = true;
                return;
            }
        } else {
            self.weather();
        }
        self.after(PULSE_US, Self::pulse);
    }

    fn weather(&mut self) {
        for n in 0..self.nodes.len() {
            if !self.nodes[n].is_up || self.nodes[n].frozen_until > self.now {
                continue;
            }
            if self.strikes(Kind::Crash, n) {
                self.crash(n);
            } else if self.strikes(Kind::Frozen, n) {
                self.freeze(n);
            } else if self.strikes(Kind::Slept, n) {
                self.sleep(n);
            }
            if self.strikes(Kind::ClockJump, n) {
                let mut rng = self.draw(Topic::Node, 64 + node_name(n));
                let offset = rng.i64(-CLOCK_JUMP_US..CLOCK_JUMP_US);
                self.nodes[n].wall_offset_us = offset;
                self.on_node(n, 0, Self::ring);
            }
        }
        if self.strikes(Kind::DatabaseAway, NOBODY) {
            let away = self.draw(Topic::Node, 80).u64(300_000..6_000_000);
            self.database_away_until = self.now + away;
        }
        if self.strikes(Kind::GatewayAway, NOBODY) {
            self.take_gateway_away();
        }
        self.gate_weather();
    }

    /// A process stands still past its lease, and so does its clock.
    pub(super) fn sleep(&mut self, n: usize) {
        if self.nodes[n].frozen_until <= self.now {
            let slept = self.freeze(n);
            self.nodes[n].slept_us += slept;
        }
    }

    fn freeze(&mut self, n: usize) -> u64 {
        let stands = self.draw(Topic::Node, 72 + node_name(n)).u64(FREEZE_US);
        self.nodes[n].frozen_until = self.now + stands;
        stands
    }

    /// The last deed was begun: soon nothing goes wrong any more.
    pub(super) fn end_faults_soon(&mut self) {
        self.after(GRACE_US, |world| {
            tell!(world, "from now on nothing goes wrong");
            world.faults.end();
            world.faults_ended_at = Some(world.now);
            world.after(CALM_US, Self::send_strangers);
            world.database_away_until = 0;
            for n in 0..world.nodes.len() {
                world.nodes[n].frozen_until = 0;
                world.nodes[n].wall_offset_us = 0;
                world.on_node(n, 0, Self::ring);
            }
        });
    }
}

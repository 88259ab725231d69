//! The crew: actions, polled by hand, and what they ask of the world.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use event_store::sans_io::Wanted;
use event_store::{Fence, StoreError};
use processes::sans_io::{Claim, Done, Fate, Item, Trouble, execute, fate};

use super::super::office::{Ask, Desk};
use super::super::{World, tell};
use super::{LEASE, UNWRITTEN_PAUSE_US, micros};
use crate::fault::Kind;
use crate::plant::Plant;

/// How long more rows are waited for before they are deleted.
const LINGER_US: u64 = 10_000;

impl World {
    /// Begins an action.
    pub(super) fn begin(&mut self, n: usize, item: Item, claim: Claim) {
        if self.plant == Some(Plant::DeletedTooSoon) {
            self.agenda.delete(&[item.action_id]);
        }
        self.counts.actions += 1;
        tell!(self, "[{n}] begins {} {}", item.name, item.action_id);
        let clock = Arc::clone(&self.nodes[n].clock);
        let config = Arc::clone(&self.config);
        let Some(term) = &mut self.nodes[n].term else {
            return;
        };
        let desk = Desk {
            clock,
            life: Arc::clone(&term.life),
            fence: Fence {
                lease: LEASE.to_owned(),
                epoch: term.epoch,
            },
            config,
            outbox: Arc::clone(&term.outbox),
        };
        term.crew.push(Box::pin(async move {
            let ended = execute(&desk, &item).await;
            (item, claim, ended)
        }));
    }

    /// Lets actions go on as far as they can. Whether anything came of it.
    pub(in crate::world) fn work(&mut self, n: usize) -> bool {
        let incarnation = self.nodes[n].incarnation;
        self.set_clock(n);
        let Some(term) = &mut self.nodes[n].term else {
            return false;
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut ended = Vec::new();
        let mut index = 0;
        while let Some(doing) = term.crew.get_mut(index) {
            match doing.as_mut().poll(&mut context) {
                Poll::Ready(done) => {
                    ended.push(done);
                    drop(term.crew.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        let asks = term.outbox.take();
        let any = !ended.is_empty() || !asks.is_empty();
        for (item, claim, ended) in ended {
            self.ended(n, item, claim, ended);
        }
        for ask in asks {
            if self.is_alive(n, incarnation) {
                self.heed(n, ask);
            }
        }
        any
    }

    pub(super) fn heed(&mut self, n: usize, ask: Ask) {
        match ask {
            Ask::Execute(command, reply) => self.take(n, command, reply),
            Ask::Pause(duration, reply) => {
                self.on_node(n, micros(duration), move |_, _| {
                    let _ = reply.send(());
                });
            }
            Ask::Load(stream, reply) => {
                let way = self.latency(n);
                self.on_node(n, way, move |world, n| {
                    let wanted = Wanted { stream, base: None };
                    let loaded = if world.database_fails(Kind::ReadFailed, n) {
                        Err(StoreError::away())
                    } else {
                        let read = world.log.load(vec![wanted]).pop();
                        let read = read.ok_or_else(StoreError::away);
                        read.and_then(|read| {
                            read.map(|read| read.loaded)
                                .map_err(|(_, error)| error.into())
                        })
                    };
                    // Whoever asked may have lost the lease meanwhile.
                    drop(reply.send(loaded));
                });
            }
            Ask::Call(call, hears) => self.call(n, call, hears),
            Ask::Key(ask) => self.ask_safe(n, ask),
        }
    }

    /// An action has ended: its row gets what it deserves.
    pub(super) fn ended(
        &mut self,
        n: usize,
        item: Item,
        mut claim: Claim,
        ended: Result<Done, Trouble>,
    ) {
        tell!(
            self,
            "[{n}] ends {} {}: {ended:?}",
            item.name,
            item.action_id
        );
        match fate(ended, item.attempts, self.wall(n)) {
            Fate::Deleted => {
                claim.free_slot();
                if let Some(term) = &mut self.nodes[n].term {
                    term.done.push(claim);
                    if !std::mem::replace(&mut term.is_sweeping, true) {
                        self.on_term(n, LINGER_US, Self::sweep);
                    }
                }
            }
            Fate::Failed { error, again_at } => {
                if again_at.is_none() {
                    let what = format!("{} {} is parked: {error}", item.name, item.action_id);
                    return self.fail("sagas-end", what);
                }
                claim.free_slot();
                self.change_rows(n, vec![claim], again_at);
            }
            Fate::AnotherHolders => self.lose(n, "another instance took the lease over"),
            Fate::Kept => self.on_term(n, UNWRITTEN_PAUSE_US, move |_, _| drop(claim)),
        }
    }
}

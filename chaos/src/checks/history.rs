//! The journal, by request: what was sent under each key, and what came back.

use std::collections::BTreeMap;

use event_store::CommandId;
use uuid::Uuid;

use crate::journal::{Line, Request};
use crate::shoppers::Told;

/// All requests of a run.
pub(crate) struct History {
    /// By the id that the shop gives a command of this user and key.
    pub(crate) requests: BTreeMap<Uuid, Asked>,
    /// Requests under the key of another, and what they were told.
    pub(crate) reused: Vec<(Request, Told)>,
}

/// One request, however often it was sent.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) attempts: u64,
    /// Every definite answer.
    pub(crate) answers: Vec<Told>,
    /// When the first of them came, in milliseconds since the run began.
    pub(crate) answered_ms: Option<u64>,
}

impl History {
    pub(crate) fn of(lines: Vec<Line>) -> Self {
        let mut requests: BTreeMap<Uuid, Asked> = BTreeMap::new();
        let mut asked_as: BTreeMap<u64, Uuid> = BTreeMap::new();
        let mut under_reused: BTreeMap<u64, Request> = BTreeMap::new();
        let mut reused = Vec::new();
        for line in lines {
            match line {
                Line::Ask { n, request, .. } => {
                    let id = CommandId::from_key(&request.user, &request.key).uuid();
                    let first = requests.get(&id).map(|asked| &asked.request);
                    if first.is_some_and(|first| *first != request) {
                        under_reused.insert(n, request);
                        continue;
                    }
                    asked_as.insert(n, id);
                    let asked = requests.entry(id).or_insert_with(|| Asked {
                        request,
                        attempts: 0,
                        answers: Vec::new(),
                        answered_ms: None,
                    });
                    asked.attempts += 1;
                }
                Line::Told {
                    n,
                    ms,
                    status,
                    body,
                } => {
                    let told = Told { status, body };
                    if let Some(request) = under_reused.remove(&n) {
                        if told.is_definite() {
                            reused.push((request, told));
                        }
                        continue;
                    }
                    let asked = asked_as.get(&n).and_then(|id| requests.get_mut(id));
                    if let (true, Some(asked)) = (told.is_definite(), asked) {
                        asked.answers.push(told);
                        asked.answered_ms.get_or_insert(ms);
                    }
                }
                Line::Lost { .. } => {}
            }
        }
        Self { requests, reused }
    }
}

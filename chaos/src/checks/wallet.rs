//! Every saved method that a shopper was promised is there with its key, and what was deleted is nowhere any more.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::history::History;
use crate::error::ChaosError;
use crate::journal::Verb;

const METHODS: &str = "/payment-methods";
const REQUESTED: &str = "PaymentMethodRequested";
const REGISTERED: &str = "PaymentMethodRegistered";
const FAILED: &str = "PaymentMethodRegistrationFailed";
const DELETED: &str = "PaymentMethodDeleted";
const ERASED: &str = "PaymentMethodErased";

/// What the log and the vault have of saved methods.
#[derive(Default)]
pub(crate) struct Wallets {
    /// What happened to each.
    events: BTreeMap<Uuid, BTreeSet<String>>,
    /// The state of each that the vault knows.
    states: BTreeMap<Uuid, String>,
    /// Those that have a key.
    keys: BTreeSet<Uuid>,
}

impl Wallets {
    pub(crate) async fn read(pool: &PgPool) -> Result<Self, ChaosError> {
        let events: Vec<(Uuid, Vec<String>)> = sqlx::query_as(
            "SELECT (coalesce(payload -> event_type, payload) ->> 'method_id')::uuid, array_agg(DISTINCT event_type)
               FROM event_store.events WHERE aggregate_type = 'payment_methods' GROUP BY 1",
        )
        .fetch_all(pool)
        .await?;
        let states: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, status FROM payment.methods")
            .fetch_all(pool)
            .await?;
        let keys: Vec<Uuid> = sqlx::query_scalar("SELECT method_id FROM payment.method_keys")
            .fetch_all(pool)
            .await?;
        let events = events.into_iter();
        Ok(Self {
            events: events
                .map(|(id, types)| (id, types.into_iter().collect()))
                .collect(),
            states: states.into_iter().collect(),
            keys: keys.into_iter().collect(),
        })
    }

    pub(crate) fn check(&self, history: &History) -> Check {
        let mut check =
            Check::new("every saved method that was promised is there, and none that was deleted");
        let (mut saved, mut gone) = (0_u64, 0_u64);
        for asked in history.requests.values() {
            let told = asked.answers.first().filter(|told| told.is_success());
            let id = told.and_then(|told| told.text("/data/id")?.parse::<Uuid>().ok());
            let (Some(id), true) = (id, asked.request.path.starts_with(METHODS)) else {
                continue;
            };
            let state = self.states.get(&id).map_or("", String::as_str);
            let ended = self.has(id, REGISTERED) || self.has(id, FAILED);
            let is_deleted = asked.request.verb == Verb::Delete;
            let holds = self.has(id, REQUESTED)
                && ended
                && (!is_deleted || self.has(id, DELETED))
                && self.is_whole(id, state);
            saved += u64::from(state == "ACTIVE");
            gone += u64::from(state == "DELETED");
            check.look(holds, || {
                let (key, events) = (self.keys.contains(&id), self.events.get(&id));
                format!("method {id} is {state:?}, has a key: {key}; {events:?}")
            });
        }
        // A crash between the vault and the event leaves a key that the repeat finds: in the end there is none.
        for id in &self.keys {
            check.look(self.has(*id, REGISTERED), || {
                format!("there is a key of {id}, which was never registered")
            });
        }
        check.details.push(format!(
            "{saved} were asked for and are there, {gone} are deleted and erased"
        ));
        check
    }

    /// The vault has of a method just what the log says of it.
    fn is_whole(&self, id: Uuid, state: &str) -> bool {
        let has_key = self.keys.contains(&id);
        if !self.has(id, REGISTERED) {
            return state.is_empty() && !has_key;
        }
        if self.has(id, ERASED) {
            return state == "DELETED" && !has_key;
        }
        if self.has(id, DELETED) {
            // Its company has not said yet that it is erased; a person sees it when the schedule is over.
            return matches!(state, "ACTIVE" | "INACTIVE" | "DELETED");
        }
        state == "ACTIVE" && has_key
    }

    fn has(&self, id: Uuid, event_type: &str) -> bool {
        let events = self.events.get(&id);
        events.is_some_and(|events| events.contains(event_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Line, Request};

    const ID: Uuid = Uuid::from_u128(7);

    fn history(verb: Verb) -> History {
        let request = Request {
            user: "alice".to_owned(),
            operator: false,
            fresh_ids: false,
            key: "k".to_owned(),
            verb,
            path: METHODS.to_owned(),
            body: serde_json::Value::Null,
        };
        let told = Line::Told {
            n: 0,
            ms: 0,
            status: 202,
            body: format!(r#"{{"data":{{"id":"{ID}"}}}}"#),
        };
        History::of(vec![
            Line::Ask {
                n: 0,
                ms: 0,
                request,
            },
            told,
        ])
    }

    fn wallets(events: &[&str], state: &str, has_key: bool) -> Wallets {
        let events = events.iter().map(|name| (*name).to_owned()).collect();
        let state = (!state.is_empty()).then(|| (ID, state.to_owned()));
        Wallets {
            events: [(ID, events)].into(),
            states: state.into_iter().collect(),
            keys: has_key.then_some(ID).into_iter().collect(),
        }
    }

    #[test]
    fn what_is_as_promised_breaks_nothing() {
        for (verb, events, state, has_key) in [
            (Verb::Post, &[REQUESTED, REGISTERED][..], "ACTIVE", true),
            (Verb::Post, &[REQUESTED, FAILED], "", false),
            (
                Verb::Delete,
                &[REQUESTED, REGISTERED, DELETED, ERASED],
                "DELETED",
                false,
            ),
            (
                Verb::Delete,
                &[REQUESTED, REGISTERED, DELETED],
                "INACTIVE",
                true,
            ),
        ] {
            let check = wallets(events, state, has_key).check(&history(verb));
            assert!(check.holds(), "{events:?}: {check:?}");
        }
    }

    #[test]
    fn a_method_that_is_lost_left_over_or_still_charged_is_found() {
        for (verb, events, state, has_key) in [
            // Promised, and forgotten; on its way for ever; without its key; with a key that nobody registered.
            (Verb::Post, &[][..], "", false),
            (Verb::Post, &[REQUESTED], "", false),
            (Verb::Post, &[REQUESTED, REGISTERED], "ACTIVE", false),
            (Verb::Post, &[REQUESTED, FAILED], "ACTIVE", true),
            // Deleted, and nobody knows; erased, and the key is still there.
            (Verb::Delete, &[REQUESTED, REGISTERED], "ACTIVE", true),
            (
                Verb::Delete,
                &[REQUESTED, REGISTERED, DELETED, ERASED],
                "DELETED",
                true,
            ),
        ] {
            let check = wallets(events, state, has_key).check(&history(verb));
            assert!(!check.holds(), "{events:?}: {check:?}");
        }
    }

    #[test]
    fn a_run_in_which_nobody_saved_a_card_proves_nothing() {
        let check = Wallets::default().check(&History::of(Vec::new()));
        assert!(!check.holds());
    }
}

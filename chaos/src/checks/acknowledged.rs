//! What was acknowledged is stored, what was refused is not, and nothing is stored that nobody asked for.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::history::{Asked, History};
use crate::error::ChaosError;
use crate::shoppers::Told;

/// Who the events of the sagas say has asked.
pub(super) const SAGAS: &str = "processes";
/// Who those of a company's notices say, before its name; and all that a notice may do.
pub(super) const NOTICES: &str = "webhook/";
const INQUIRY: &str = "PaymentInquiryRequested";
/// A payment that was declined: the request was carried out, and its answer is final all the same.
const PAYMENT_REQUIRED: u16 = 402;
/// Where the account of a refund is told.
const ACCOUNT: &str = "/account";

/// The answer to a key with another request than its first.
const UNPROCESSABLE: u16 = 422;
const KEY_REUSED: &str = "\"IDEMPOTENCY_KEY_REUSED\"";

/// What the log has of each command.
pub(crate) struct Stored {
    /// The status of each outcome.
    pub(crate) outcomes: BTreeMap<Uuid, u16>,
    /// The streams of each command's events, by who asked.
    events: BTreeMap<Uuid, Events>,
}

struct Events {
    principal: String,
    count: i64,
    types: Vec<String>,
    streams: Vec<String>,
}

impl Stored {
    pub(crate) async fn read(pool: &PgPool) -> Result<Self, ChaosError> {
        let rows =
            sqlx::query_as::<_, (Uuid, i16)>("SELECT command_id, status FROM event_store.commands");
        let outcomes = rows
            .fetch(pool)
            .map_ok(|(id, status)| (id, status.unsigned_abs()));
        let outcomes = outcomes.try_collect().await?;
        let rows = sqlx::query_as::<_, (Uuid, String, i64, Vec<String>, Vec<String>)>(
            "SELECT (metadata ->> 'commandId')::uuid AS command_id, min(metadata ->> 'principal'),
                    count(*), array_agg(DISTINCT event_type), array_agg(aggregate_id)
               FROM event_store.events GROUP BY 1",
        );
        let rows = rows.fetch(pool);
        let events = rows.map_ok(|(id, principal, count, types, streams)| {
            (
                id,
                Events {
                    principal,
                    count,
                    types,
                    streams,
                },
            )
        });
        Ok(Self {
            outcomes,
            events: events.try_collect().await?,
        })
    }
}

pub(crate) fn check(history: &History, stored: &Stored) -> Vec<Check> {
    let mut kept = Check::new("every acknowledged command is in the log, with its events");
    let mut refused = Check::new("no refused command has events");
    let mut same = Check::new("every answer to one key has the same bytes");
    let mut unknown = Check::new("a command without an answer happened once or not at all");
    for (id, asked) in &history.requests {
        let Some(told) = asked.answers.first() else {
            // Once at most by the log's keys; all of it or nothing is what can break.
            let count = stored.events.get(id).map_or(0, |events| events.count);
            let accepted = is_accepted(id, stored);
            let whole = accepted == (count > 0) || (accepted && may_change_nothing(asked));
            unknown.look(whole, || {
                format!(
                    "{} has {count} events, its outcome is there: {accepted}",
                    named(id, asked)
                )
            });
            continue;
        };
        let mut others = asked.answers.iter();
        let differing = others.find(|other| !other.repeats(told, &asked.request));
        same.look(differing.is_none(), || {
            format!("{}: {told:?}, and then {differing:?}", named(id, asked))
        });
        if told.is_success() || told.status == PAYMENT_REQUIRED {
            let is_kept = is_kept(id, thing_of(asked, told), stored)
                || (may_change_nothing(asked) && is_accepted(id, stored));
            kept.look(is_kept, || {
                format!(
                    "{} was told {} {}",
                    named(id, asked),
                    told.status,
                    told.body
                )
            });
        } else {
            refused.look(!stored.events.contains_key(id), || {
                format!(
                    "{} was told {} {}",
                    named(id, asked),
                    told.status,
                    told.body
                )
            });
        }
    }
    let mut wanted = Check::new("nothing is in the log that nobody asked for");
    let mut told = Check::new("a notice does no more than to have its company asked");
    for (id, events) in stored
        .events
        .iter()
        .filter(|(_, events)| events.principal != SAGAS)
    {
        if events.principal.starts_with(NOTICES) {
            told.look(events.types.iter().all(|name| name == INQUIRY), || {
                format!("command {id} of {}: {:?}", events.principal, events.types)
            });
            continue;
        }
        wanted.look(history.requests.contains_key(id), || {
            format!(
                "command {id} of {} has {} events",
                events.principal, events.count
            )
        });
    }
    let mut reused = Check::new("a key with another request than its first is refused");
    for (request, told) in &history.reused {
        let refusal = told.status == UNPROCESSABLE && told.body.contains(KEY_REUSED);
        reused.look(refusal, || format!("{request:?} was told {told:?}"));
    }
    vec![kept, refused, unknown, wanted, told, same, reused]
}

/// The thing that was named to the client, if it has events of its own: a refund and its account are its payment's, a
/// correction of points its account's, a saved method its user's.
fn thing_of(asked: &Asked, told: &Told) -> Option<String> {
    let path = &asked.request.path;
    if path.ends_with("/refunds") || path.ends_with(ACCOUNT) {
        told.text("/data/paymentId")
    } else if path.starts_with("/points/") || path.starts_with("/payment-methods") {
        None
    } else {
        told.text("/data/id")
    }
}

/// A card that is the default already is made the default by no event, and the account of a refund that is tried soon
/// is told by none.
fn may_change_nothing(asked: &Asked) -> bool {
    let path = &asked.request.path;
    path.ends_with("/default") || path.ends_with(ACCOUNT)
}

fn is_accepted(id: &Uuid, stored: &Stored) -> bool {
    stored.outcomes.get(id).is_some_and(|status| *status < 400)
}

/// Its outcome is stored, and its events, among them those of the thing that was named to the client.
fn is_kept(id: &Uuid, thing: Option<String>, stored: &Stored) -> bool {
    let accepted = is_accepted(id, stored);
    let events = stored.events.get(id);
    // A coupon's id is its code, and its event is its pool's.
    let is_stream = |thing: &String| Uuid::parse_str(thing).is_ok();
    let named = thing
        .filter(is_stream)
        .is_none_or(|thing| events.is_some_and(|events| events.streams.contains(&thing)));
    accepted && events.is_some() && named
}

fn named(id: &Uuid, asked: &Asked) -> String {
    let request = &asked.request;
    format!(
        "command {id} ({} {} under key {}, sent {} times)",
        request.user, request.path, request.key, asked.attempts
    )
}

#[cfg(test)]
mod tests;

//! Every refund of a deposit whose buyer told a good account last, and was told that it is taken, is done: once in the
//! log, with as much in the company's books, and the account is kept no longer.
//!
//! It may still be open where
//! - the account that the log took last is at a bank that the company refuses;
//! - nobody was told that this account is taken: it may be lost, and its buyer knows;
//! - the schedule had ended before they were told so;
//! - the schedule ended with a company that said nothing, which is not the account's fault.
//!
//! The account of a refund that is done may still be kept where the teller was never answered: a command API that dies
//! between keeping and looking again wipes it when it is told the same once more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::Check;
use super::history::{Asked, History};
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::shop::GATEWAY_BOOKS;
use crate::shoppers::{NO_BANK, Told};

/// Who refuses accounts at a bank that there is not.
const CAREFUL: &str = "toss";
/// Why a refund is open whose account is not known, or not good.
const UNTOLD: &str = "REFUND_ACCOUNT_NEEDED";
const REFUSED: &str = "REFUSED_";

/// What the log, the vault and the company's books have of refunds.
pub(crate) struct Refunds {
    /// When the run began.
    began: DateTime<Utc>,
    log: BTreeMap<Uuid, Refund>,
    /// When the log took each command that it did not refuse, and where.
    taken: BTreeMap<Uuid, Taken>,
    /// Those whose account is kept.
    kept: BTreeSet<Uuid>,
    /// What came back of each payment, by the company's books.
    books: BTreeMap<Uuid, i64>,
}

/// When the log took a command, and its position then.
type Taken = (DateTime<Utc>, i64);

/// A refund, as the log has it.
#[derive(Clone, Debug, Default)]
struct Refund {
    payment: Uuid,
    company: String,
    /// What was given back, each time that it says so.
    done: Vec<i64>,
    /// Why it was put off, and until when, the oldest first.
    delays: Vec<Delay>,
}

/// Why a refund was put off, and until when: never again when the schedule is over.
type Delay = (String, Option<DateTime<Utc>>);

impl Refunds {
    /// Reads them after all else is still.
    pub(crate) async fn read(
        pool: &PgPool,
        folder: &Path,
        chronicle: &Chronicle,
    ) -> Result<Self, ChaosError> {
        let ran = TimeDelta::milliseconds(i64::try_from(chronicle.elapsed_ms()).unwrap_or(0));
        let taken: Vec<(Uuid, DateTime<Utc>, i64)> = sqlx::query_as(
            "SELECT command_id, recorded_at, position FROM event_store.commands WHERE status = 202",
        )
        .fetch_all(pool)
        .await?;
        let kept: Vec<Uuid> = sqlx::query_scalar("SELECT refund_id FROM payment.refund_accounts")
            .fetch_all(pool)
            .await?;
        let taken = taken.into_iter();
        Ok(Self {
            began: Utc::now() - ran,
            log: log(pool).await?,
            taken: taken
                .map(|(id, at, position)| (id, (at, position)))
                .collect(),
            kept: kept.into_iter().collect(),
            books: books(&folder.join(GATEWAY_BOOKS))?,
        })
    }

    pub(crate) fn check(&self, history: &History) -> Check {
        let name = "every refund of a deposit whose account was told is done once, and the account is wiped";
        let mut check = Check::new(name);
        let told = told(history);
        let mut open: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, tellings) in &told {
            let unknown = Refund::default();
            let refund = self.log.get(id).unwrap_or(&unknown);
            match self.fate(refund, tellings) {
                Fate::Done | Fate::Broken => check.look(refund.done.len() == 1, || {
                    format!("refund {id} is not done once: {refund:?}")
                }),
                Fate::Open(why) => *open.entry(why).or_default() += 1,
            }
            self.look_at_money(&mut check, *id, refund);
        }
        for id in &self.kept {
            let is_done = self
                .log
                .get(id)
                .is_some_and(|refund| !refund.done.is_empty());
            let tellings = told.get(id).map(Vec::as_slice).unwrap_or_default();
            let is_known_to_tellers = tellings.iter().all(|(_, asked)| asked.is_answered());
            if tellings.is_empty() || (is_done && is_known_to_tellers) {
                check.look(false, || format!("the account of refund {id} is kept"));
            }
        }
        let open: Vec<String> = open
            .iter()
            .map(|(why, count)| format!("{count} {why}"))
            .collect();
        let (told, kept) = (told.len(), self.kept.len());
        check.details.push(format!(
            "{told} refunds were told an account; {kept} accounts are kept; open: {}",
            if open.is_empty() {
                "none".to_owned()
            } else {
                open.join(", ")
            }
        ));
        check
    }

    /// What must have become of a refund, by what its buyer was told and when.
    fn fate(&self, refund: &Refund, tellings: &[Telling<'_>]) -> Fate {
        if !refund.done.is_empty() {
            return Fate::Done;
        }
        let taken = tellings.iter().filter_map(|(id, asked)| {
            let at = self.taken.get(id)?;
            Some((*at, *asked))
        });
        // Two that the log took at once have no order.
        let last = taken.clone().map(|(at, _)| at).max();
        let last: Vec<&Asked> = taken
            .filter(|(at, _)| Some(*at) == last)
            .map(|(_, asked)| asked)
            .collect();
        if last.iter().any(|asked| refund.refuses(asked)) {
            return Fate::Open("at a bank that the company refuses");
        }
        let answered: Vec<u64> = last
            .iter()
            .filter(|asked| asked.is_acknowledged())
            .filter_map(|asked| asked.answered_ms)
            .collect();
        let (Some(answered_ms), true) = (answered.iter().max(), answered.len() == last.len())
        else {
            return Fate::Open("whose teller does not know whether it is taken");
        };
        let answered_ms = i64::try_from(*answered_ms).unwrap_or(i64::MAX);
        let answered_at = self.began + TimeDelta::milliseconds(answered_ms);
        let Some(((why, None), planned)) = refund.last_try() else {
            return Fate::Broken;
        };
        if planned.is_some_and(|planned| planned < answered_at) {
            return Fate::Open("told when the schedule was over");
        }
        if why == UNTOLD || why.starts_with(REFUSED) {
            return Fate::Broken;
        }
        Fate::Open("of which the company said nothing to the end")
    }

    /// As much came back by the company's books as the log says of a payment all of whose refunds are done.
    fn look_at_money(&self, check: &mut Check, id: Uuid, refund: &Refund) {
        let of_payment = self.log.values();
        let of_payment: Vec<&Refund> = of_payment
            .filter(|other| other.payment == refund.payment)
            .collect();
        if of_payment.is_empty() || of_payment.iter().any(|other| other.done.is_empty()) {
            return;
        }
        let said: i64 = of_payment.iter().flat_map(|other| &other.done).sum();
        let back = self.books.get(&refund.payment).copied().unwrap_or_default();
        if said != back {
            check.look(false, || {
                format!("refund {id}: the log says that {said} came back, the books {back}")
            });
        }
    }
}

/// A request that told an account, and its command.
type Telling<'a> = (Uuid, &'a Asked);

/// What became of a refund, and whether it may.
enum Fate {
    Done,
    Open(&'static str),
    Broken,
}

impl Refund {
    fn refuses(&self, asked: &Asked) -> bool {
        self.company == CAREFUL
            && asked
                .request
                .body
                .get("bank")
                .is_some_and(|is| is == NO_BANK)
    }

    /// The last time that it was put off, and when the try before that was to be.
    fn last_try(&self) -> Option<(&Delay, Option<DateTime<Utc>>)> {
        let (last, before) = self.delays.split_last()?;
        Some((last, before.last().and_then(|(_, planned)| *planned)))
    }
}

impl Asked {
    fn is_answered(&self) -> bool {
        !self.answers.is_empty()
    }

    fn is_acknowledged(&self) -> bool {
        self.answers.first().is_some_and(Told::is_success)
    }
}

/// Who told an account, by refund.
fn told(history: &History) -> BTreeMap<Uuid, Vec<Telling<'_>>> {
    let mut told: BTreeMap<Uuid, Vec<Telling<'_>>> = BTreeMap::new();
    for (id, asked) in &history.requests {
        let refund = asked.request.path.strip_suffix("/account");
        let refund = refund.and_then(|path| path.rsplit('/').next()?.parse().ok());
        if let Some(refund) = refund {
            told.entry(refund).or_default().push((*id, asked));
        }
    }
    told
}

async fn log(pool: &PgPool) -> Result<BTreeMap<Uuid, Refund>, ChaosError> {
    let rows: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT aggregate_id, event_type, coalesce(payload -> event_type, payload)
           FROM event_store.events
          WHERE event_type IN ('PaymentRequested', 'PaymentRefundRequested', 'PaymentRefundDelayed',
                               'PaymentRefunded')
          ORDER BY position",
    )
    .fetch_all(pool)
    .await?;
    let mut companies: BTreeMap<String, String> = BTreeMap::new();
    let mut refunds: BTreeMap<Uuid, Refund> = BTreeMap::new();
    for (payment, event_type, payload) in rows {
        let text = |name: &str| payload.get(name).and_then(Value::as_str);
        if event_type == "PaymentRequested" {
            let company = text("gateway").unwrap_or_default();
            companies.insert(payment, company.to_owned());
            continue;
        }
        let id = text("refund_id").and_then(|id| id.parse::<Uuid>().ok());
        let id = id.ok_or_else(|| ChaosError::said(format!("no refund is named: {payload}")))?;
        let refund = refunds.entry(id).or_default();
        refund.payment = payment.parse().unwrap_or_default();
        refund.company = companies.get(&payment).cloned().unwrap_or_default();
        match event_type.as_str() {
            "PaymentRefunded" => {
                let amount = payload.pointer("/amount/amount").and_then(Value::as_i64);
                refund.done.push(amount.unwrap_or_default());
            }
            "PaymentRefundDelayed" => {
                let why = text("reason").unwrap_or_default().to_owned();
                let next = text("next_attempt_at").and_then(|next| next.parse().ok());
                refund.delays.push((why, next));
            }
            _ => {}
        }
    }
    Ok(refunds)
}

/// What came back of each payment.
fn books(path: &Path) -> Result<BTreeMap<Uuid, i64>, ChaosError> {
    let text = std::fs::read_to_string(path).map_err(ChaosError::file(path))?;
    let mut books: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let payment = entry.get("paymentId").and_then(Value::as_str);
        let payment = payment.and_then(|id| id.parse().ok());
        if let (Some(payment), true) = (payment, entry.get("kind").is_some_and(|is| is == "REFUND"))
        {
            let amount = entry.get("amount").and_then(Value::as_i64);
            *books.entry(payment).or_default() += amount.unwrap_or_default();
        }
    }
    Ok(books)
}

#[cfg(test)]
mod tests;

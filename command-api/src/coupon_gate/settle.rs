//! What the aggregate said, told to the gate.

use std::borrow::Cow;
use std::sync::LazyLock;

use deadpool_redis::redis::Script;
use event_store::{ExecuteError, Outcome};
use serde::Deserialize;

use super::keys::Keys;
use super::refusals;
use super::{CouponGate, Knock, Permit};

static CONFIRM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("confirm.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("release.lua")));

/// What the aggregate said, as far as the gate cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// The user has a coupon, now or already.
    Holder,
    /// No coupon is left, though the gate had a place.
    SoldOut,
    /// No, for another reason; that answer is in the log.
    Refused,
    /// It was not asked, definitely.
    NotAsked,
    /// Nobody knows. The place stays taken until it is too old, and then the log is asked.
    Unknown,
}

impl CouponGate {
    /// Tells the gate what became of a claim that it let through. Should Redis fail meanwhile, the claim
    /// stays pending, and is found when it is too old.
    pub(crate) async fn settle(
        &self,
        knock: &Knock,
        permit: Permit,
        outcome: &Result<Outcome, ExecuteError>,
    ) {
        if permit == Permit::Unguarded {
            return;
        }
        let settled = match said(outcome) {
            Said::Holder => self.confirm(knock).await,
            Said::SoldOut => {
                self.pool_of(knock).distrust();
                self.release(knock, true).await
            }
            Said::Refused => self.release(knock, true).await,
            Said::NotAsked => self.release(knock, false).await,
            Said::Unknown => Ok(0),
        };
        if let Err(error) = settled {
            tracing::debug!(
                coupon_pool.id = %knock.pool_id, error = %error,
                "a claim of coupon pool {} stays pending: {error}", knock.pool_id
            );
        }
    }

    async fn confirm(&self, knock: &Knock) -> Result<u32, super::Away> {
        let keys = Keys::of(knock.pool_id);
        let mut confirm = CONFIRM.key(&keys.members);
        confirm
            .key(&keys.count)
            .key(&keys.pending)
            .arg(knock.user_id.as_str());
        self.shared.link.script(&confirm).await
    }

    async fn release(&self, knock: &Knock, is_in_log: bool) -> Result<u32, super::Away> {
        let keys = Keys::of(knock.pool_id);
        let mut release = RELEASE.key(&keys.members);
        release
            .key(&keys.count)
            .key(&keys.pending)
            .key(&keys.refusals)
            .arg(knock.user_id.as_str())
            .arg(if is_in_log {
                knock.command_id.to_string()
            } else {
                String::new()
            })
            .arg(refusals::KEEP_MS)
            .arg(refusals::MAX);
        self.shared.link.script(&release).await
    }
}

/// The code of a stored refusal.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    error: Cow<'a, str>,
}

fn said(outcome: &Result<Outcome, ExecuteError>) -> Said {
    match outcome {
        Ok(outcome) if outcome.status < 400 => Said::Holder,
        Ok(outcome) => match serde_json::from_str::<Stored<'_>>(&outcome.body) {
            Ok(stored) if stored.error == "COUPON_ALREADY_ISSUED" => Said::Holder,
            Ok(stored) if stored.error == "COUPON_SOLD_OUT" => Said::SoldOut,
            Ok(_) => Said::Refused,
            Err(_) => Said::Unknown,
        },
        Err(
            ExecuteError::Busy { .. }
            | ExecuteError::Contended { .. }
            | ExecuteError::KeyReused
            | ExecuteError::Fenced
            | ExecuteError::Defect(_),
        ) => Said::NotAsked,
        Err(ExecuteError::Unavailable { .. } | ExecuteError::Stopping) => Said::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_is_definite_gives_a_place_back() {
        let outcome = |status, body: &str| {
            Ok(Outcome {
                status,
                body: body.to_owned(),
                position: 1,
                recorded_at: chrono::DateTime::UNIX_EPOCH,
                replayed: false,
            })
        };
        let retry_after = Duration::from_secs(1);
        for (outcome, expected) in [
            (outcome(201, r#"{"data":{}}"#), Said::Holder),
            (
                outcome(409, r#"{"error":"COUPON_ALREADY_ISSUED"}"#),
                Said::Holder,
            ),
            (
                outcome(409, r#"{"error":"COUPON_SOLD_OUT","message":"x"}"#),
                Said::SoldOut,
            ),
            (
                outcome(409, r#"{"error":"COUPON_POOL_CLOSED"}"#),
                Said::Refused,
            ),
            (
                outcome(404, r#"{"error":"COUPON_POOL_NOT_FOUND"}"#),
                Said::Refused,
            ),
            (outcome(409, "garbled"), Said::Unknown),
            (Err(ExecuteError::Busy { retry_after }), Said::NotAsked),
            (Err(ExecuteError::KeyReused), Said::NotAsked),
            (
                Err(ExecuteError::Unavailable { retry_after }),
                Said::Unknown,
            ),
            (Err(ExecuteError::Stopping), Said::Unknown),
        ] {
            assert_eq!(said(&outcome), expected, "{outcome:?}");
        }
    }
}

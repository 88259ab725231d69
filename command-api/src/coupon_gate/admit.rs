//! Knocking at the gate.

use std::sync::LazyLock;

use deadpool_redis::redis::Script;

use super::keys::Keys;
use super::pools::PoolGate;
use super::rebuild::{Reason, Rebuilt};
use super::refusals::{self, Refusal, RefusalCode};
use super::{Admission, CouponGate, GateError, Knock, Permit};

/// How often a claim knocks again after a rebuild; then the aggregate decides.
const KNOCKS_MAX: usize = 4;

static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("claim.lua")));
static REMEMBER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("remember.lua")));

/// What the script says.
#[derive(Debug)]
enum Verdict {
    Admitted,
    Pass,
    Duplicate,
    SoldOut { pending: u32 },
    Stale,
    Missing,
    Logged,
    Refused(Refusal),
}

impl CouponGate {
    /// Knocks. Whatever the gate cannot say is the aggregate's to decide.
    pub(crate) async fn admit(&self, knock: &Knock) -> Admission {
        match self.knock(knock).await {
            Ok(admission) => admission,
            Err(error) => {
                metrics::counter!("coupon_gate_bypassed_total").increment(1);
                tracing::debug!(
                    coupon_pool.id = %knock.pool_id, error = %error,
                    "a claim of coupon pool {} goes past the gate: {error}", knock.pool_id
                );
                Admission::Ask(Permit::Unguarded)
            }
        }
    }

    async fn knock(&self, knock: &Knock) -> Result<Admission, GateError> {
        let pool = self.shared.pools.get(knock.pool_id);
        if !pool.is_built(self.shared.link.outages())
            && self
                .rebuild(knock.pool_id, &pool, pool.generation(), Reason::FirstTouch)
                .await?
                == Rebuilt::NoSuchPool
        {
            return Ok(Admission::Ask(Permit::Unguarded));
        }
        for _ in 0..KNOCKS_MAX {
            let seen = pool.generation();
            let is_final = pool.is_sold_out();
            // The log knows holders that Redis may not: those whose claim went past the gate. Looked at after
            // `is_final`, which becomes true together with it.
            if pool.is_held_by(&knock.user_id) {
                return Ok(Admission::Holder);
            }
            let verdict = self.ask(knock, is_final).await?;
            metrics::counter!("coupon_gate_verdicts_total", "verdict" => verdict.label())
                .increment(1);
            let reason = match verdict {
                Verdict::Admitted | Verdict::Pass => return Ok(Admission::Ask(Permit::Placed)),
                Verdict::Duplicate => return Ok(Admission::Holder),
                Verdict::Logged => return Ok(Admission::Logged),
                Verdict::Refused(refusal) => return Ok(Admission::Refused(refusal)),
                Verdict::SoldOut { .. } if is_final => {
                    return Ok(Admission::Refused(knock.refusal(RefusalCode::SoldOut)));
                }
                Verdict::SoldOut { pending } => Reason::SoldOut { pending },
                Verdict::Stale => Reason::Stale,
                Verdict::Missing => Reason::Missing,
            };
            match self.rebuild(knock.pool_id, &pool, seen, reason).await? {
                Rebuilt::Agrees => {}
                Rebuilt::Contested | Rebuilt::NoSuchPool => {
                    return Ok(Admission::Ask(Permit::Unguarded));
                }
            }
        }
        Err(GateError::Unsettled("it was rebuilt several times running"))
    }

    /// Refuses a claim that the gate let see the log, and remembers that.
    pub(crate) async fn refuse(&self, knock: &Knock, code: RefusalCode) -> Refusal {
        let refusal = knock.refusal(code);
        let keys = Keys::of(knock.pool_id);
        let mut remember = REMEMBER.key(&keys.refusals);
        remember
            .arg(knock.command_id.to_string())
            .arg(refusal.to_text())
            .arg(refusals::KEEP_MS)
            .arg(refusals::MAX);
        // Not remembered, it is refused again all the same: the bytes differ in the request's id only.
        let told: Result<String, _> = self.shared.link.script(&remember).await;
        told.ok()
            .and_then(|text| Refusal::from_text(&text))
            .unwrap_or(refusal)
    }

    async fn ask(&self, knock: &Knock, is_final: bool) -> Result<Verdict, GateError> {
        let keys = Keys::of(knock.pool_id);
        let mut claim = CLAIM.key(&keys.members);
        claim
            .key(&keys.count)
            .key(&keys.pending)
            .key(&keys.refusals)
            .arg(knock.user_id.as_str())
            .arg(knock.now.timestamp_millis())
            .arg(self.shared.pending_ttl_ms)
            .arg(knock.command_id.to_string())
            .arg(knock.refusal(RefusalCode::SoldOut).to_text())
            .arg(if is_final { "final" } else { "" })
            .arg(refusals::KEEP_MS)
            .arg(refusals::MAX);
        let (verdict, detail): (String, String) = self.shared.link.script(&claim).await?;
        Verdict::parse(&verdict, &detail)
            .ok_or_else(|| GateError::Garbled(format!("{verdict} {detail}")))
    }
}

impl Knock {
    fn refusal(&self, code: RefusalCode) -> Refusal {
        Refusal {
            code,
            language: self.language,
            request_id: self.request_id.clone(),
            replayed: false,
        }
    }
}

impl Verdict {
    fn parse(verdict: &str, detail: &str) -> Option<Self> {
        Some(match verdict {
            "ADMITTED" => Self::Admitted,
            "PASS" => Self::Pass,
            "DUPLICATE" => Self::Duplicate,
            "SOLD_OUT" => Self::SoldOut {
                pending: detail.parse().ok()?,
            },
            "STALE" => Self::Stale,
            "MISSING" => Self::Missing,
            "LOGGED" => Self::Logged,
            "REFUSED" => Self::Refused(Refusal::from_text(detail)?),
            _ => return None,
        })
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Pass => "pass",
            Self::Duplicate => "duplicate",
            Self::SoldOut { .. } => "sold_out",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Logged => "logged",
            Self::Refused(_) => "refused_before",
        }
    }
}

/// The gate of a pool, for what must be known of it after a claim.
impl CouponGate {
    pub(super) fn pool_of(&self, knock: &Knock) -> std::sync::Arc<PoolGate> {
        self.shared.pools.get(knock.pool_id)
    }
}

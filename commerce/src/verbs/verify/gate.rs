//! The coupon gate in Redis beside the log.

use auditor::Pass;
use command_api::{CouponGateConfig, GateAudit, GateAway};
use domain::{CouponPoolId, UserId};
use invariants::Invariant;

use super::Verification;
use super::report::Report;
use crate::error::CommerceError;

/// What disagreed at the first look.
#[derive(Default)]
struct Suspects {
    places: Vec<(CouponPoolId, UserId)>,
    counts: Vec<CouponPoolId>,
    pools: usize,
}

/// Compares, and reports what still disagrees at a second look: a claim under way is known to one side
/// first, and to the other a moment later.
pub(super) async fn check(
    verification: &Verification,
    config: &CouponGateConfig,
    pass: &mut Pass,
    report: &mut Report,
) -> Result<(), CommerceError> {
    let Some(gate) = GateAudit::new(config)? else {
        report.note("coupons: the gate was not looked at: REDIS_URL is not set".to_owned());
        return Ok(());
    };
    let suspects = match look(&gate, pass).await {
        Ok(suspects) => suspects,
        Err(error) => {
            not_checked(report, &error);
            return Ok(());
        }
    };
    if !suspects.places.is_empty() {
        pass.follow(verification.log.head().await?).await?;
    }
    match look_again(&gate, pass, &suspects).await {
        Ok(evidence) if evidence.is_empty() => {
            let pools = suspects.pools;
            report.note(format!(
                "coupons: the gate of {pools} pools agrees with the log"
            ));
        }
        Ok(evidence) => {
            let count = u64::try_from(evidence.len()).unwrap_or(u64::MAX);
            report.broken(Invariant::Coupons, count, evidence);
        }
        Err(error) => not_checked(report, &error),
    }
    Ok(())
}

/// A gate that cannot be asked may count wrong: what the log alone shows is not all of the invariant.
fn not_checked(report: &mut Report, error: &GateAway) {
    report.not_checked(
        Invariant::Coupons,
        format!("the gate was not looked at: {error}"),
    );
}

async fn look(gate: &GateAudit, pass: &Pass) -> Result<Suspects, GateAway> {
    let mut suspects = Suspects::default();
    let shop = pass.shop();
    for pool_id in shop.pools() {
        let has_coupon = |user: &UserId| shop.has_coupon(pool_id, user);
        let Some(state) = gate.state(pool_id, has_coupon).await? else {
            continue;
        };
        suspects.pools += 1;
        if !counts_right(pass, pool_id, state.left, state.taken) {
            suspects.counts.push(pool_id);
        }
        let places = state.suspects.into_iter().map(|user| (pool_id, user));
        suspects.places.extend(places);
    }
    Ok(suspects)
}

async fn look_again(
    gate: &GateAudit,
    pass: &Pass,
    suspects: &Suspects,
) -> Result<Vec<String>, GateAway> {
    let mut evidence = Vec::new();
    let shop = pass.shop();
    for (pool_id, user) in &suspects.places {
        if !shop.has_coupon(*pool_id, user) && gate.holds(*pool_id, user).await? {
            evidence.push(format!(
                "the gate of pool {pool_id} has a place of {user}, who has no coupon"
            ));
        }
    }
    for pool_id in &suspects.counts {
        let Some(state) = gate.state(*pool_id, |_| true).await? else {
            continue;
        };
        if !counts_right(pass, *pool_id, state.left, state.taken) {
            let (left, taken) = (state.left, state.taken);
            evidence.push(format!(
                "the gate of pool {pool_id} counts {left} left and {taken} taken, of {} in all",
                shop.coupons(*pool_id).map_or(0, |(_, size)| size)
            ));
        }
    }
    Ok(evidence)
}

/// Whether what is left and what is taken is what there is. A count and a set are kept for the same time,
/// but end a moment apart.
fn counts_right(pass: &Pass, pool_id: CouponPoolId, left: i64, taken: u64) -> bool {
    let size = pass.shop().coupons(pool_id).map_or(0, |(_, size)| size);
    i64::try_from(taken).is_ok_and(|taken| left.saturating_add(taken) == i64::from(size))
}

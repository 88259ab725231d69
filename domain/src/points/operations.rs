//! What operators and timers do to an account of points.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{PointAccount, PointsCommand};
use crate::ids::{AdjustmentId, LotId, UserId};
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// An operator corrects a user's points.
#[derive(Clone, Debug)]
pub struct AdjustPoints {
    /// Whose.
    pub user_id: UserId,
    /// Under which new id.
    pub adjustment_id: AdjustmentId,
    /// By how many, up or down.
    pub delta: i64,
    /// Why.
    pub reason: String,
    /// Which operator.
    pub by: UserId,
    /// When new points expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// When.
    pub now: DateTime<Utc>,
}

/// A lot's time has come.
#[derive(Clone, Debug)]
pub struct ExpirePoints {
    /// Whose.
    pub user_id: UserId,
    /// Which lot.
    pub lot_id: LotId,
    /// When.
    pub now: DateTime<Utc>,
}

impl Operation for AdjustPoints {
    fn name(&self) -> &'static str {
        "adjust-points"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PointAccount>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let adjust = PointsCommand::Adjust {
            adjustment_id: self.adjustment_id,
            delta: self.delta,
            reason: self.reason.clone(),
            by: self.by.clone(),
            expires_at: self.expires_at,
            now: self.now,
        };
        workspace.execute::<PointAccount>(&self.user_id, adjust)?;
        let account = workspace.read::<PointAccount>(&self.user_id)?;
        Ok(json!({
            "id": self.adjustment_id,
            "userId": self.user_id,
            "balance": account.balance(),
            "spendable": account.spendable(self.now),
            "owed": account.owed(),
        }))
    }
}

impl Operation for ExpirePoints {
    fn name(&self) -> &'static str {
        "expire-points"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PointAccount>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (lot_id, now) = (self.lot_id, self.now);
        workspace.execute::<PointAccount>(&self.user_id, PointsCommand::Expire { lot_id, now })?;
        Ok(json!({ "id": self.lot_id }))
    }
}

//! `POST /points/{userId}/adjustments`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use domain::points::{AdjustPoints, EarningPolicy};
use domain::{AdjustmentId, UserId};
use platform::{ApiError, JsonWithBytes, Operator, Principal};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PointBalance;
use crate::api::CommandApi;
use crate::call::KeyedCall;
use crate::input::{self, Length, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::respond::Reply;

/// How long the reason of a correction may be; the domain's own limit.
const REASON: Length = Length { min: 1, max: 200 };
/// The most points of one correction; the domain's own limit.
const DELTA_MAX_POINTS: u64 = 10_000_000;

/// Corrected points.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PointsAdjustment)]
pub(super) struct Body {
    /// By how many, up or down; not zero.
    #[schema(minimum = -10_000_000, maximum = 10_000_000)]
    delta: i64,
    /// Why, for the user and for whoever audits.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// When points that are given expire; when it is left out, as late as points earned now. Not for
    /// points that are taken.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [409: ["INSUFFICIENT_POINTS", "POINTS_OUT_OF_RANGE", "POINTS_TOO_SCATTERED"]]
);

/// Gives a user points, or takes some that can be spent: those that expire first.
#[utoipa::path(
    tag = "points",
    params(("userId" = String, Path, description = "Whose points."), KeyedHeaders),
    request_body = Body,
    responses((status = 200, description = "Corrected.", body = platform::Data<PointBalance>), Errors),
    security(("bearer" = []))
)]
#[post("/points/{userId}/adjustments")]
pub(super) async fn adjust_points(
    api: Data<CommandApi>,
    operator: Operator,
    call: KeyedCall,
    user_id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let earning = api.config().earning;
    let operation = body
        .value
        .into_operation(&user_id, &operator, earning, call.0.now)?;
    api.execute(&operator, &call.0, &body.bytes, operation, Reply::ok())
        .await
}

impl Body {
    fn into_operation(
        self,
        user_id: &str,
        operator: &Principal,
        earning: EarningPolicy,
        now: DateTime<Utc>,
    ) -> Result<AdjustPoints, ApiError> {
        let mut problems = Problems::default();
        let user_id = input::no_card_number(user_id).and_then(|()| user(user_id));
        let user_id = problems.take("userId", user_id);
        let by = problems.take("sub", user(operator.subject()));
        let delta = problems.take("delta", delta(self.delta));
        let reason = problems.take("reason", input::text(self.reason, REASON));
        let (Some(user_id), Some(by), Some(delta), Some(reason)) = (user_id, by, delta, reason)
        else {
            return Err(problems.into_error());
        };
        let expires_at = if delta > 0 {
            self.expires_at.or_else(|| Some(earning.expiry(now)))
        } else {
            self.expires_at
        };
        Ok(AdjustPoints {
            user_id,
            adjustment_id: AdjustmentId::new(Uuid::now_v7()),
            delta,
            reason,
            by,
            expires_at,
            now,
        })
    }
}

fn user(text: &str) -> Result<UserId, Problem> {
    text.parse()
        .map_err(|error: domain::IdError| Problem::new("INVALID_VALUE", error.to_string()))
}

fn delta(points: i64) -> Result<i64, Problem> {
    if points != 0 && points.unsigned_abs() <= DELTA_MAX_POINTS {
        Ok(points)
    } else {
        let message = format!("-{DELTA_MAX_POINTS} to {DELTA_MAX_POINTS}, not zero");
        Err(Problem::new("OUT_OF_RANGE", message))
    }
}

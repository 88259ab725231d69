//! `POST /coupon-pools` (CO-01).

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Datelike as _, Utc};
use domain::CouponPoolId;
use domain::coupon_pool::{CouponPool, CreateCouponPool, DiscountRule};
use platform::{ApiError, JsonWithBytes, Operator};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::CommandApi;
use crate::call::Call;
use crate::input::{self, Length, MoneyBody, Problem, Problems};
use crate::openapi::{PlainHeaders, WITH_BODY, errors};
use crate::respond::Reply;

/// Where a pool can be read.
const COLLECTION: &str = "/api/v1/coupon-pools/";
/// How long a pool's name may be; the domain's own limit.
const NAME: Length = Length { min: 1, max: 100 };
/// The years of a validity: RFC 3339 writes four digits.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// A pool of coupons.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewCouponPool)]
pub(super) struct Body {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// How many coupons there are.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: i64,
    discount: DiscountBody,
    /// From when they are issued and used.
    valid_from: DateTime<Utc>,
    /// Until when; after `validFrom`.
    valid_until: DateTime<Utc>,
}

/// What each coupon takes off: `{type: FIXED, amount}` or `{type: PERCENT, percent, maxAmount?}`.
// Not a tagged enum: its errors would not name the field that is wrong.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DiscountInput)]
struct DiscountBody {
    /// `FIXED` or `PERCENT`.
    #[serde(rename = "type")]
    #[schema(example = "PERCENT")]
    kind: String,
    /// Of `FIXED`: so much money, above zero.
    amount: Option<MoneyBody>,
    /// Of `PERCENT`: so many percent.
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<i64>,
    /// Of `PERCENT`: but never more than this, above zero.
    max_amount: Option<MoneyBody>,
}

/// A pool that was created.
#[derive(ToSchema)]
#[schema(as = CouponPoolCreated)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct Created {
    /// The pool.
    id: Uuid,
}

errors!(Errors, WITH_BODY, [409: ["COUPON_POOL_ALREADY_EXISTS"]]);

/// Creates a pool of coupons, to be claimed first come, first served.
#[utoipa::path(
    tag = "coupons",
    params(PlainHeaders),
    request_body = Body,
    responses((status = 201, description = "Created.", body = platform::Data<Created>), Errors),
    security(("bearer" = []))
)]
#[post("/coupon-pools")]
pub(super) async fn create_coupon_pool(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let pool_id = CouponPoolId::new(Uuid::now_v7());
    let operation = body.value.into_operation(pool_id)?;
    api.execute(
        &operator,
        &call,
        &body.bytes,
        operation,
        Reply::created(COLLECTION),
    )
    .await
}

impl Body {
    fn into_operation(self, pool_id: CouponPoolId) -> Result<CreateCouponPool, ApiError> {
        let mut problems = Problems::default();
        let name = problems.take("name", input::text(self.name, NAME));
        let quantity = problems.take("quantity", pool_quantity(self.quantity));
        let discount = self.discount.into_rule(&mut problems);
        let valid_from = problems.take("validFrom", moment(self.valid_from));
        let valid_until = problems.take("validUntil", moment(self.valid_until));
        if self.valid_until <= self.valid_from {
            let problem = Problem::new("OUT_OF_RANGE", "after validFrom");
            problems.take::<()>("validUntil", Err(problem));
        }
        let (Some(name), Some(quantity), Some(discount), Some(valid_from), Some(valid_until), true) = (
            name,
            quantity,
            discount,
            valid_from,
            valid_until,
            problems.is_empty(),
        ) else {
            return Err(problems.into_error());
        };
        Ok(CreateCouponPool {
            pool_id,
            name,
            quantity,
            discount,
            valid_from,
            valid_until,
        })
    }
}

impl DiscountBody {
    fn into_rule(self, problems: &mut Problems) -> Option<DiscountRule> {
        match self.kind.as_str() {
            "FIXED" => {
                absent(problems, "discount.percent", self.percent.is_some());
                absent(problems, "discount.maxAmount", self.max_amount.is_some());
                let amount = problems.take("discount.amount", given(self.amount))?;
                let amount = problems.price("discount.amount", &amount)?;
                Some(DiscountRule::Fixed { amount })
            }
            "PERCENT" => {
                absent(problems, "discount.amount", self.amount.is_some());
                let percent = given(self.percent).and_then(percentage);
                let percent = problems.take("discount.percent", percent);
                let max_amount = self.max_amount;
                let max_amount =
                    max_amount.and_then(|max| problems.price("discount.maxAmount", &max));
                Some(DiscountRule::Percent {
                    percent: percent?,
                    max_amount,
                })
            }
            _ => problems.take(
                "discount.type",
                Err(Problem::new("INVALID_VALUE", "FIXED or PERCENT")),
            ),
        }
    }
}

fn given<T>(value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::new("MISSING_FIELD", "this type of discount needs it"))
}

fn absent(problems: &mut Problems, field: &str, is_given: bool) {
    if is_given {
        let problem = Problem::new("UNKNOWN_FIELD", "this type of discount has none");
        problems.take::<()>(field, Err(problem));
    }
}

fn percentage(percent: i64) -> Result<u8, Problem> {
    let percent = u8::try_from(percent)
        .ok()
        .filter(|percent| (1..=100).contains(percent));
    percent.ok_or_else(|| Problem::new("OUT_OF_RANGE", "a whole number from 1 to 100"))
}

fn pool_quantity(coupons: i64) -> Result<u32, Problem> {
    let max = CouponPool::QUANTITY_MAX;
    let coupons = u32::try_from(coupons)
        .ok()
        .filter(|coupons| (1..=max).contains(coupons));
    coupons.ok_or_else(|| Problem::new("OUT_OF_RANGE", format!("a whole number from 1 to {max}")))
}

fn moment(at: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    if YEARS.contains(&at.year()) {
        Ok(at)
    } else {
        Err(Problem::new("OUT_OF_RANGE", "from 1970 to 9999"))
    }
}

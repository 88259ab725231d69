//! Coupons: `GET /coupons`, the caller's own, and `GET /coupon-pools/{id}`, which any caller may see.

mod coupons;
mod pool;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::money::Money;

#[cfg(test)]
pub(crate) use coupons::coupons;

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(coupons::list_coupons)
        .service(pool::get_coupon_pool);
}

/// What a coupon takes off, in the form in which a pool is created.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "UPPERCASE",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Discount {
    /// A fixed amount.
    Fixed {
        /// How much.
        amount: Money,
    },
    /// A share of the order.
    Percent {
        /// 1 to 100.
        percent: i32,
        /// But never more than this.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_amount: Option<Money>,
    },
}

/// A pool's discount as the read model keeps it.
#[derive(sqlx::FromRow)]
pub(crate) struct DiscountRow {
    discount_percent: Option<i32>,
    discount_amount: Option<i64>,
    discount_max_amount: Option<i64>,
    discount_currency: Option<String>,
}

impl From<DiscountRow> for Discount {
    fn from(row: DiscountRow) -> Self {
        let currency = row.discount_currency.unwrap_or_default();
        match row.discount_percent {
            Some(percent) => Self::Percent {
                percent,
                max_amount: row
                    .discount_max_amount
                    .map(|most| Money::new(most, &currency)),
            },
            None => Self::Fixed {
                amount: Money::new(row.discount_amount.unwrap_or_default(), &currency),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_written_as_it_is_created() {
        let row = |percent, amount, most, currency: Option<&str>| DiscountRow {
            discount_percent: percent,
            discount_amount: amount,
            discount_max_amount: most,
            discount_currency: currency.map(str::to_owned),
        };
        for (row, json) in [
            (
                row(None, Some(700), None, Some("KRW")),
                r#"{"type":"FIXED","amount":{"amount":700,"currency":"KRW"}}"#,
            ),
            (
                row(Some(15), None, None, None),
                r#"{"type":"PERCENT","percent":15}"#,
            ),
            (
                row(Some(15), None, Some(5_000), Some("USD")),
                r#"{"type":"PERCENT","percent":15,"maxAmount":{"amount":5000,"currency":"USD"}}"#,
            ),
        ] {
            let written = serde_json::to_string(&Discount::from(row)).expect("it is JSON");
            assert_eq!(written, json);
        }
    }
}

//! The reconciliation, for people.

use std::collections::BTreeSet;

use super::counts::Counts;

/// The three sides, row by row.
pub(super) struct Table {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    data: String,
    read_api: String,
    kafka: Option<String>,
}

impl Row {
    fn is_equal(&self) -> bool {
        self.data == self.read_api && self.kafka.as_ref().is_none_or(|kafka| *kafka == self.data)
    }
}

impl Table {
    pub(super) fn new(data: &Counts, read_api: &Counts, kafka: Option<&Counts>) -> Self {
        let mut rows = Vec::new();
        let mut row = |what: &str, value: &dyn Fn(&Counts) -> String| {
            rows.push(Row {
                what: what.to_owned(),
                data: value(data),
                read_api: value(read_api),
                kafka: kafka.map(value),
            });
        };
        row("orders", &|c| c.orders.to_string());
        row("order lines", &|c| c.lines.to_string());
        row("units", &|c| c.units.to_string());
        row("revenue, USD", &|c| dollars(c.revenue));
        row("coupon discounts, USD", &|c| dollars(c.discounts));
        row("paid, USD", &|c| dollars(c.paid));
        row("coupons issued", &|c| c.coupons_issued.to_string());
        row("coupons redeemed", &|c| c.coupons_redeemed.to_string());
        row("stock left", &|c| c.stock_left.to_string());
        row("stock still reserved", &|c| c.reserved_left.to_string());
        row("unexplained or doubled", &|c| c.unexplained.to_string());
        let sides = [Some(data), Some(read_api), kafka];
        let days: BTreeSet<&String> = sides
            .iter()
            .flatten()
            .flat_map(|counts| counts.revenue_by_day.keys())
            .collect();
        for day in days {
            row(&format!("revenue of {day}"), &|c| {
                dollars(c.revenue_by_day.get(day).copied().unwrap_or_default())
            });
        }
        Self { rows }
    }

    pub(super) fn is_equal(&self) -> bool {
        self.rows.iter().all(Row::is_equal)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let head = [line("", "data", "read API", "Kafka", "")];
        let rows = self.rows.iter().map(|row| {
            let kafka = row.kafka.as_deref().unwrap_or("-");
            let verdict = if row.is_equal() { "equal" } else { "DIFFERS" };
            line(&row.what, &row.data, &row.read_api, kafka, verdict)
        });
        let verdict = if self.is_equal() {
            "everything reconciles"
        } else {
            "it does NOT reconcile"
        };
        head.into_iter().chain(rows).chain([verdict.to_owned()])
    }
}

fn line(what: &str, data: &str, read_api: &str, kafka: &str, verdict: &str) -> String {
    format!("{what:<26} {data:>14} {read_api:>14} {kafka:>14}  {verdict}")
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(revenue: i64) -> Counts {
        let mut counts = Counts {
            orders: 1,
            ..Counts::default()
        };
        counts.add_order("2026-01-01", revenue, 0);
        counts
    }

    #[test]
    fn a_cent_that_is_missing_on_any_side_shows() {
        let (right, wrong) = (counts(1_234), counts(1_233));
        assert!(Table::new(&right, &right, Some(&right)).is_equal());
        assert!(Table::new(&right, &right, None).is_equal());
        assert!(!Table::new(&right, &wrong, Some(&right)).is_equal());
        assert!(!Table::new(&right, &right, Some(&wrong)).is_equal());
        let text: Vec<String> = Table::new(&right, &right, Some(&wrong)).lines().collect();
        assert!(
            text.iter()
                .any(|line| line.contains("12.33") && line.contains("DIFFERS"))
        );
    }
}

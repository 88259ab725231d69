//! Both sides counted and summed, independently of the copy's code: the source groups its rows by what they
//! say and takes the rejected ones out; the target groups what it has; and the two must agree group by group.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::mysql::MySqlConnection;

use crate::copy::{Subject, method_status, method_type, payment_status, payment_type};
use crate::error::LegacyMigrationError;
use crate::error::LegacyMigrationError::Target as Failed;
use crate::migration::{Progress, Settings, Teller};
use crate::source::{number, parsed, texts};
use crate::target::Target;

/// Rejected ids that one question to the source names.
const IDS_A_QUESTION: usize = 1_000;
/// Differences that are told; the rest are as many again.
const MISMATCHES_SHOWN: usize = 20;
/// Legacy amounts have four digits after the point.
const LEGACY_SCALE: usize = 4;

/// What was compared.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compared {
    /// Which rows.
    subject: &'static str,
    /// Groups of rows that agree, in number and sum.
    groups: usize,
    rows: i64,
    /// The sum over all currencies, in ten-thousandths; only to be looked at.
    sum: String,
}

/// A group's rows and the sum of their amounts, in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Total {
    rows: i64,
    sum: i128,
}

/// Groups by what they have in common.
type Groups = BTreeMap<Vec<String>, Total>;

/// A comparison: how each side groups.
struct Comparison {
    subject: Subject,
    /// Columns, then the number of rows, then the sum; `{and}` may name ids.
    source: &'static str,
    /// The column that rejected ids are of.
    key: &'static str,
    /// Whose rejects are taken out.
    rejects: &'static str,
    /// The same columns of the target; `{offset}` is the shop's clock.
    target: &'static str,
    /// The source's words in the target's.
    translate: fn(&[String]) -> Option<Vec<String>>,
    /// Whether the target's question is for the schema `main`.
    in_main: bool,
}

const COMPARISONS: [Comparison; 4] = [
    Comparison {
        subject: Subject::Payment,
        source: "SELECT payment_type, status, COALESCE(currency, 'KRW'), LEFT(requested_at, 10), COUNT(*), SUM(amount)
                   FROM tb_payments WHERE 1 = 1 {and} GROUP BY 1, 2, 3, 4",
        key: "payment_id",
        rejects: "PAYMENT",
        target: "SELECT ARRAY[t.transaction_type, t.status, t.currency,
                              to_char(t.requested_at AT TIME ZONE $1::interval, 'YYYY-MM-DD')],
                        count(*), sum(t.amount)::text
                   FROM payment.transactions t
                   JOIN payment.legacy_ids i ON i.id = t.id AND i.subject = 'PAYMENT' GROUP BY 1",
        translate: |words| match words {
            [kind, status, currency, day] => Some(vec![
                payment_type(kind)?.to_owned(),
                payment_status(status)?.to_owned(),
                currency.clone(),
                day.clone(),
            ]),
            _ => None,
        },
        in_main: false,
    },
    Comparison {
        subject: Subject::Method,
        source: "SELECT method_type, status, LEFT(created_at, 10), COUNT(*), 0
                   FROM tb_payment_methods WHERE 1 = 1 {and} GROUP BY 1, 2, 3",
        key: "payment_method_id",
        rejects: "METHOD",
        target: "SELECT ARRAY[m.method_type, m.status,
                              to_char(m.registered_at AT TIME ZONE $1::interval, 'YYYY-MM-DD')],
                        count(*), '0'
                   FROM payment.methods m
                   JOIN payment.legacy_ids i ON i.id = m.id AND i.subject = 'METHOD' GROUP BY 1",
        translate: |words| match words {
            [kind, status, day] => Some(vec![
                method_type(kind)?.to_owned(),
                method_status(status)?.to_owned(),
                day.clone(),
            ]),
            _ => None,
        },
        in_main: false,
    },
    Comparison {
        subject: Subject::History,
        source: "SELECT current_status, LEFT(changed_at, 10), COUNT(*), 0
                   FROM tb_payment_history WHERE 1 = 1 {and} GROUP BY 1, 2",
        key: "history_id",
        rejects: "HISTORY",
        target: "SELECT ARRAY[h.current_status,
                              to_char(h.changed_at AT TIME ZONE $1::interval, 'YYYY-MM-DD')],
                        count(*), '0'
                   FROM payment.transaction_history h
                   JOIN payment.legacy_ids i ON i.id = h.id AND i.subject = 'HISTORY' GROUP BY 1",
        translate: |words| match words {
            [status, day] => Some(vec![payment_status(status)?.to_owned(), day.clone()]),
            _ => None,
        },
        in_main: false,
    },
    // A link that both name is one: it is counted where the payment names the order, and where only the order
    // names the payment.
    Comparison {
        subject: Subject::Order,
        source: "SELECT p.status, COUNT(*), SUM(p.amount) FROM (
                     SELECT p.payment_id, p.status, p.amount FROM tb_payments p
                       JOIN orders o ON o.order_id = p.order_id WHERE 1 = 1 {and}
                      UNION ALL
                     SELECT p.payment_id, p.status, p.amount FROM orders o
                       JOIN tb_payments p ON p.payment_id = o.payment_id
                      WHERE NOT (p.order_id <=> o.order_id) {and}
                 ) p GROUP BY 1",
        key: "p.payment_id",
        rejects: "PAYMENT",
        target: "SELECT ARRAY[payment_status::text], count(*), NULL FROM main.legacy_order_payment_mapping
                  WHERE $1::interval IS NOT NULL GROUP BY 1",
        translate: |words| match words {
            [status] => Some(vec![payment_status(status)?.to_owned()]),
            _ => None,
        },
        in_main: true,
    },
];

/// Compares everything.
pub(crate) async fn verify(
    source: &mut MySqlConnection,
    target: &Target,
    settings: &Settings,
    tell: &mut Teller,
) -> Result<Vec<Compared>, LegacyMigrationError> {
    let mut mismatches = completeness(source, target).await?;
    let mut compared = Vec::new();
    for comparison in &COMPARISONS {
        tell(Progress::new("counting", comparison.subject.name(), 0));
        let expected = expected(source, target, comparison).await?;
        let found = found(target, settings, comparison).await?;
        let keys = expected.keys().chain(found.keys());
        let keys: std::collections::BTreeSet<&Vec<String>> = keys.collect();
        for key in &keys {
            let (wants, has) = (expected.get(*key), found.get(*key));
            if wants.copied().unwrap_or_default() != has.copied().unwrap_or_default() {
                let subject = comparison.subject.name();
                mismatches.push(format!("{subject} {key:?}: {wants:?} became {has:?}"));
            }
        }
        let sum: i128 = found.values().map(|total| total.sum).sum();
        compared.push(Compared {
            subject: comparison.subject.name(),
            groups: keys.len(),
            rows: found.values().map(|total| total.rows).sum(),
            sum: sum.to_string(),
        });
    }
    if mismatches.is_empty() {
        return Ok(compared);
    }
    mismatches.truncate(MISMATCHES_SHOWN);
    Err(LegacyMigrationError::Mismatch { mismatches })
}

/// Each row of the source is carried over or rejected: none is both, none is neither.
async fn completeness(
    source: &mut MySqlConnection,
    target: &Target,
) -> Result<Vec<String>, LegacyMigrationError> {
    let mut mismatches = Vec::new();
    for (subject, counts) in [
        (Subject::Method, "SELECT COUNT(*) FROM tb_payment_methods"),
        (Subject::Payment, "SELECT COUNT(*) FROM tb_payments"),
        (Subject::History, "SELECT COUNT(*) FROM tb_payment_history"),
        (
            Subject::Order,
            "SELECT COUNT(*) FROM orders WHERE payment_id IS NOT NULL",
        ),
    ] {
        let rows = number(source, counts).await?;
        let known: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (
                 SELECT legacy_id FROM payment.legacy_ids WHERE subject = $1
                  UNION ALL
                 SELECT legacy_id FROM payment.legacy_rejects WHERE subject = $1) AS known",
        )
        .bind(subject.name())
        .fetch_one(&target.payment)
        .await
        .map_err(Failed)?;
        if rows != known {
            let name = subject.name();
            mismatches.push(format!(
                "{name}: of {rows} rows {known} are carried over or rejected"
            ));
        }
    }
    Ok(mismatches)
}

/// What the source says, without what was rejected, in the target's words.
async fn expected(
    source: &mut MySqlConnection,
    target: &Target,
    comparison: &Comparison,
) -> Result<Groups, LegacyMigrationError> {
    let mut raw = Groups::new();
    add(source, &comparison.source.replace("{and}", ""), 1, &mut raw).await?;
    let rejected: Vec<i64> = sqlx::query_scalar(
        "SELECT legacy_id FROM payment.legacy_rejects WHERE subject = $1 ORDER BY 1",
    )
    .bind(comparison.rejects)
    .fetch_all(&target.payment)
    .await
    .map_err(Failed)?;
    for ids in rejected.chunks(IDS_A_QUESTION) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let and = format!("AND {} IN ({})", comparison.key, ids.join(","));
        add(
            source,
            &comparison.source.replace("{and}", &and),
            -1,
            &mut raw,
        )
        .await?;
    }
    let mut groups = Groups::new();
    for (words, total) in raw {
        if total == Total::default() {
            continue;
        }
        // Words that nothing is known of stay as they are: the target cannot have them, so they differ.
        let translated = (comparison.translate)(&words).unwrap_or(words);
        let group = groups.entry(translated).or_default();
        group.rows += total.rows;
        // The links have no amounts: only their payments do.
        group.sum += if comparison.in_main { 0 } else { total.sum };
    }
    Ok(groups)
}

/// Adds the groups of a question to the source, or takes them away.
async fn add(
    source: &mut MySqlConnection,
    sql: &str,
    sign: i64,
    groups: &mut Groups,
) -> Result<(), LegacyMigrationError> {
    for mut row in texts(source, sql).await? {
        let sum = row.pop().unwrap_or_default();
        let rows: i64 = parsed(&row.pop().unwrap_or_default())?;
        let group = groups.entry(row).or_default();
        group.rows += sign * rows;
        group.sum += i128::from(sign) * ten_thousandths(&sum)?;
    }
    Ok(())
}

/// What the target has.
async fn found(
    target: &Target,
    settings: &Settings,
    comparison: &Comparison,
) -> Result<Groups, LegacyMigrationError> {
    let pool = if comparison.in_main {
        &target.main
    } else {
        &target.payment
    };
    let offset = format!("{} seconds", settings.utc_offset.local_minus_utc());
    let rows: Vec<(Vec<String>, i64, Option<String>)> = sqlx::query_as(comparison.target)
        .bind(offset)
        .fetch_all(pool)
        .await
        .map_err(Failed)?;
    let mut groups = Groups::new();
    for (key, rows, sum) in rows {
        let sum = ten_thousandths(sum.as_deref().unwrap_or("0"))?;
        groups.insert(key, Total { rows, sum });
    }
    Ok(groups)
}

/// A decimal number of at most four digits after the point.
fn ten_thousandths(text: &str) -> Result<i128, LegacyMigrationError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > LEGACY_SCALE {
        return Err(LegacyMigrationError::Unreadable {
            what: format!("the sum {text}"),
        });
    }
    parsed(&format!("{whole}{fraction:0<4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_both_sides_are_read_exactly() {
        let read = |text| ten_thousandths(text).ok();
        assert_eq!(read("12900.0000"), Some(129_000_000));
        assert_eq!(read("12900.50"), Some(129_005_000));
        assert_eq!(read("-0.0001"), Some(-1));
        assert_eq!(read("0"), Some(0));
        assert_eq!(
            read("99999999999999999999.0000").map(|sum| sum > 0),
            Some(true)
        );
        assert_eq!(read("1.00001"), None);
        assert_eq!(read("x"), None);
    }

    #[test]
    fn a_word_that_is_not_known_is_in_no_group_of_the_target() {
        let words: Vec<String> = ["PAYMENT", "CANCELLED", "KRW", "2023-01-01"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!((COMPARISONS[0].translate)(&words), None);
    }
}

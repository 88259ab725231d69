//! A day of Toss's transactions: `GET /v1/transactions`, a bare list, oldest first.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use super::adapter::{CURRENCY, is_path_segment};
use super::payment::{MALFORMED, MISMATCHED, unexpected};
use crate::client::Answer;
use crate::gateway_text::is_transaction_id;
use crate::port::{
    GatewayTransaction, TransactionKind, TransactionsPage, TransactionsQuery, TransactionsReply,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    transaction_key: String,
    payment_key: String,
    order_id: String,
    status: String,
    transaction_at: DateTime<FixedOffset>,
    currency: String,
    amount: i64,
}

/// The path of a page; none when it cannot be asked for.
pub(super) fn path_of(query: &TransactionsQuery) -> Option<String> {
    let (day, limit) = (query.day, limit_of(query));
    let after = match &query.after {
        Some(after) if is_path_segment(after) => format!("&startingAfter={after}"),
        Some(_) => return None,
        None => String::new(),
    };
    Some(format!(
        "/v1/transactions?startDate={day}T00:00:00&endDate={day}T23:59:59&limit={limit}{after}"
    ))
}

pub(super) fn of_list(query: &TransactionsQuery, answer: &Answer) -> TransactionsReply {
    if answer.status != 200 {
        return TransactionsReply::unknown(unexpected(answer));
    }
    let Ok(list) = serde_json::from_slice::<Vec<Transaction>>(&answer.body) else {
        return TransactionsReply::unknown(MALFORMED);
    };
    let limit = usize::from(limit_of(query));
    if list.len() > limit {
        return TransactionsReply::unknown(MISMATCHED);
    }
    let is_full = list.len() == limit;
    let transactions: Option<Vec<_>> = list.into_iter().map(read).collect();
    let Some(transactions) = transactions else {
        // A list with one line left out would pass for a whole one.
        return TransactionsReply::unknown(MISMATCHED);
    };
    let last = transactions.last().filter(|_| is_full);
    TransactionsReply::Page(TransactionsPage {
        next: last.map(|last| last.id.clone()),
        transactions,
    })
}

fn limit_of(query: &TransactionsQuery) -> u16 {
    query.limit.clamp(1, TransactionsQuery::LIMIT_MAX)
}

fn read(transaction: Transaction) -> Option<GatewayTransaction> {
    let kind = match transaction.status.as_str() {
        "DONE" => TransactionKind::Charge,
        "CANCELED" | "PARTIAL_CANCELED" => TransactionKind::Refund,
        "WAITING_FOR_DEPOSIT" => TransactionKind::Waiting,
        _ => return None,
    };
    let is_sound = is_path_segment(&transaction.transaction_key)
        && is_transaction_id(&transaction.payment_key)
        && transaction.currency == CURRENCY;
    is_sound.then_some(())?;
    Some(GatewayTransaction {
        id: transaction.transaction_key,
        payment_transaction_id: transaction.payment_key,
        payment_id: transaction.order_id.parse().ok(),
        kind,
        // What goes back is told with a minus by some of Toss's lists.
        amount_minor: transaction.amount.checked_abs()?,
        currency: transaction.currency,
        at: transaction.transaction_at.to_utc(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn query(limit: u16, after: Option<&str>) -> TransactionsQuery {
        TransactionsQuery {
            day: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
            after: after.map(str::to_owned),
            limit,
        }
    }

    fn line(order: &str, status: &str, amount: i64) -> Value {
        json!({
            "mId": "m", "transactionKey": "tx_1", "paymentKey": "pk_1", "orderId": order, "status": status,
            "transactionAt": "2026-11-22T09:00:00+09:00", "currency": "KRW", "amount": amount,
        })
    }

    fn list(limit: u16, lines: &[Value]) -> TransactionsReply {
        let body = json!(lines).to_string().into_bytes();
        let (status, headers) = (200, Vec::new());
        let answer = Answer {
            status,
            headers,
            body,
        };
        of_list(&query(limit, None), &answer)
    }

    #[test]
    fn a_page_is_asked_for_by_day_and_by_the_last_one_seen() {
        let path = path_of(&query(5_000, Some("tx_1"))).unwrap();
        let day = "startDate=2026-11-22T00:00:00&endDate=2026-11-22T23:59:59";
        assert_eq!(
            path,
            format!("/v1/transactions?{day}&limit=100&startingAfter=tx_1")
        );
        assert_eq!(path_of(&query(1, Some("a&limit=9"))), None);
    }

    #[test]
    fn a_full_page_leads_to_the_next_and_a_refund_is_a_positive_amount() {
        let ours = Uuid::now_v7();
        let full = list(1, &[line(&ours.to_string(), "CANCELED", -900)]);
        let TransactionsReply::Page(page) = full else {
            panic!("{full:?}");
        };
        assert_eq!(page.next.as_deref(), Some("tx_1"));
        assert_eq!(page.transactions[0].payment_id, Some(ours));
        assert_eq!(page.transactions[0].kind, TransactionKind::Refund);
        assert_eq!(page.transactions[0].amount_minor, 900);
        let TransactionsReply::Page(last) = list(2, &[line("another-shops", "DONE", 900)]) else {
            panic!("no page");
        };
        assert_eq!((last.next, last.transactions[0].payment_id), (None, None));
    }

    #[test]
    fn a_list_with_a_line_that_cannot_be_read_is_no_list() {
        for bad in [
            line("o", "SOMETHING", 1),
            line("o", "DONE", i64::MIN),
            json!({ "transactionKey": "t" }),
        ] {
            assert_eq!(list(10, &[bad]).outcome(), "unknown");
        }
        let more_than_asked = [line("o", "DONE", 1), line("o", "DONE", 1)];
        assert_eq!(list(1, &more_than_asked).outcome(), "unknown");
    }
}

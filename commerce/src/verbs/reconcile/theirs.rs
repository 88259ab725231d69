//! The company's list of a day, page by page.

use std::time::Duration;

use chrono::NaiveDate;
use payment_gateways::{
    PaymentGateway, TransactionKind, TransactionsPage, TransactionsQuery, TransactionsReply,
};

use super::books::{Books, Moved, Side};

/// How often a page is asked for that did not come.
const TRIES_MAX: u32 = 5;
/// The wait before it is asked for again.
const RETRY_WAIT: Duration = Duration::from_secs(2);
/// The most pages of a day: of a hundred each, two million transactions.
const PAGES_MAX: u32 = 20_000;

/// Books all that the company lists.
///
/// # Errors
/// It has no list, or did not give it whole: in words.
pub(super) async fn read(
    gateway: &dyn PaymentGateway,
    day: NaiveDate,
    books: &mut Books,
) -> Result<(), String> {
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = page(gateway, day, after.take()).await?;
        for transaction in page.transactions {
            let amount = transaction.amount_minor;
            let moved = match transaction.kind {
                TransactionKind::Charge => Moved {
                    charged: amount,
                    refunded: 0,
                },
                TransactionKind::Refund => Moved {
                    charged: 0,
                    refunded: amount,
                },
                TransactionKind::Waiting => continue,
            };
            match transaction.payment_id {
                Some(payment_id) => books.book(Side::Theirs, payment_id, moved)?,
                None => books.book_foreign(transaction.id)?,
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
    Err("its list does not end".to_owned())
}

async fn page(
    gateway: &dyn PaymentGateway,
    day: NaiveDate,
    after: Option<String>,
) -> Result<TransactionsPage, String> {
    let query = TransactionsQuery {
        day,
        after,
        limit: TransactionsQuery::LIMIT_MAX,
    };
    let mut tries = 1;
    loop {
        let reason = match gateway.transactions(query.clone()).await {
            TransactionsReply::Page(page) => return Ok(page),
            TransactionsReply::Unsupported => {
                return Err("the company publishes no list of transactions".to_owned());
            }
            TransactionsReply::Unknown { reason } | TransactionsReply::NotAttempted { reason } => {
                reason
            }
        };
        if tries == TRIES_MAX {
            return Err(format!("the company did not give its list: {reason}"));
        }
        tries += 1;
        tokio::time::sleep(RETRY_WAIT).await;
    }
}

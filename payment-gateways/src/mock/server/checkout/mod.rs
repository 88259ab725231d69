//! The pages that the buyer's browser is sent to: plain HTML, no script, every value escaped.
//!
//! | page | its buttons lead to |
//! | --- | --- |
//! | `GET /toss/checkout?orderId&amount&orderName&successUrl&failUrl` | `successUrl?paymentKey&orderId&amount&paymentType`, or `failUrl?code&message&orderId` |
//! | `GET /toss/billing/checkout?customerKey&successUrl&failUrl` | `successUrl?customerKey&authKey`, or `failUrl?code&message` |
//! | `GET /nice/checkout?clientId&orderId&amount&goodsName&returnUrl` | a form posted to `returnUrl`: `authResultCode`, `tid`, `orderId`, `amount`, `authToken`, `signature` |
//!
//! A page of a payment that waits for a deposit has a button to pay in.

mod nice;
mod page;
mod toss;
mod toss_billing;

use std::time::Duration;

use actix_web::{HttpResponse, web};

use self::page::{Button, Page};
use super::company::Company;
use super::manner;
use super::records::{Kept, Means, NewPayment, Origin, PaymentRecord, StepError};
use super::refusal::Refusal;
use super::state::MockState;

/// The most characters of an order's name, and of a customer's key.
const TEXT_MAX_CHARS: usize = 300;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    toss::routes(config);
    toss_billing::routes(config);
    nice::routes(config);
}

/// Begins a payment that a browser was sent with, and keeps where the browser came from.
async fn begin(
    mock: &MockState,
    new: NewPayment,
    origin: Origin,
) -> Result<PaymentRecord, Refusal> {
    if new.order_name.chars().count() > TEXT_MAX_CHARS {
        let too_long = format!("the order's name: at most {TEXT_MAX_CHARS} characters");
        return Err(Refusal::Invalid(too_long));
    }
    mock.carry_out(Duration::ZERO, move |ledger, _| {
        let mut desk = ledger.desk();
        let mut payment = PaymentRecord::begin(new, desk.now());
        payment.origin = Some(origin);
        desk.keep(vec![Kept::Payment(Box::new(payment.clone()))])?;
        Ok(payment)
    })
    .await
}

async fn of_key(mock: &MockState, company: Company, key: String) -> Result<PaymentRecord, Refusal> {
    let find = mock.carry_out(Duration::ZERO, move |ledger, _| {
        let payment = ledger.desk().payment(company, &key);
        payment.ok_or(Refusal::PaymentNotFound)
    });
    find.await
}

/// The buyer shows who they are; none when it is too late for that.
async fn authenticate(
    mock: &MockState,
    company: Company,
    key: String,
    means: Means,
) -> Result<(PaymentRecord, Result<(), StepError>), Refusal> {
    let secret = mock.nice_secret_key.clone();
    let done = mock.carry_out(Duration::ZERO, move |ledger, webhooks| {
        let mut desk = ledger.desk();
        let found = desk.payment(company, &key);
        let mut payment = found.ok_or(Refusal::PaymentNotFound)?;
        match payment.authenticate(means, desk.now()) {
            Ok(step) => {
                manner::book(&mut desk, &payment, step, webhooks, &secret)?;
                Ok((payment, Ok(())))
            }
            Err(error) => Ok((payment, Err(error))),
        }
    });
    done.await
}

/// The page of a payment: what it is about, and what can be done with it now.
fn page_of(payment: &PaymentRecord, title: &str, base: &str) -> HttpResponse {
    let at = |action: &str| format!("{base}/{}/{action}", payment.key);
    let mut page = Page::new(title)
        .line("주문", &payment.order_no)
        .line("상품", &payment.order_name)
        .line("금액", &format!("{}원", payment.amount));
    if let Some(account) = &payment.account_number {
        page = page.line("가상계좌", account);
    }
    for (action, label) in [
        ("pay", "카드로 결제"),
        ("account", "가상계좌 발급"),
        ("cancel", "취소"),
        ("deposit", "입금"),
    ] {
        let action = at(action);
        page = page.button(&Button {
            action: &action,
            fields: &[],
            label,
        });
    }
    page.answer()
}

/// Pays into the account of a payment, from its page.
async fn deposit(
    mock: &MockState,
    company: Company,
    key: String,
    title: &str,
    base: &str,
) -> Result<HttpResponse, Refusal> {
    let payment = of_key(mock, company, key).await?;
    let payment = manner::deposit(mock, company, payment.order_no, false).await?;
    Ok(page_of(&payment, title, base))
}

/// Where the browser of a payment goes back to.
fn origin_of(payment: &PaymentRecord) -> Result<&Origin, Refusal> {
    let origin = payment.origin.as_ref();
    origin.ok_or_else(|| bad("the payment did not begin with a page"))
}

fn bad(what: &str) -> Refusal {
    Refusal::Invalid(what.to_owned())
}

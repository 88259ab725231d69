//! How calls of Toss and NICE are answered: as told, and with what happened told to the merchant.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};

use super::behaviour::Behaviour;
use super::company::Company;
use super::connection::never_answer;
use super::ledger::Desk;
use super::records::{PaymentRecord, Stage, Step, StepError};
use super::refusal::Refusal;
use super::state::MockState;
use super::webhooks::Webhooks;
use super::{nice, toss};

/// Gives the answer as told: at once, late, never, or an error in its place.
pub(super) async fn give(
    request: &HttpRequest,
    mock: &MockState,
    behaviour: Option<Behaviour>,
    answer: HttpResponse,
    error: impl FnOnce() -> HttpResponse,
) -> HttpResponse {
    match behaviour {
        Some(Behaviour::Timeout | Behaviour::ChargeThenTimeout) => {
            match never_answer(request, mock.hold, &mock.shutdown).await {
                Ok(answer) => answer,
                // Its connection is cut: this reaches nobody.
                Err(_) => error(),
            }
        }
        Some(Behaviour::Error) => error(),
        Some(Behaviour::Slow) => {
            wait(mock.slow, mock).await;
            answer
        }
        Some(Behaviour::Approve | Behaviour::Decline | Behaviour::WrongAmount) | None => answer,
    }
}

/// Whether a call that behaves so does anything at all.
pub(super) fn does_something(behaviour: Option<Behaviour>) -> bool {
    match behaviour {
        Some(Behaviour::Timeout | Behaviour::Error) => false,
        Some(
            Behaviour::Approve
            | Behaviour::Decline
            | Behaviour::ChargeThenTimeout
            | Behaviour::Slow
            | Behaviour::WrongAmount,
        )
        | None => true,
    }
}

/// Pays into an order's account, or takes the deposit back.
pub(super) async fn deposit(
    mock: &MockState,
    company: Company,
    order_no: String,
    is_taken_back: bool,
) -> Result<PaymentRecord, Refusal> {
    let secret = mock.nice_secret_key.clone();
    mock.carry_out(Duration::ZERO, move |ledger, webhooks| {
        let mut desk = ledger.desk();
        let now = desk.now();
        let found = desk.payment_of_order(company, &order_no);
        let mut payment = found.ok_or(Refusal::PaymentNotFound)?;
        let step = if is_taken_back {
            payment.take_back(now)
        } else {
            payment.deposit(now)
        };
        let step = step.map_err(|error| Refusal::Invalid(no_deposit(error).to_owned()))?;
        book(&mut desk, &payment, step, webhooks, &secret)?;
        Ok(payment)
    })
    .await
}

/// Ends the sessions whose window has passed, and tells their merchants: asked for when the clock is moved. One
/// that runs out by itself is seen to be over by whoever looks at it.
pub(super) async fn expire(mock: &MockState) -> Result<(), Refusal> {
    let secret = mock.nice_secret_key.clone();
    mock.carry_out(Duration::ZERO, move |ledger, webhooks| {
        let mut desk = ledger.desk();
        let now = desk.now();
        for company in [Company::Toss, Company::Nice] {
            for mut payment in desk.payments(company) {
                if payment.stage != Stage::Expired && payment.stage_at(now) == Stage::Expired {
                    payment.expire(now);
                    book(&mut desk, &payment, Step::NoMoney, webhooks, &secret)?;
                }
            }
        }
        Ok(())
    })
    .await
}

/// Books a step, and tells the merchant.
pub(super) fn book(
    desk: &mut Desk<'_>,
    payment: &PaymentRecord,
    step: Step,
    webhooks: &Webhooks,
    nice_secret_key: &str,
) -> Result<(), Refusal> {
    desk.book(payment, step, None, None)?;
    tell(payment, step, webhooks, nice_secret_key);
    Ok(())
}

/// Tells the merchant what a step came to.
pub(super) fn tell(
    payment: &PaymentRecord,
    step: Step,
    webhooks: &Webhooks,
    nice_secret_key: &str,
) {
    let order_no = payment.order_no.as_str();
    tracing::info!(
        payment.id = order_no, payment.amount_minor = payment.amount, company = ?payment.company,
        "mock gateway: payment {order_no} is {:?}", payment.stage
    );
    match payment.company {
        Company::Mock => {}
        Company::Toss => toss::announce(payment, step, webhooks),
        Company::Nice => nice::announce(payment, webhooks, nice_secret_key),
    }
}

async fn wait(slow: Duration, mock: &MockState) {
    tokio::select! {
        () = tokio::time::sleep(slow) => {}
        () = mock.shutdown.cancelled() => {}
    }
}

fn no_deposit(error: StepError) -> &'static str {
    match error {
        StepError::Expired => "the account's time is over",
        StepError::NotWaiting => "the payment does not wait for a deposit",
        StepError::NotPaid => "there is no deposit to take back",
        StepError::AlreadyConfirmed
        | StepError::NotAuthenticated
        | StepError::AmountDiffers
        | StepError::AlreadyCancelled
        | StepError::MoreThanLeft
        | StepError::PartOfWaiting
        | StepError::NoAccount
        | StepError::TooManyCancels => "the payment is not at this step",
    }
}

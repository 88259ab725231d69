//! `POST /payments/{id}/refunds/{refundId}/account`: where a refund of a deposit goes. The account is kept sealed and
//! in no event, and the refund is tried at once.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::payment::{NoteRefundAccount, Payment};
use domain::{PaymentId, RefundId, UserId};
use event_store::{EventStore, Outcome};
use failpoints::failpoint;
use platform::{ApiError, JsonWithBytes, Principal, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund::{payment_in_path, refund_in_path};
use crate::api::CommandApi;
use crate::call::{KeyedCall, user_of};
use crate::execute::{Ticket, detached, unexecuted, unread};
use crate::input::{self, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::respond::{Reply, respond};

/// Digits of a bank's code: Toss has two or three, NICE three.
const BANK_DIGITS: std::ops::RangeInclusive<usize> = 2..=3;
/// Digits of an account's number: Korean banks give 10 to 14, and a card's number has more.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 6..=14;
/// Characters of its holder's name.
const HOLDER_CHARS: std::ops::RangeInclusive<usize> = 1..=60;

/// Keeps accounts that refunds go to.
#[async_trait]
pub trait RefundAccounts: Send + Sync {
    /// What tells one from another to whoever has the safe's keys, and tells nobody else anything.
    fn fingerprint(&self, refund_id: Uuid, account: &RefundAccount) -> String;

    /// Keeps one, in the place of one that was told before; one that was told since stays.
    ///
    /// # Errors
    /// It is not known to be kept.
    async fn keep(
        &self,
        refund_id: Uuid,
        account: RefundAccount,
        told_at: DateTime<Utc>,
    ) -> Result<(), ApiError>;

    /// Wipes one.
    ///
    /// # Errors
    /// It is not known to be wiped.
    async fn wipe(&self, refund_id: Uuid) -> Result<(), ApiError>;
}

/// A buyer's bank account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundAccount)]
pub struct RefundAccount {
    /// The bank, by the payment company's code for it: 2 or 3 digits.
    #[schema(pattern = "^[0-9]{2,3}$")]
    pub bank: String,
    /// Its number: 6 to 14 digits, hyphens between them or not.
    pub number: String,
    /// In whose name it is.
    #[schema(min_length = 1, max_length = 60)]
    pub holder: String,
}

/// A refund whose account is known.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefundAccountNoted)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct NotedBody {
    /// The refund.
    id: Uuid,
    /// Of this payment.
    payment_id: Uuid,
    /// PENDING: it is tried in a moment, and then on the schedule.
    status: String,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [
        404: ["PAYMENT_NOT_FOUND", "REFUND_NOT_FOUND"],
        409: ["REFUND_ACCOUNTS_OFF", "REFUND_NEEDS_NO_ACCOUNT"],
    ]
);

/// Tells where a refund goes that cannot go back where the money came from: what was paid into an account. Until
/// then it waits, PENDING with the reason `REFUND_ACCOUNT_NEEDED`. Told again, it takes the place of the one before.
/// Buyers tell it of their own payments, operators of any.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = Uuid, Path, description = "The payment."),
        ("refundId" = Uuid, Path, description = "The refund."),
        KeyedHeaders
    ),
    request_body = RefundAccount,
    responses((status = 202, description = "It is tried.", body = platform::Data<NotedBody>), Errors),
    security(("bearer" = []))
)]
#[post("/payments/{id}/refunds/{refundId}/account")]
pub(super) async fn give_refund_account(
    api: Data<CommandApi>,
    caller: Principal,
    call: KeyedCall,
    ids: Path<(String, String)>,
    body: JsonWithBytes<RefundAccount>,
) -> Result<HttpResponse, ApiError> {
    let (payment_id, refund_id) = ids.into_inner();
    let payment_id = payment_in_path(&payment_id)?;
    let refund_id = refund_in_path(&refund_id)?;
    let user_id = asker(&caller)?;
    let account = body.value.checked()?;
    let accounts = api.gateways().refund_accounts();
    let accounts = accounts.ok_or_else(|| ApiError::conflict("REFUND_ACCOUNTS_OFF"))?;
    // A request's fingerprint is stored, and few digits are soon guessed: only who has the safe's keys can make this.
    let fingerprint = accounts.fingerprint(refund_id.uuid(), &account);
    let note = NoteRefundAccount {
        payment_id,
        refund_id,
        user_id,
        now: call.0.now,
    };
    let ticket = api.take(&caller, &call.0, fingerprint.as_bytes())?;
    let store = api.store().clone();
    let outcome = detached(take_in(store, ticket, note, (accounts, account))).await?;
    Ok(respond(outcome, &Reply::accepted()))
}

/// The command decides; what it took is kept. A crash between the two leaves a refund that still waits for its
/// account, and the same request again keeps it.
async fn take_in(
    store: EventStore,
    ticket: Ticket,
    note: NoteRefundAccount,
    (accounts, account): (Arc<dyn RefundAccounts>, RefundAccount),
) -> Result<Outcome, ApiError> {
    let (payment_id, refund_id) = (note.payment_id, note.refund_id);
    let command = ticket.command(note, Reply::accepted().status());
    let outcome = store.execute(command).await.map_err(unexecuted)?;
    if outcome.status >= 400 {
        return Ok(outcome);
    }
    failpoint!("command-api.refund-account.taken");
    // A repeat must not take the place of what was told since, and one whose first try died before it was kept must.
    let told_at = outcome.recorded_at;
    if is_wanted(&store, payment_id, refund_id).await? {
        accounts.keep(refund_id.uuid(), account, told_at).await?;
    }
    // A repeat after the money is back keeps nothing. What came too late for it goes again, also what the first try
    // left behind when it died here.
    if !is_wanted(&store, payment_id, refund_id).await? {
        accounts.wipe(refund_id.uuid()).await?;
    }
    Ok(outcome)
}

async fn is_wanted(
    store: &EventStore,
    payment_id: PaymentId,
    refund_id: RefundId,
) -> Result<bool, ApiError> {
    let loaded = store.load::<Payment>(payment_id).await;
    let (state, _) = loaded.map_err(|error| unread(&error))?;
    let payment = state.requested();
    Ok(payment.is_ok_and(|payment| payment.check_account_wanted(refund_id).is_ok()))
}

/// Whose payment it must be; nobody's in particular for an operator.
fn asker(caller: &Principal) -> Result<Option<UserId>, ApiError> {
    if caller.has(Role::Operator) {
        return Ok(None);
    }
    caller.require(Role::Customer)?;
    user_of(caller).map(Some)
}

impl RefundAccount {
    fn checked(self) -> Result<Self, ApiError> {
        let mut problems = Problems::default();
        let bank = digits(&self.bank, BANK_DIGITS, "2 or 3 digits");
        let bank = problems.take("bank", bank);
        let number = self.number.replace('-', "");
        let number = digits(&number, NUMBER_DIGITS, "6 to 14 digits");
        let number = problems.take("number", number);
        let holder = self.holder.trim().to_owned();
        let is_name =
            HOLDER_CHARS.contains(&holder.chars().count()) && !holder.chars().any(char::is_control);
        let holder = if is_name {
            input::no_card_number(&holder).map(|()| holder)
        } else {
            Err(Problem::new("OUT_OF_RANGE", "1 to 60 characters"))
        };
        let holder = problems.take("holder", holder);
        match (bank, number, holder) {
            (Some(bank), Some(number), Some(holder)) => Ok(Self {
                bank,
                number,
                holder,
            }),
            (_, _, _) => Err(problems.into_error()),
        }
    }
}

fn digits(
    text: &str,
    many: std::ops::RangeInclusive<usize>,
    what: &'static str,
) -> Result<String, Problem> {
    let are_digits = many.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits {
        Ok(text.to_owned())
    } else {
        Err(Problem::new("INVALID_VALUE", what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(bank: &str, number: &str, holder: &str) -> RefundAccount {
        RefundAccount {
            bank: bank.to_owned(),
            number: number.to_owned(),
            holder: holder.to_owned(),
        }
    }

    #[test]
    fn an_account_is_digits_and_a_name() {
        let checked = account("20", "1002-123-456789", " 김구매 ").checked();
        let checked = checked.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(
            (checked.number.as_str(), checked.holder.as_str()),
            ("1002123456789", "김구매")
        );
        for wrong in [
            account("2", "1002123456789", "a"),
            account("2o", "1002123456789", "a"),
            account("20", "10021", "a"),
            account("20", "4111111111111111", "a"),
            account("20", "1002123456789", "4111 1111 1111 1111"),
            account("20", "1002123456789", "  "),
            account("20", "1002123456789", "a\u{7}b"),
        ] {
            assert!(wrong.checked().is_err());
        }
    }
}

//! Actions on the keys of saved payment methods: a gateway issues or erases one, and the safe keeps or wipes it.
//!
//! What is issued is kept before the method is registered, so that a registered method always has its key. A crash
//! between the two leaves a key in the safe, and the repeat registers it without asking the gateway again. A crash
//! between the gateway and the safe asks the gateway again under the same id, the method's, by which it recognises
//! the repeat. A gateway that does not answer is asked a few times; then the registration has failed. Should it
//! have issued a key all the same, nobody knows that key: it charges nothing.

use std::sync::Arc;

use domain::checkout::GatewayAnswer;
use domain::payment_method::{
    ErasureAnswer, MethodKind, MethodStage, PaymentMethods, RegistrationAnswer, SettleErasure,
    SettleRegistration,
};
use domain::{GatewayRequest, PaymentMethodId, UserId};
use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, DeleteBillingKeyRequest, DeletionReply,
    IssueBillingKeyRequest, IssuedBillingKey, PaymentGateway,
};
use payment_vault::{BillingKey, Keeping, KeptMethod, KeySafe, NewMethod, VaultError};

use crate::execute::{Done, send};
use crate::fate::Trouble;
use crate::gateway_calls::{NO_ANSWER, UNKNOWN_GATEWAY, ask, call, load_payment};
use crate::item::Item;
use crate::office::Office;
use crate::replies::{UNSUPPORTED, not_attempted};

/// This process has nowhere to keep keys. They were configured when the method was asked for, so this is a mistake in
/// its configuration, and no answer about the method.
const NO_SAFE: &str = "this process keeps no billing keys, and there are methods saved: give it PAYMENT_METHOD_KEYS and \
                       PAYMENT_DATABASE_URL, as the others have them";
/// The method was deleted between the request for the payment and the charge.
const METHOD_DELETED: &str = "PAYMENT_METHOD_DELETED";
/// The company issued a key that another method has.
const SAVED_ALREADY: &str = "SAVED_ALREADY";
/// What the companies issue keys of today.
const KIND: MethodKind = MethodKind::Card;

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        if error.is_transient() {
            Self::Later(error.to_string())
        } else {
            Self::Defect(error.to_string())
        }
    }
}

/// Asks a gateway for a method's key and keeps it, unless that is done by now.
pub(crate) async fn register(
    office: &impl Office,
    item: &Item,
    user_id: &UserId,
    method_id: PaymentMethodId,
) -> Result<Done, Trouble> {
    let methods = office.load::<PaymentMethods>(user_id).await?;
    let Ok(method) = methods.method(method_id) else {
        return Ok(Done::NotNeeded);
    };
    let MethodStage::Pending { auth_token, .. } = &method.stage else {
        return Ok(Done::NotNeeded);
    };
    let safe = key_safe(office)?;
    let answer = match office.gateway(&method.gateway) {
        None => refused(UNKNOWN_GATEWAY),
        Some(gateway) => {
            let asked = Asked {
                user_id,
                method_id,
                company: &method.gateway,
                auth_token,
            };
            issue(office, &safe, &gateway, &asked).await?
        }
    };
    let is_kept = matches!(answer, RegistrationAnswer::Kept { .. });
    let settle = SettleRegistration {
        user_id: user_id.clone(),
        method_id,
        answer,
        now: office.now(),
        attempts: office.config().registration_schedule.to_retry_schedule(),
    };
    match send(office, item, settle).await? {
        Done::Refused if is_kept => Err(Trouble::Defect(format!(
            "the key of payment method {method_id} is kept, and a rule refused the method"
        ))),
        done => Ok(done),
    }
}

/// A method that was asked for.
struct Asked<'a> {
    user_id: &'a UserId,
    method_id: PaymentMethodId,
    company: &'a str,
    auth_token: &'a str,
}

async fn issue(
    office: &impl Office,
    safe: &Arc<dyn KeySafe>,
    gateway: &Arc<dyn PaymentGateway>,
    asked: &Asked<'_>,
) -> Result<RegistrationAnswer, Trouble> {
    let method_id = asked.method_id.uuid();
    // Kept by a try that a crash interrupted.
    if let Some(kept) = safe.open(method_id, asked.company).await? {
        return Ok(of_kept(kept));
    }
    let customer_key = safe.customer_key(asked.user_id.as_str());
    let request = IssueBillingKeyRequest {
        auth_key: asked.auth_token.to_owned(),
        customer_key: customer_key.clone(),
        request_id: method_id,
    };
    let issued = match call(office, gateway.issue_billing_key(request)).await? {
        Some(BillingKeyReply::Issued(issued)) => issued,
        Some(BillingKeyReply::Refused { code, message }) => {
            return Ok(RegistrationAnswer::Refused { code, message });
        }
        Some(BillingKeyReply::Unknown { reason }) => {
            return Ok(RegistrationAnswer::NotDone { reason });
        }
        Some(BillingKeyReply::NotAttempted { reason }) => return Err(not_attempted(&reason)),
        Some(BillingKeyReply::Unsupported) => return Ok(refused(UNSUPPORTED)),
        None => {
            let reason = NO_ANSWER.to_owned();
            return Ok(RegistrationAnswer::NotDone { reason });
        }
    };
    let IssuedBillingKey {
        billing_key,
        card_company,
        card_last4,
    } = issued;
    let new = NewMethod {
        method_id,
        user_id: asked.user_id.to_string(),
        company: asked.company.to_owned(),
        billing_key: BillingKey::new(billing_key),
        customer_key: BillingKey::new(customer_key),
        kind: KIND.as_str(),
        card_company: card_company.clone(),
        card_last4: card_last4.clone(),
        now: office.now(),
    };
    Ok(match safe.keep(&new).await? {
        Keeping::Kept => RegistrationAnswer::Kept {
            kind: KIND,
            card_company,
            card_last4,
        },
        Keeping::Elsewhere => refused(SAVED_ALREADY),
    })
}

/// Charges a saved method, unless it was deleted meanwhile: the key is opened at this moment, and not before. Only the
/// log says that it was deleted: a key that this process cannot find or open is the shop's trouble, which declines
/// nothing. The charge waits in its row; once its order waits no longer, the company is asked instead.
pub(crate) async fn charge(
    office: &impl Office,
    gateway: &Arc<dyn PaymentGateway>,
    item: &Item,
    (request, method_id): (&GatewayRequest, PaymentMethodId),
) -> Result<GatewayAnswer, Trouble> {
    let payment_id = request.payment_id;
    let payment = load_payment(office, payment_id).await?;
    let methods = office.load::<PaymentMethods>(&payment.user_id).await?;
    if methods.active(method_id).is_err() {
        if item.is_first_try() {
            return Ok(GatewayAnswer::Declined {
                code: METHOD_DELETED.to_owned(),
                message: "the payment method was deleted".to_owned(),
            });
        }
        // Whether it was charged before a crash, only the gateway knows.
        return ask(office, gateway.inquire(payment_id.uuid())).await;
    }
    let safe = key_safe(office)?;
    let kept = safe.open(method_id.uuid(), &request.gateway).await?;
    let kept = kept.filter(|kept| kept.is_active).ok_or_else(|| {
        Trouble::Later(format!(
            "payment method {method_id} can be charged, and its key is not in payment.method_keys: is \
             PAYMENT_DATABASE_URL the database that it was saved in?"
        ))
    })?;
    let charge = ChargeBillingKeyRequest {
        billing_key: kept.billing_key.reveal().to_owned(),
        customer_key: kept.customer_key.reveal().to_owned(),
        payment_id: payment_id.uuid(),
        amount_minor: request.amount.amount(),
        currency: request.amount.currency().code().to_owned(),
        order_name: format!("Order {}", request.order_id),
    };
    ask(office, gateway.charge_billing_key(charge)).await
}

/// Asks a gateway to forget a method's key, and wipes it, unless that is done by now.
pub(crate) async fn erase(
    office: &impl Office,
    item: &Item,
    user_id: &UserId,
    method_id: PaymentMethodId,
) -> Result<Done, Trouble> {
    let methods = office.load::<PaymentMethods>(user_id).await?;
    let Ok(method) = methods.method(method_id) else {
        return Ok(Done::NotNeeded);
    };
    let made = match method.stage {
        MethodStage::Deleted { attempts } => attempts.saturating_add(1),
        MethodStage::Pending { .. } | MethodStage::Active { .. } => return Ok(Done::NotNeeded),
    };
    let safe = key_safe(office)?;
    let settle = SettleErasure {
        user_id: user_id.clone(),
        method_id,
        answer: forget(office, &safe, method_id, &method.gateway).await?,
        now: office.now(),
        attempts: office.config().refund_schedule.to_retry_schedule(),
    };
    if let ErasureAnswer::NotDone { reason } = &settle.answer
        && settle.attempts.next(made, settle.now).is_none()
    {
        report_overdue(method_id, &method.gateway, made, reason);
    }
    send(office, item, settle).await
}

/// Its schedule is over: it is tried daily from now on, and a person should ask the company why.
fn report_overdue(method_id: PaymentMethodId, company: &str, attempts: u32, reason: &str) {
    metrics::counter!("processes_erasures_overdue_total", "gateway" => company.to_owned())
        .increment(1);
    tracing::error!(
        payment_method.id = %method_id, gateway.name = company, attempts, reason,
        "the key of payment method {method_id} is not erased at {company} after {attempts} attempts: {reason}"
    );
}

async fn forget(
    office: &impl Office,
    safe: &Arc<dyn KeySafe>,
    method_id: PaymentMethodId,
    company: &str,
) -> Result<ErasureAnswer, Trouble> {
    let id = method_id.uuid();
    // Before the call: from now on nothing is charged by it, whatever the company answers.
    if !safe.retire(id, office.now()).await? {
        return Err(Trouble::Later(format!(
            "payment method {method_id} is to be erased, and its key is not in payment.methods, as if it was never kept \
             there: is PAYMENT_DATABASE_URL the database that it was saved in?"
        )));
    }
    let Some(kept) = safe.open(id, company).await? else {
        // Wiped by a try that a crash interrupted.
        return Ok(ErasureAnswer::Done);
    };
    let Some(gateway) = office.gateway(company) else {
        return Ok(not_done(UNKNOWN_GATEWAY.to_owned()));
    };
    let request = DeleteBillingKeyRequest {
        billing_key: kept.billing_key.reveal().to_owned(),
    };
    match call(office, gateway.delete_billing_key(request)).await? {
        // A company that cannot delete keys keeps one that nobody has any more.
        Some(DeletionReply::Deleted | DeletionReply::Unsupported) => {
            safe.wipe(id, office.now()).await?;
            Ok(ErasureAnswer::Done)
        }
        Some(DeletionReply::Unknown { reason }) => Ok(not_done(reason)),
        Some(DeletionReply::NotAttempted { reason }) => Err(not_attempted(&reason)),
        None => Ok(not_done(NO_ANSWER.to_owned())),
    }
}

/// Where keys are kept.
///
/// # Errors
/// This process keeps none: what it was to do waits for one that does.
fn key_safe(office: &impl Office) -> Result<Arc<dyn KeySafe>, Trouble> {
    let no_safe = || Trouble::Later(NO_SAFE.to_owned());
    office.key_safe().ok_or_else(no_safe)
}

fn of_kept(kept: KeptMethod) -> RegistrationAnswer {
    RegistrationAnswer::Kept {
        kind: KIND,
        card_company: kept.card_company,
        card_last4: kept.card_last4,
    }
}

fn refused(code: &str) -> RegistrationAnswer {
    RegistrationAnswer::Refused {
        code: code.to_owned(),
        message: String::new(),
    }
}

fn not_done(reason: String) -> ErasureAnswer {
    ErasureAnswer::NotDone { reason }
}

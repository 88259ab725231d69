//! Where a refund goes: where the money came from, or, of a deposit, to an account that the buyer has told.

use domain::payment::{Refund, RequestedPayment};
use payment_gateways::RefundAccount;

use crate::fate::Trouble;
use crate::office::Office;

/// Why a refund waits whose account nobody has told.
pub(crate) const ACCOUNT_NEEDED: &str = "REFUND_ACCOUNT_NEEDED";

/// What keeps a process from looking.
const NO_SAFE: &str =
    "the account of a refund is kept with PAYMENT_METHOD_KEYS, which this process does not have";

/// Where a refund goes.
pub(crate) enum Destination {
    /// Where the money came from.
    Origin,
    /// To this account.
    Account(RefundAccount),
    /// To an account that nobody has told.
    Untold,
}

/// Looks where a refund goes.
pub(crate) async fn destination(
    office: &impl Office,
    payment: &RequestedPayment,
    refund: &Refund,
) -> Result<Destination, Trouble> {
    let untold = if payment.deposit.is_some() {
        Destination::Untold
    } else {
        Destination::Origin
    };
    // The card of a refund that was merely slow has nothing to do with the safe.
    if payment.deposit.is_none() && !refund.account_told {
        return Ok(Destination::Origin);
    }
    let Some(safe) = office.key_safe() else {
        return if refund.account_told {
            // It is kept where this process cannot look.
            Err(Trouble::Later(NO_SAFE.to_owned()))
        } else {
            Ok(untold)
        };
    };
    let account = safe.open_account(refund.refund_id.uuid()).await?;
    Ok(account.map_or(untold, |account| {
        Destination::Account(RefundAccount {
            bank: account.bank.clone(),
            number: account.number.clone(),
            holder: account.holder.clone(),
        })
    }))
}

/// Wipes the account of a refund that is done.
pub(crate) async fn wipe(office: &impl Office, refund: &Refund) -> Result<(), Trouble> {
    match office.key_safe() {
        Some(safe) if refund.account_told => Ok(safe.wipe_account(refund.refund_id.uuid()).await?),
        Some(_) | None => Ok(()),
    }
}

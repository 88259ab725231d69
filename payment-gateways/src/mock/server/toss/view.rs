//! A payment as Toss writes it.

use serde_json::{Value, json};

use super::korean_time;
use crate::mock::server::records::{Means, PaymentRecord, Stage};

/// The version of the API.
const VERSION: &str = "2022-11-16";
const MERCHANT: &str = "mockmerchant";
/// A made-up card, masked as Toss masks.
const CARD_NUMBER: &str = "43301234****123*";

pub(super) fn status_of(payment: &PaymentRecord) -> &'static str {
    match payment.stage {
        Stage::Ready => "READY",
        Stage::InProgress => "IN_PROGRESS",
        Stage::Waiting => "WAITING_FOR_DEPOSIT",
        Stage::Done if payment.cancels.is_empty() => "DONE",
        Stage::Done if payment.left() == 0 => "CANCELED",
        Stage::Done => "PARTIAL_CANCELED",
        Stage::Aborted => "ABORTED",
        Stage::Expired => "EXPIRED",
        Stage::Closed => "CANCELED",
    }
}

pub(in crate::mock::server) fn payment_json(payment: &PaymentRecord) -> Value {
    let total = match payment.stage {
        Stage::Done => payment.charged,
        Stage::Ready
        | Stage::InProgress
        | Stage::Waiting
        | Stage::Aborted
        | Stage::Expired
        | Stage::Closed => payment.amount,
    };
    let vat = vat_of(payment.left());
    let base = "http://127.0.0.1:8090/toss";
    json!({
        "version": VERSION,
        "mId": MERCHANT,
        "paymentKey": payment.key,
        "lastTransactionKey": payment.last_key,
        "orderId": payment.order_no,
        "orderName": payment.order_name,
        "type": if payment.is_billing { "BILLING" } else { "NORMAL" },
        "method": method_of(payment),
        "status": status_of(payment),
        "currency": "KRW",
        "country": "KR",
        "totalAmount": total,
        "balanceAmount": payment.left(),
        "suppliedAmount": payment.left() - vat,
        "vat": vat,
        "taxFreeAmount": 0,
        "taxExemptionAmount": 0,
        "requestedAt": korean_time(payment.created_at),
        "approvedAt": payment.approved_at.map(korean_time),
        "useEscrow": false,
        "cultureExpense": false,
        "isPartialCancelable": true,
        "secret": payment.secret,
        "metadata": null,
        "receipt": { "url": format!("{base}/receipts") },
        "checkout": { "url": format!("{base}/checkout/{}", payment.key) },
        "failure": payment.failure.as_ref().map(|code| {
            let (_, message) = super::errors::words(code, super::errors::Language::Korean);
            json!({ "code": code, "message": message })
        }),
        "cancels": (!payment.cancels.is_empty()).then(|| cancels_of(payment)),
        "card": (payment.means == Means::Card && payment.stage == Stage::Done).then(|| card_of(payment)),
        "virtualAccount": account_of(payment),
        "transfer": null,
        "mobilePhone": null,
        "giftCertificate": null,
        "easyPay": null,
        "cashReceipt": null,
        "cashReceipts": null,
        "discount": null,
    })
}

/// The tax in a price: one eleventh, rounded to the nearest won.
fn vat_of(amount: i64) -> i64 {
    (amount * 2 + 11) / 22
}

fn method_of(payment: &PaymentRecord) -> &'static str {
    match payment.means {
        Means::Card => "카드",
        Means::VirtualAccount => "가상계좌",
    }
}

fn cancels_of(payment: &PaymentRecord) -> Vec<Value> {
    let cancels = payment.cancels.iter();
    let one = |cancel: &crate::mock::server::records::CancelRecord| {
        json!({
            "transactionKey": cancel.key,
            "cancelAmount": cancel.amount,
            "cancelReason": cancel.reason,
            "canceledAt": korean_time(cancel.at),
            "taxFreeAmount": 0,
            "taxExemptionAmount": 0,
            "refundableAmount": cancel.left,
            "easyPayDiscountAmount": 0,
            "transferDiscountAmount": 0,
            "cardDiscountAmount": 0,
            "receiptKey": null,
            "cancelStatus": "DONE",
            "cancelRequestId": null,
        })
    };
    cancels.map(one).collect()
}

fn card_of(payment: &PaymentRecord) -> Value {
    json!({
        "amount": payment.charged,
        "issuerCode": "71",
        "acquirerCode": "71",
        "number": CARD_NUMBER,
        "installmentPlanMonths": 0,
        "approveNo": "00000000",
        "useCardPoint": false,
        "cardType": "신용",
        "ownerType": "개인",
        "acquireStatus": if payment.left() == 0 { "CANCELED" } else { "READY" },
        "isInterestFree": false,
        "interestPayer": null,
    })
}

fn account_of(payment: &PaymentRecord) -> Option<Value> {
    let number = payment.account_number.as_ref()?;
    let refund_status = if payment.cancels.is_empty() {
        "NONE"
    } else {
        "COMPLETED"
    };
    Some(json!({
        "accountType": "일반",
        "accountNumber": number,
        "bankCode": "20",
        "customerName": "시험 고객",
        "dueDate": payment.due_at.map(korean_time),
        "refundStatus": refund_status,
        "expired": false,
        "settlementStatus": "INCOMPLETED",
        "refundReceiveAccount": null,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tax_is_what_toss_documents() {
        assert_eq!(vat_of(15_000), 1_364);
        assert_eq!(15_000 - vat_of(15_000), 13_636);
        assert_eq!(vat_of(0), 0);
    }
}

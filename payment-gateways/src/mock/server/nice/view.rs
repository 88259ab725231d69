//! A payment as NICE writes it.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::mock::server::records::{CancelRecord, Means, PaymentRecord, Stage};
use crate::mock::server::toss::in_korea;

/// A time as NICE writes it; 0 stands for none.
pub(super) fn nice_time(at: DateTime<Utc>) -> String {
    in_korea(at).format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

/// SHA-256 in hex of these texts, one behind the other.
pub(in crate::mock::server) fn hex_digest(parts: &[&str]) -> String {
    HEXLOWER.encode(&Sha256::digest(parts.concat().as_bytes()))
}

pub(in crate::mock::server) fn payment_json(
    payment: &PaymentRecord,
    secret_key: &str,
    now: DateTime<Utc>,
) -> Value {
    let amount = match payment.stage {
        Stage::Done => payment.charged,
        Stage::Ready
        | Stage::InProgress
        | Stage::Waiting
        | Stage::Aborted
        | Stage::Expired
        | Stage::Closed => payment.amount,
    };
    let edi_date = nice_time(now);
    let signature = hex_digest(&[&payment.key, &amount.to_string(), &edi_date, secret_key]);
    let last_cancel = payment.cancels.last();
    json!({
        "resultCode": result_code_of(payment),
        "resultMsg": if payment.failure.is_some() { "카드사 실패 응답" } else { "정상 처리되었습니다." },
        "tid": payment.key,
        "cancelledTid": last_cancel.map(|cancel| cancel.key.clone()),
        "orderId": payment.order_no,
        "ediDate": edi_date,
        "signature": signature,
        "status": status_of(payment),
        "paidAt": payment.approved_at.map_or("0".to_owned(), nice_time),
        "failedAt": if payment.stage == Stage::Aborted { nice_time(payment.changed_at) } else { "0".to_owned() },
        "cancelledAt": last_cancel.map_or("0".to_owned(), |cancel| nice_time(cancel.at)),
        "payMethod": match payment.means {
            Means::Card => "card",
            Means::VirtualAccount => "vbank",
        },
        "amount": amount,
        "balanceAmt": payment.left(),
        "goodsName": payment.order_name,
        "mallReserved": null,
        "useEscrow": false,
        "currency": "KRW",
        "channel": "pc",
        "approveNo": "000000",
        "buyerName": null,
        "buyerTel": null,
        "buyerEmail": null,
        "receiptUrl": null,
        "mallUserId": null,
        "issuedCashReceipt": false,
        "coupon": null,
        "card": (payment.means == Means::Card && payment.stage == Stage::Done).then(|| json!({
            "cardCode": "04", "cardName": "삼성", "cardNum": "536112******1234", "cardQuota": "0",
            "isInterestFree": false, "cardType": "credit", "canPartCancel": "true",
            "acquCardCode": "04", "acquCardName": "삼성",
        })),
        "vbank": payment.account_number.as_ref().map(|number| json!({
            "vbankCode": "088", "vbankName": "신한은행", "vbankNumber": number.replace('X', "9"),
            "vbankExpDate": payment.due_at.map(nice_time), "vbankHolder": "시험 상점",
        })),
        "bank": null,
        "cellphone": null,
        "cancels": (!payment.cancels.is_empty())
            .then(|| payment.cancels.iter().map(cancel_json).collect::<Vec<_>>()),
        "cashReceipts": null,
    })
}

fn cancel_json(cancel: &CancelRecord) -> Value {
    json!({
        "tid": cancel.key,
        "amount": cancel.amount,
        "cancelledAt": nice_time(cancel.at),
        "reason": cancel.reason,
        "receiptUrl": null,
        "couponAmt": 0,
    })
}

fn result_code_of(payment: &PaymentRecord) -> &str {
    payment.failure.as_deref().unwrap_or("0000")
}

fn status_of(payment: &PaymentRecord) -> &'static str {
    match payment.stage {
        Stage::Ready | Stage::InProgress | Stage::Waiting => "ready",
        Stage::Done if payment.cancels.is_empty() => "paid",
        Stage::Done if payment.left() == 0 => "cancelled",
        Stage::Done => "partialCancelled",
        Stage::Aborted => "failed",
        Stage::Expired => "expired",
        Stage::Closed => "cancelled",
    }
}

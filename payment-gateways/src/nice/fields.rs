//! What of NICE's calls the exchange log may know: nothing about the buyer, and no key of a payment.

use crate::exchange::CallFields;

const PAYMENT: [&str; 32] = [
    "resultCode",
    "resultMsg",
    "orderId",
    "ediDate",
    "status",
    "paidAt",
    "failedAt",
    "cancelledAt",
    "payMethod",
    "amount",
    "balanceAmt",
    "goodsName",
    "useEscrow",
    "currency",
    "channel",
    "approveNo",
    "issuedCashReceipt",
    "cancelledTid",
    "card.cardCode",
    "card.cardName",
    "card.cardNum",
    "card.cardQuota",
    "card.isInterestFree",
    "card.cardType",
    "card.canPartCancel",
    "card.acquCardCode",
    "vbank.vbankCode",
    "vbank.vbankName",
    "vbank.vbankExpDate",
    "cancels[].amount",
    "cancels[].cancelledAt",
    "cancels[].reason",
];

pub(super) const APPROVE: CallFields = CallFields {
    request: &["amount", "ediDate"],
    response: &[&PAYMENT],
};

pub(super) const INQUIRY: CallFields = CallFields {
    request: &[],
    response: &[&PAYMENT],
};

pub(super) const CANCEL: CallFields = CallFields {
    request: &[
        "reason",
        "orderId",
        "cancelAmt",
        "ediDate",
        "refundBankCode",
    ],
    response: &[&PAYMENT],
};

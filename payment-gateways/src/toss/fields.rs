//! What of Toss's calls the exchange log may know. No key of a payment, of a card or of a buyer is here, nor
//! anything about the buyer.

use crate::exchange::CallFields;

const FAILURE: [&str; 2] = ["code", "message"];

const PAYMENT: [&str; 53] = [
    "version",
    "mId",
    "lastTransactionKey",
    "orderId",
    "orderName",
    "type",
    "method",
    "status",
    "currency",
    "country",
    "totalAmount",
    "balanceAmount",
    "suppliedAmount",
    "vat",
    "taxFreeAmount",
    "taxExemptionAmount",
    "requestedAt",
    "approvedAt",
    "useEscrow",
    "cultureExpense",
    "isPartialCancelable",
    "failure.code",
    "failure.message",
    "card.amount",
    "card.issuerCode",
    "card.acquirerCode",
    "card.number",
    "card.installmentPlanMonths",
    "card.approveNo",
    "card.cardType",
    "card.ownerType",
    "card.acquireStatus",
    "card.isInterestFree",
    "virtualAccount.accountType",
    "virtualAccount.bankCode",
    "virtualAccount.dueDate",
    "virtualAccount.refundStatus",
    "virtualAccount.expired",
    "virtualAccount.settlementStatus",
    "easyPay.provider",
    "easyPay.amount",
    "cancels[].transactionKey",
    "cancels[].cancelAmount",
    "cancels[].cancelReason",
    "cancels[].canceledAt",
    "cancels[].taxFreeAmount",
    "cancels[].taxExemptionAmount",
    "cancels[].refundableAmount",
    "cancels[].cancelStatus",
    "cancels[].receiptKey",
    "cancels[].easyPayDiscountAmount",
    "cancels[].transferDiscountAmount",
    "cancels[].cardDiscountAmount",
];

pub(super) const CONFIRM: CallFields = CallFields {
    request: &["orderId", "orderName", "amount"],
    response: &[&PAYMENT, &FAILURE],
};

pub(super) const INQUIRY: CallFields = CallFields {
    request: &[],
    response: &[&PAYMENT, &FAILURE],
};

pub(super) const CANCEL: CallFields = CallFields {
    request: &[
        "cancelReason",
        "cancelAmount",
        "currency",
        "refundReceiveAccount.bank",
    ],
    response: &[&PAYMENT, &FAILURE],
};

pub(super) const ISSUE_BILLING_KEY: CallFields = CallFields {
    request: &[],
    response: &[
        &[
            "mId",
            "authenticatedAt",
            "method",
            "cardCompany",
            "card.issuerCode",
            "card.acquirerCode",
            "card.number",
            "card.cardType",
            "card.ownerType",
        ],
        &FAILURE,
    ],
};

pub(super) const DELETE_BILLING_KEY: CallFields = CallFields {
    request: &[],
    response: &[&FAILURE],
};

pub(super) const TRANSACTIONS: CallFields = CallFields {
    request: &[],
    response: &[
        &[
            "[].mId",
            "[].transactionKey",
            "[].orderId",
            "[].method",
            "[].useEscrow",
            "[].status",
            "[].transactionAt",
            "[].currency",
            "[].amount",
        ],
        &FAILURE,
    ],
};

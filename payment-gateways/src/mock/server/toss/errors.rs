//! Toss's documented errors, in both of its languages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

/// Code, status, Korean, English.
pub(super) const ERRORS: [(&str, u16, &str, &str); 58] = [
    (
        "ALREADY_PROCESSED_PAYMENT",
        400,
        "이미 처리된 결제 입니다.",
        "This is a payment that has already been processed.",
    ),
    (
        "PROVIDER_ERROR",
        400,
        "일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요.",
        "A temporary error has occurred. Please try again in a few minutes.",
    ),
    (
        "INVALID_REQUEST",
        400,
        "잘못된 요청입니다.",
        "The bad request.",
    ),
    (
        "INVALID_API_KEY",
        400,
        "잘못된 시크릿키 연동 정보 입니다.",
        "Incorrect secret key.",
    ),
    (
        "INVALID_REJECT_CARD",
        400,
        "카드 사용이 거절되었습니다. 카드사 문의가 필요합니다.",
        "Refer to card issuer/decline.",
    ),
    (
        "BELOW_MINIMUM_AMOUNT",
        400,
        "신용카드는 결제금액이 100원 이상, 계좌는 200원이상부터 결제가 가능합니다.",
        "Payment can be made from 100 won or more by credit card, and 200 won or more for account.",
    ),
    (
        "INVALID_CARD_EXPIRATION",
        400,
        "카드 정보를 다시 확인해주세요. (유효기간)",
        "Please check the card expiration date information again.",
    ),
    (
        "INVALID_STOPPED_CARD",
        400,
        "정지된 카드 입니다.",
        "This is a suspended card.",
    ),
    (
        "INVALID_CARD_NUMBER",
        400,
        "카드번호를 다시 확인해주세요.",
        "Please check your card number again.",
    ),
    (
        "EXCEED_MAX_DAILY_PAYMENT_COUNT",
        400,
        "하루 결제 가능 횟수를 초과했습니다.",
        "Daily payment count has been exceeded.",
    ),
    (
        "UNAPPROVED_ORDER_ID",
        400,
        "아직 승인되지 않은 주문번호입니다.",
        "Order ID not approved yet.",
    ),
    (
        "DUPLICATED_ORDER_ID",
        400,
        "이미 승인 및 취소가 진행된 중복된 주문번호 입니다. 다른 주문번호로 진행해주세요.",
        "Existing order ID.",
    ),
    (
        "INVALID_IDEMPOTENCY_KEY",
        400,
        "멱등키는 300자 이하여야 합니다.",
        "The idempotency key must be 300 characters or less.",
    ),
    (
        "UNAUTHORIZED_KEY",
        401,
        "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.",
        "Unauthorized secretKey or clientKey.",
    ),
    (
        "REJECT_ACCOUNT_PAYMENT",
        403,
        "잔액부족으로 결제에 실패했습니다.",
        "Payment failed due to insufficient balance.",
    ),
    (
        "REJECT_CARD_PAYMENT",
        403,
        "한도초과 혹은 잔액부족으로 결제에 실패했습니다.",
        "Payment failed due to insufficient limit or balance.",
    ),
    (
        "REJECT_CARD_COMPANY",
        403,
        "결제 승인이 거절되었습니다.",
        "Payment confirm is rejected.",
    ),
    (
        "FORBIDDEN_REQUEST",
        403,
        "허용되지 않은 요청입니다.",
        "Not allowed request.",
    ),
    (
        "EXCEED_MAX_ONE_DAY_AMOUNT",
        403,
        "일일 한도를 초과했습니다.",
        "Daily limit exceeded.",
    ),
    (
        "NOT_AVAILABLE_BANK",
        403,
        "은행 서비스 시간이 아닙니다.",
        "Not available bank time.",
    ),
    (
        "INVALID_PASSWORD",
        403,
        "결제 비밀번호가 일치하지 않습니다.",
        "Payment password does not match.",
    ),
    (
        "INCORRECT_BASIC_AUTH_FORMAT",
        403,
        "잘못된 요청입니다. ':' 를 포함해 인코딩해주세요.",
        "Bad request. Please encode including ':'.",
    ),
    (
        "FDS_ERROR",
        403,
        "[토스페이먼츠] 위험거래가 감지되어 결제가 제한됩니다.",
        "[Toss Payments] Payments are limited due to the detection of fraudulent transactions.",
    ),
    (
        "NOT_FOUND_PAYMENT",
        404,
        "존재하지 않는 결제 정보 입니다.",
        "Not found payment.",
    ),
    (
        "NOT_FOUND_PAYMENT_SESSION",
        404,
        "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다.",
        "Payment session does not exist because the session time has expired.",
    ),
    (
        "IDEMPOTENT_REQUEST_PROCESSING",
        409,
        "이전 멱등 요청이 처리중입니다.",
        "Previous idempotent request is processing.",
    ),
    (
        "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING",
        500,
        "결제가 완료되지 않았어요. 다시 시도해주세요.",
        "The payment has not been completed. Please try again.",
    ),
    (
        "FAILED_INTERNAL_SYSTEM_PROCESSING",
        500,
        "내부 시스템 처리 작업이 실패했습니다. 잠시 후 다시 시도해주세요.",
        "Internal system processing operation has failed. Please try again in a few minutes.",
    ),
    (
        "UNKNOWN_PAYMENT_ERROR",
        500,
        "결제에 실패했어요. 같은 문제가 반복된다면 은행이나 카드사로 문의해주세요.",
        "Payment failed. If the same problem occurs, please contact your bank or credit card company.",
    ),
    (
        "ALREADY_CANCELED_PAYMENT",
        400,
        "이미 취소된 결제 입니다.",
        "The payment has already been canceled.",
    ),
    (
        "ALREADY_REFUND_PAYMENT",
        400,
        "이미 환불된 결제입니다.",
        "The payment has already been refunded.",
    ),
    (
        "INVALID_REFUND_ACCOUNT_INFO",
        400,
        "환불 계좌번호와 예금주명이 일치하지 않습니다.",
        "The refund account number and the account holder's name do not match.",
    ),
    (
        "INVALID_REFUND_ACCOUNT_NUMBER",
        400,
        "잘못된 환불 계좌번호입니다.",
        "Incorrect refund account number.",
    ),
    (
        "INVALID_BANK",
        400,
        "유효하지 않은 은행입니다.",
        "Invalid bank.",
    ),
    (
        "NOT_MATCHES_REFUNDABLE_AMOUNT",
        400,
        "잔액 결과가 일치하지 않습니다.",
        "The refundable amount does not match.",
    ),
    (
        "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
        400,
        "즉시할인금액보다 적은 금액은 부분취소가 불가능합니다.",
        "Partial cancellation of less than the instant discount is not possible.",
    ),
    (
        "REFUND_REJECTED",
        400,
        "환불이 거절됐습니다. 결제사에 문의 부탁드립니다.",
        "The refund was rejected. Please contact the payment provider.",
    ),
    (
        "FORBIDDEN_BANK_REFUND_REQUEST",
        400,
        "고객 계좌가 입금이 되지 않는 상태입니다.",
        "The customer's account takes no deposits.",
    ),
    (
        "NOT_CANCELABLE_AMOUNT",
        403,
        "취소 할 수 없는 금액 입니다.",
        "Not cancelable amount.",
    ),
    (
        "NOT_CANCELABLE_PAYMENT",
        403,
        "취소 할 수 없는 결제 입니다.",
        "Not cancelable payment.",
    ),
    (
        "FORBIDDEN_CONSECUTIVE_REQUEST",
        403,
        "반복적인 요청은 허용되지 않습니다. 잠시 후 다시 시도해주세요.",
        "Repetitive requests are not allowed. Please try again in a few minutes.",
    ),
    (
        "EXCEED_MAX_REFUND_DUE",
        403,
        "환불 가능한 기간이 지났습니다.",
        "The refund period has expired.",
    ),
    (
        "EXCEED_CANCEL_LIMIT",
        403,
        "취소 한도를 초과했습니다.",
        "The cancel limit is exceeded.",
    ),
    (
        "NOT_ALLOWED_PARTIAL_REFUND",
        403,
        "에스크로 주문, 현금 카드 결제 등의 사유로 부분 환불이 불가합니다.",
        "A partial refund is not possible, for reasons such as escrow or cash card payments.",
    ),
    (
        "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
        403,
        "입금 대기중인 결제는 부분 환불이 불가합니다.",
        "A payment that waits for a deposit cannot be refunded in part.",
    ),
    (
        "FAILED_REFUND_PROCESS",
        500,
        "은행 응답시간 지연이나 일시적인 오류로 환불요청에 실패했습니다.",
        "The refund request failed due to a slow bank or a temporary error.",
    ),
    (
        "FAILED_METHOD_HANDLING_CANCEL",
        500,
        "취소 중 결제 시 사용한 결제 수단 처리과정에서 일시적인 오류가 발생했습니다.",
        "A temporary error occurred in handling the payment method during cancellation.",
    ),
    (
        "FAILED_PARTIAL_REFUND",
        500,
        "은행 점검, 해약 계좌 등의 사유로 부분 환불이 실패했습니다.",
        "The partial refund failed, for reasons such as bank maintenance or a closed account.",
    ),
    (
        "COMMON_ERROR",
        500,
        "일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요.",
        "A temporary error has occurred. Please try again in a few minutes.",
    ),
    (
        "INVALID_AUTH_KEY",
        400,
        "잘못된 인증키입니다.",
        "Incorrect auth key.",
    ),
    (
        "NOT_MATCHES_CUSTOMER_KEY",
        403,
        "빌링 인증 고객키와 결제 요청 고객키가 일치하지 않습니다.",
        "The customer key does not match.",
    ),
    (
        "NOT_SUPPORTED_CARD_TYPE",
        400,
        "지원되지 않는 카드 종류입니다.",
        "Not supported card type.",
    ),
    (
        "INVALID_BILL_KEY_REQUEST",
        400,
        "빌링키 결제는 한 번에 하나만 처리할 수 있습니다.",
        "The billing key request is invalid.",
    ),
    (
        "NOT_FOUND_BILLING_KEY",
        404,
        "존재하지 않는 빌링키 입니다.",
        "Not found billing key.",
    ),
    (
        "INVALID_ORDER_ID",
        400,
        "orderId는 영문 대소문자, 숫자, 특수문자(-, _, =) 만 허용합니다. 6자 이상 64자 이하여야 합니다.",
        "orderId takes letters, digits, -, _ and =, 6 to 64 of them.",
    ),
    (
        "INVALID_DATE",
        400,
        "날짜 데이터가 잘못 되었습니다.",
        "The date is wrong.",
    ),
    (
        "INVALID_REQUEST_AMOUNT",
        400,
        "결제 금액이 올바르지 않습니다.",
        "The amount is wrong.",
    ),
    ("NOT_FOUND", 404, "존재하지 않는 정보 입니다.", "Not found."),
];

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Korean,
    English,
}

impl Language {
    /// By `Accept-Language`: English is what begins so, Korean all else.
    pub(super) fn of(header: Option<&str>) -> Self {
        match header {
            Some(wanted) if wanted.trim_start().starts_with("en") => Self::English,
            Some(_) | None => Self::Korean,
        }
    }
}

/// The code, if Toss documents it.
pub(super) fn documented(code: &str) -> Option<&'static str> {
    let found = ERRORS.iter().find(|(own, ..)| *own == code);
    found.map(|(own, ..)| *own)
}

/// The words of a code, and its status.
pub(super) fn words(code: &str, language: Language) -> (u16, &'static str) {
    let found = ERRORS.iter().find(|(own, ..)| *own == code);
    match (found, language) {
        (Some((_, status, korean, _)), Language::Korean) => (*status, korean),
        (Some((_, status, _, english)), Language::English) => (*status, english),
        (None, _) => (500, ""),
    }
}

pub(super) fn error(code: &str, language: Language) -> HttpResponse {
    let (status, message) = words(code, language);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).json(json!({ "code": code, "message": message }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_error_stands_once_and_has_words_in_both_languages() {
        let codes: BTreeSet<_> = ERRORS.iter().map(|(code, ..)| code).collect();
        assert_eq!(codes.len(), ERRORS.len());
        for (code, status, korean, english) in ERRORS {
            assert!((400..=500).contains(&status), "{code}");
            assert!(!korean.is_ascii() && english.is_ascii(), "{code}");
        }
    }
}

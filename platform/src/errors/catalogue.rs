//! Every code with its message in both languages.
//!
//! Codes are part of the contract and never change; the texts may. Those of the coupon pool that is
//! exhausted and of the coupon that is used are the requirements' own.

use super::language::Language;

/// The message of a code. A code that is not in the catalogue gets a message that says nothing wrong.
#[must_use]
pub fn message(code: &str, language: Language) -> &'static str {
    let (english, korean) =
        find(code).unwrap_or(("The request failed.", "요청을 처리하지 못했습니다"));
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

/// Whether the catalogue has the code: for the tests of rooms that bring codes of their own.
#[must_use]
pub fn is_known(code: &str) -> bool {
    find(code).is_some()
}

fn find(code: &str) -> Option<(&'static str, &'static str)> {
    let index = CATALOGUE
        .binary_search_by_key(&code, |(code, _, _)| code)
        .ok()?;
    let (_, english, korean) = CATALOGUE[index];
    Some((english, korean))
}

/// Code, English, Korean; sorted by code, which a test checks.
pub(super) const CATALOGUE: &[(&str, &str, &str)] = &[
    (
        "BAD_REQUEST",
        "The request cannot be understood.",
        "잘못된 요청입니다",
    ),
    (
        "CARD_NUMBER_NOT_ALLOWED",
        "Card numbers may not be sent here.",
        "카드 번호는 입력할 수 없습니다",
    ),
    (
        "CONFLICT",
        "Something else changed this at the same time; try again.",
        "동시에 변경되었습니다. 다시 시도해 주세요",
    ),
    (
        "COUPON_ALREADY_APPLIED",
        "The order has a coupon already.",
        "이미 쿠폰이 적용된 주문입니다",
    ),
    (
        "COUPON_ALREADY_ISSUED",
        "You have this coupon already.",
        "이미 발급받은 쿠폰입니다",
    ),
    (
        "COUPON_ALREADY_USED",
        "The coupon is used already.",
        "이미 사용된 쿠폰입니다",
    ),
    (
        "COUPON_EXPIRED",
        "The coupon is not valid now.",
        "유효 기간이 아닌 쿠폰입니다",
    ),
    (
        "COUPON_NOT_APPLICABLE",
        "The coupon does not fit this order.",
        "이 주문에 사용할 수 없는 쿠폰입니다",
    ),
    (
        "COUPON_NOT_FOUND",
        "There is no such coupon.",
        "보유한 쿠폰을 찾을 수 없습니다",
    ),
    (
        "COUPON_POOL_ALREADY_EXISTS",
        "The coupon pool exists already.",
        "이미 존재하는 쿠폰입니다",
    ),
    (
        "COUPON_POOL_CLOSED",
        "Coupons are not being given out now.",
        "쿠폰 발급 기간이 아닙니다",
    ),
    (
        "COUPON_POOL_NOT_FOUND",
        "There is no such coupon pool.",
        "쿠폰을 찾을 수 없습니다",
    ),
    (
        "COUPON_SOLD_OUT",
        "All coupons are taken.",
        "쿠폰이 모두 소진되었습니다",
    ),
    (
        "DUPLICATE_FIELD",
        "This field is given more than once.",
        "중복된 항목입니다",
    ),
    (
        "EVENT_NOT_FAILED",
        "Only an event whose delivery failed can be sent again.",
        "전송에 실패한 이벤트만 다시 보낼 수 있습니다",
    ),
    (
        "EVENT_NOT_FOUND",
        "There is no such event.",
        "이벤트를 찾을 수 없습니다",
    ),
    (
        "EXCHANGES_NOT_KEPT",
        "Exchanges with payment gateways are not kept here.",
        "결제사와의 통신 기록을 보관하지 않습니다",
    ),
    (
        "FORBIDDEN",
        "You may not do this.",
        "이 작업을 수행할 권한이 없습니다",
    ),
    (
        "IDEMPOTENCY_KEY_INVALID",
        "The Idempotency-Key is not valid.",
        "Idempotency-Key가 올바르지 않습니다",
    ),
    (
        "IDEMPOTENCY_KEY_REQUIRED",
        "The header Idempotency-Key is required.",
        "Idempotency-Key 헤더가 필요합니다",
    ),
    (
        "IDEMPOTENCY_KEY_REUSED",
        "The Idempotency-Key was used for another request.",
        "다른 요청에 이미 사용된 Idempotency-Key입니다",
    ),
    (
        "INSUFFICIENT_POINTS",
        "There are not enough points.",
        "포인트가 부족합니다",
    ),
    (
        "INSUFFICIENT_STOCK",
        "There is not enough stock.",
        "재고가 부족합니다",
    ),
    (
        "INTERNAL",
        "Something went wrong on our side.",
        "서버 오류가 발생했습니다",
    ),
    (
        "INVALID_VALUE",
        "The value is not allowed.",
        "허용되지 않는 값입니다",
    ),
    (
        "MALFORMED_JSON",
        "The body is not valid JSON.",
        "본문이 올바른 JSON이 아닙니다",
    ),
    (
        "METHOD_NOT_ALLOWED",
        "This method is not allowed here.",
        "허용되지 않은 메서드입니다",
    ),
    (
        "MISSING_FIELD",
        "This field is required.",
        "필수 항목입니다",
    ),
    (
        "NOTHING_TO_REFUND",
        "There is nothing left to refund.",
        "환불할 금액이 없습니다",
    ),
    (
        "NOT_ACCEPTABLE",
        "No form that you accept is available.",
        "요청한 형식으로 응답할 수 없습니다",
    ),
    (
        "NOT_CAUGHT_UP",
        "The data is not that new yet; try again soon.",
        "아직 최신 데이터가 반영되지 않았습니다. 잠시 후 다시 시도해 주세요",
    ),
    (
        "NOT_FOUND",
        "There is nothing here.",
        "요청한 대상을 찾을 수 없습니다",
    ),
    (
        "NO_SUCH_POINTS_HOLD",
        "The order holds no points.",
        "주문에 예약된 포인트가 없습니다",
    ),
    (
        "NO_SUCH_RESERVATION",
        "The order has no such reservation.",
        "해당 재고 예약이 없습니다",
    ),
    (
        "ORDER_ALREADY_CANCELLED",
        "The order is cancelled already.",
        "이미 취소된 주문입니다",
    ),
    (
        "ORDER_ALREADY_EXISTS",
        "The order exists already.",
        "이미 존재하는 주문입니다",
    ),
    (
        "ORDER_NOT_CANCELLABLE",
        "The order can no longer be cancelled.",
        "취소할 수 없는 상태의 주문입니다",
    ),
    (
        "ORDER_NOT_FOUND",
        "There is no such order.",
        "주문을 찾을 수 없습니다",
    ),
    (
        "ORDER_NOT_PAYABLE",
        "The order cannot be paid in its state.",
        "결제할 수 없는 상태의 주문입니다",
    ),
    (
        "ORDER_NOT_REFUNDABLE",
        "The order cannot be refunded now.",
        "환불할 수 없는 상태의 주문입니다",
    ),
    (
        "ORDER_STATUS_CONFLICT",
        "The order's status does not allow this.",
        "현재 주문 상태에서는 처리할 수 없습니다",
    ),
    (
        "OUT_OF_RANGE",
        "The value is out of its range.",
        "값이 허용 범위를 벗어났습니다",
    ),
    (
        "OVERLOADED",
        "Too much is under way; try again soon.",
        "요청이 몰리고 있습니다. 잠시 후 다시 시도해 주세요",
    ),
    (
        "PAYLOAD_TOO_LARGE",
        "The body is too large.",
        "본문이 너무 큽니다",
    ),
    (
        "PAYMENT_ALREADY_EXISTS",
        "The payment exists already.",
        "이미 존재하는 결제입니다",
    ),
    (
        "PAYMENT_ALREADY_SETTLED",
        "The payment is settled already.",
        "이미 처리가 끝난 결제입니다",
    ),
    (
        "PAYMENT_DECLINED",
        "The payment was declined.",
        "결제가 거절되었습니다",
    ),
    (
        "PAYMENT_METHODS_OFF",
        "Payment methods cannot be saved here.",
        "결제 수단을 저장할 수 없습니다",
    ),
    (
        "PAYMENT_METHOD_ALREADY_EXISTS",
        "The payment method exists already.",
        "이미 등록된 결제 수단입니다",
    ),
    (
        "PAYMENT_METHOD_NOT_ACTIVE",
        "The payment method is not registered yet.",
        "아직 등록되지 않은 결제 수단입니다",
    ),
    (
        "PAYMENT_METHOD_NOT_FOUND",
        "There is no such payment method.",
        "결제 수단을 찾을 수 없습니다",
    ),
    (
        "PAYMENT_NOT_FOUND",
        "There is no such payment.",
        "결제를 찾을 수 없습니다",
    ),
    (
        "POINTS_ALREADY_HELD",
        "The order holds other points already.",
        "주문에 이미 다른 포인트가 사용 예약되어 있습니다",
    ),
    (
        "POINTS_ALREADY_SPENT",
        "The order's points are spent already.",
        "이미 사용 완료된 포인트입니다",
    ),
    (
        "POINTS_NOT_EARNED",
        "The order did not earn so many points.",
        "회수할 수 있는 적립 포인트를 초과했습니다",
    ),
    (
        "POINTS_NOT_RETURNABLE",
        "So many points cannot be returned.",
        "돌려줄 수 있는 포인트를 초과했습니다",
    ),
    (
        "POINTS_OUT_OF_RANGE",
        "That is more points than an account may hold.",
        "계정이 보유할 수 있는 포인트를 초과했습니다",
    ),
    (
        "POINTS_TOO_SCATTERED",
        "The points are in too many lots to be spent at once.",
        "포인트가 너무 많은 적립 건에 나뉘어 있어 한 번에 사용할 수 없습니다",
    ),
    (
        "POINT_LOT_ALREADY_EXISTS",
        "The lot of points exists already.",
        "이미 존재하는 적립 건입니다",
    ),
    (
        "PRECONDITION_FAILED",
        "It has changed since you read it.",
        "조회한 이후에 변경되었습니다",
    ),
    (
        "PRECONDITION_REQUIRED",
        "The header If-Match is required.",
        "If-Match 헤더가 필요합니다",
    ),
    (
        "PRODUCT_ALREADY_EXISTS",
        "The product exists already.",
        "이미 존재하는 상품입니다",
    ),
    (
        "PRODUCT_NOT_FOUND",
        "There is no such product.",
        "상품을 찾을 수 없습니다",
    ),
    (
        "PRODUCT_NOT_ON_SALE",
        "The product is not on sale.",
        "판매 중인 상품이 아닙니다",
    ),
    (
        "PRODUCT_STATE_CONFLICT",
        "The product's state does not allow this.",
        "현재 상품 상태에서는 처리할 수 없습니다",
    ),
    (
        "PROJECTION_NOT_FOUND",
        "There is no such projection.",
        "프로젝션을 찾을 수 없습니다",
    ),
    (
        "REFUND_ACCOUNTS_OFF",
        "This shop cannot keep the account that a refund goes to: please ask the shop.",
        "환불 계좌를 등록할 수 없습니다. 고객센터에 문의해 주세요",
    ),
    (
        "REFUND_EXCEEDS_BALANCE",
        "More than is left to refund.",
        "환불 가능 금액 또는 수량을 초과했습니다",
    ),
    (
        "REFUND_NEEDS_NO_ACCOUNT",
        "The refund is done, or goes back where the money came from.",
        "이미 완료되었거나 환불 계좌가 필요 없는 환불입니다",
    ),
    (
        "REFUND_NOT_FOUND",
        "There is no such refund.",
        "환불을 찾을 수 없습니다",
    ),
    (
        "REFUND_NOT_RETRYABLE",
        "The refund is done, or is tried again by itself.",
        "이미 완료되었거나 자동으로 다시 시도되는 환불입니다",
    ),
    (
        "REQUEST_IN_PROGRESS",
        "The same request is still under way.",
        "같은 요청이 아직 처리 중입니다",
    ),
    (
        "REQUEST_TIMEOUT",
        "The request did not arrive in time.",
        "요청이 제시간에 도착하지 않았습니다",
    ),
    (
        "SERVICE_UNAVAILABLE",
        "The service is not available now; try again soon.",
        "지금은 서비스를 이용할 수 없습니다. 잠시 후 다시 시도해 주세요",
    ),
    (
        "STALE",
        "It has changed since you read it.",
        "조회한 이후에 변경되었습니다",
    ),
    (
        "TIMEOUT",
        "The answer took too long; ask again.",
        "처리가 지연되고 있습니다. 다시 시도해 주세요",
    ),
    ("TOO_LONG", "The value is too long.", "값이 너무 깁니다"),
    ("TOO_MANY", "There are too many.", "개수가 너무 많습니다"),
    (
        "TOO_MANY_PAYMENT_METHODS",
        "You have too many payment methods.",
        "저장할 수 있는 결제 수단 수를 초과했습니다",
    ),
    (
        "TOO_MANY_REFUNDS",
        "The order was refunded in too many steps.",
        "환불 횟수 한도를 초과했습니다",
    ),
    (
        "TOO_MANY_REQUESTS",
        "Too many requests; try again later.",
        "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요",
    ),
    ("TOO_SHORT", "The value is too short.", "값이 너무 짧습니다"),
    (
        "UNAUTHENTICATED",
        "A valid access token is required.",
        "유효한 인증 토큰이 필요합니다",
    ),
    (
        "UNKNOWN_FIELD",
        "There is no such field.",
        "알 수 없는 항목입니다",
    ),
    (
        "UNKNOWN_GATEWAY",
        "There is no such payment gateway.",
        "지원하지 않는 결제 대행사입니다",
    ),
    (
        "UNSUPPORTED_MEDIA_TYPE",
        "The body must be application/json.",
        "본문은 application/json이어야 합니다",
    ),
    (
        "VALIDATION_FAILED",
        "A value of the request is not allowed.",
        "요청 값이 올바르지 않습니다",
    ),
    (
        "WEBHOOK_MALFORMED",
        "The webhook makes no sense.",
        "웹훅의 형식이 올바르지 않습니다",
    ),
    (
        "WEBHOOK_NOT_OURS",
        "The webhook is about no payment of this shop.",
        "이 상점의 결제에 대한 웹훅이 아닙니다",
    ),
    (
        "WEBHOOK_SIGNATURE_MISSING",
        "The webhook's signature is missing or cannot be checked.",
        "웹훅 서명이 없거나 확인할 수 없습니다",
    ),
    (
        "WEBHOOK_SIGNATURE_STALE",
        "The webhook was signed at another time.",
        "웹훅 서명 시각이 허용 범위를 벗어났습니다",
    ),
    (
        "WEBHOOK_SIGNATURE_WRONG",
        "The webhook's signature is wrong.",
        "웹훅 서명이 올바르지 않습니다",
    ),
    (
        "WEBHOOK_TOO_LARGE",
        "The webhook is too long.",
        "웹훅이 너무 큽니다",
    ),
    (
        "WEBHOOK_UNSUPPORTED",
        "There is no such gateway, or it sends no webhooks.",
        "웹훅을 지원하지 않는 결제 대행사입니다",
    ),
    (
        "WRONG_TYPE",
        "The value has the wrong type.",
        "값의 형식이 올바르지 않습니다",
    ),
];

//! The words of a notification. The read model keeps what happened; how to say it is the reader's.

use platform::Language;
use serde::Deserialize as _;
use serde_json::Value;

use crate::money::Money;

/// What a notification says. One of a kind that is not known here still says that there is one.
pub(crate) fn message(kind: &str, params: &Value, language: Language) -> String {
    match language {
        Language::Korean => korean(kind, params),
        Language::English => english(kind, params),
    }
}

fn korean(kind: &str, params: &Value) -> String {
    let amount = amount(params);
    match kind {
        "ORDER_CONFIRMED" => "주문이 확정되었습니다.".to_owned(),
        "ORDER_SHIPPED" => "상품이 발송되었습니다.".to_owned(),
        "ORDER_DELIVERED" => "상품이 배송 완료되었습니다.".to_owned(),
        "ORDER_CANCELLED" => match reason(params) {
            "PAYMENT_TIMED_OUT" => "결제 시간이 지나 주문이 취소되었습니다.".to_owned(),
            "PAYMENT_FAILED" => "결제에 실패하여 주문이 취소되었습니다.".to_owned(),
            _ => "주문이 취소되었습니다.".to_owned(),
        },
        "PAYMENT_SUCCEEDED" => format!("결제가 완료되었습니다{amount}."),
        "PAYMENT_FAILED" => format!("결제에 실패했습니다{amount}."),
        "PAYMENT_CANCELLED" => format!("결제가 취소되어 환불되었습니다{amount}."),
        "PAYMENT_REFUNDED" => format!("잘못 청구된 금액이 환불되었습니다{amount}."),
        "ORDER_REFUNDED" => format!("환불이 완료되었습니다{amount}."),
        "COUPON_ISSUED" => format!("쿠폰이 발급되었습니다{}.", name(params)),
        "COUPON_RETURNED" => "주문이 취소되어 쿠폰을 다시 사용할 수 있습니다.".to_owned(),
        "POINTS_EARNED" => format!("포인트가 적립되었습니다{}.", points(params, "P")),
        _ => "새 알림이 있습니다.".to_owned(),
    }
}

fn english(kind: &str, params: &Value) -> String {
    let amount = amount(params);
    match kind {
        "ORDER_CONFIRMED" => "Your order is confirmed.".to_owned(),
        "ORDER_SHIPPED" => "Your order was shipped.".to_owned(),
        "ORDER_DELIVERED" => "Your order was delivered.".to_owned(),
        "ORDER_CANCELLED" => match reason(params) {
            "PAYMENT_TIMED_OUT" => "Your order was cancelled: it was not paid in time.".to_owned(),
            "PAYMENT_FAILED" => "Your order was cancelled: the payment failed.".to_owned(),
            _ => "Your order was cancelled.".to_owned(),
        },
        "PAYMENT_SUCCEEDED" => format!("Your payment succeeded{amount}."),
        "PAYMENT_FAILED" => format!("Your payment failed{amount}."),
        "PAYMENT_CANCELLED" => format!("Your payment was cancelled and refunded{amount}."),
        "PAYMENT_REFUNDED" => format!("A wrong charge was refunded{amount}."),
        "ORDER_REFUNDED" => format!("Your refund is complete{amount}."),
        "COUPON_ISSUED" => format!("You got a coupon{}.", name(params)),
        "COUPON_RETURNED" => "The order was cancelled; you can use its coupon again.".to_owned(),
        "POINTS_EARNED" => format!("You earned points{}.", points(params, "")),
        _ => "You have a new notification.".to_owned(),
    }
}

/// ` (12,900 KRW)`, or nothing when no amount is named.
fn amount(params: &Value) -> String {
    let money = params
        .get("amount")
        .and_then(|amount| Money::deserialize(amount).ok());
    money.map(|money| format!(" ({money})")).unwrap_or_default()
}

/// ` (129P)`, or nothing when none are named.
fn points(params: &Value, unit: &str) -> String {
    let points = params.get("points").and_then(Value::as_i64);
    points
        .map(|points| format!(" ({points}{unit})"))
        .unwrap_or_default()
}

/// `: spring sale`, or nothing when no name is given.
fn name(params: &Value) -> String {
    let name = params.get("name").and_then(Value::as_str);
    name.map(|name| format!(": {name}")).unwrap_or_default()
}

fn reason(params: &Value) -> &str {
    params
        .get("reason")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The kinds that the projector writes (`projections/src/notifications/schema.sql`).
    const KINDS: [&str; 12] = [
        "ORDER_CONFIRMED",
        "ORDER_SHIPPED",
        "ORDER_DELIVERED",
        "ORDER_CANCELLED",
        "PAYMENT_SUCCEEDED",
        "PAYMENT_FAILED",
        "PAYMENT_CANCELLED",
        "PAYMENT_REFUNDED",
        "ORDER_REFUNDED",
        "COUPON_ISSUED",
        "COUPON_RETURNED",
        "POINTS_EARNED",
    ];

    #[test]
    fn every_kind_has_words_of_its_own_in_both_languages() {
        for language in [Language::Korean, Language::English] {
            let said = |kind| message(kind, &json!({}), language);
            let mut all: Vec<_> = KINDS.into_iter().map(said).collect();
            all.push(said("OF_TOMORROW"));
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count, "{all:?}");
        }
    }

    #[test]
    fn amounts_names_and_reasons_are_said() {
        let paid = json!({ "amount": { "amount": 12_900, "currency": "KRW" } });
        let said = |kind, params: &Value, language| message(kind, params, language);
        assert_eq!(
            said("PAYMENT_SUCCEEDED", &paid, Language::Korean),
            "결제가 완료되었습니다 (12,900 KRW)."
        );
        assert_eq!(
            said(
                "COUPON_ISSUED",
                &json!({ "name": "봄 할인" }),
                Language::English
            ),
            "You got a coupon: 봄 할인."
        );
        let late = json!({ "reason": "PAYMENT_TIMED_OUT" });
        assert!(said("ORDER_CANCELLED", &late, Language::English).contains("not paid in time"));
    }
}

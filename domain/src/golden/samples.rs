//! One sample of every event, and more where options matter. The values are fixed: golden files hold
//! them.

use crate::coupon_pool::{CouponPoolEvent, DiscountRule};
use crate::inventory::InventoryEvent;
use crate::mothers::{
    adjustment_id, allocations, at, coupon, discount, krw, line, line_points, lot_id, method_id,
    order_id, order_item_id, payment_id, points, product_id, refund_id, usd, user, warehouse,
};
use crate::order::{CancelReason, OrderEvent, OrderLine, RefundedLine};
use crate::payment::{
    DEPOSIT_EXPIRED, DepositAccount, GatewayNotice, InquiryCause, NO_RECORD, PaymentEvent,
    RefundReason, ReviewReason,
};
use crate::payment_method::{DeletionReason, MethodKind, PaymentMethodEvent};
use crate::points::{Allocation, GivenBack, LotPoints, PointsEvent};
use crate::product::{ProductDetails, ProductEvent};
use crate::recorded::DomainEvent;

/// An event as the log may hold it.
pub(crate) struct Sample {
    /// Which of several samples of one event.
    pub(crate) case: Option<&'static str>,
    /// The event.
    pub(crate) event: DomainEvent,
}

/// All of them.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |case, event| samples.push(Sample { case, event });
    for (case, event) in orders() {
        add(case, DomainEvent::Order(event));
    }
    for (case, event) in inventories() {
        add(case, DomainEvent::Inventory(event));
    }
    for (case, event) in coupon_pools() {
        add(case, DomainEvent::CouponPool(event));
    }
    for (case, event) in payments() {
        add(case, DomainEvent::Payment(event));
    }
    for (case, event) in payment_methods() {
        add(case, DomainEvent::PaymentMethod(event));
    }
    for (case, event) in points_accounts() {
        add(case, DomainEvent::Points(event));
    }
    for (case, event) in products() {
        add(case, DomainEvent::Product(event));
    }
    samples
}

type Cases<E> = Vec<(Option<&'static str>, E)>;

fn orders() -> Cases<OrderEvent> {
    let split = OrderLine {
        name: "녹차 100 g".to_owned(),
        allocations: allocations(&[("seoul", 2), ("busan", 1)]),
        ..line(2, 3, krw(9_900))
    };
    let cancelled = |reason, was_paid| OrderEvent::OrderCancelled { reason, was_paid };
    vec![
        (
            None,
            OrderEvent::OrderPlaced {
                user_id: user("ann"),
                lines: vec![line(1, 1, krw(1_000)), split],
                subtotal: krw(30_700),
                discount: Some(discount(42, krw(700))),
                total: krw(30_000),
                payment_due_at: at(15),
            },
        ),
        (
            Some("without-coupon"),
            OrderEvent::OrderPlaced {
                user_id: user("household-2469"),
                lines: vec![line(1, 1, usd(1_099))],
                subtotal: usd(1_099),
                discount: None,
                total: usd(1_099),
                payment_due_at: at(15),
            },
        ),
        (
            None,
            OrderEvent::OrderDiscounted {
                discount: discount(42, krw(700)),
                total: krw(30_000),
            },
        ),
        (
            None,
            OrderEvent::OrderPaymentStarted {
                payment_id: payment_id(1),
            },
        ),
        (
            None,
            OrderEvent::OrderPaid {
                payment_id: payment_id(1),
                confirmation_due_at: at(31),
            },
        ),
        (None, OrderEvent::OrderConfirmed {}),
        (None, OrderEvent::OrderShipped {}),
        (None, OrderEvent::OrderDelivered {}),
        (
            None,
            cancelled(
                CancelReason::Requested {
                    reason: "changed my mind".to_owned(),
                },
                true,
            ),
        ),
        (
            Some("payment-failed"),
            cancelled(
                CancelReason::PaymentFailed {
                    code: "CARD_DECLINED".to_owned(),
                },
                false,
            ),
        ),
        (
            Some("timed-out"),
            cancelled(CancelReason::PaymentTimedOut, false),
        ),
        (
            None,
            OrderEvent::OrderPointsApplied {
                points: 1_000,
                payable: krw(29_000),
            },
        ),
        (
            None,
            OrderEvent::OrderRefundStarted {
                refund_id: refund_id(1),
                payment_id: payment_id(1),
                amount: krw(9_351),
                points: 322,
                lines: vec![RefundedLine {
                    order_item_id: order_item_id(2),
                    product_id: product_id(2),
                    quantity: 1,
                    amount: krw(9_351),
                    points: 322,
                    left_quantity: 2,
                    left_amount: krw(18_703),
                    left_points: 646,
                }],
                restock: true,
                reason: "사이즈가 작아요".to_owned(),
            },
        ),
        (
            None,
            OrderEvent::OrderRefunded {
                refund_id: refund_id(1),
                amount: krw(9_351),
                points: 322,
                whole: false,
            },
        ),
    ]
}

fn inventories() -> Cases<InventoryEvent> {
    let order_id = order_id(1);
    let allocations = || allocations(&[("seoul", 2), ("busan", 1)]);
    vec![
        (
            None,
            InventoryEvent::StockReceived {
                warehouse: warehouse("seoul"),
                quantity: 100,
            },
        ),
        (
            None,
            InventoryEvent::StockAdjusted {
                warehouse: warehouse("busan"),
                delta: -3,
                reason: "breakage".to_owned(),
            },
        ),
        (
            None,
            InventoryEvent::StockReserved {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockDeducted {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockReleased {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockReturned {
                order_id,
                allocations: allocations(),
            },
        ),
    ]
}

fn coupon_pools() -> Cases<CouponPoolEvent> {
    let created = |discount| CouponPoolEvent::CouponPoolCreated {
        name: "봄 할인".to_owned(),
        quantity: 1_000,
        discount,
        valid_from: at(0),
        valid_until: at(60),
    };
    let percent = |max_amount| DiscountRule::Percent {
        percent: 15,
        max_amount,
    };
    let (user_id, code, order_id) = (user("ann"), coupon(42), order_id(1));
    vec![
        (None, created(DiscountRule::Fixed { amount: krw(700) })),
        (Some("percent"), created(percent(None))),
        (
            Some("percent-with-ceiling"),
            created(percent(Some(krw(5_000)))),
        ),
        (
            None,
            CouponPoolEvent::CouponIssued {
                user_id: user_id.clone(),
                code,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponHeld {
                user_id: user_id.clone(),
                code,
                order_id,
                amount: krw(700),
            },
        ),
        (
            None,
            CouponPoolEvent::CouponUsed {
                user_id: user_id.clone(),
                code,
                order_id,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponReleased {
                user_id: user_id.clone(),
                code,
                order_id,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponGivenBack {
                user_id,
                code,
                order_id,
            },
        ),
        (None, CouponPoolEvent::CouponPoolClosed {}),
    ]
}

fn payments() -> Cases<PaymentEvent> {
    let (order_id, user_id, amount) = (order_id(1), user("ann"), krw(30_000));
    let gateway_transaction_id = "mock-0001".to_owned();
    let unknown = |reason: &str, inquiries, next_inquiry_at| PaymentEvent::PaymentOutcomeUnknown {
        order_id,
        reason: reason.to_owned(),
        inquiries,
        next_inquiry_at,
    };
    let delayed = |attempts, next_attempt_at| PaymentEvent::PaymentRefundDelayed {
        refund_id: refund_id(1),
        reason: "timeout".to_owned(),
        attempts,
        next_attempt_at,
        refused: false,
    };
    let failed = |code: &str, message: &str| PaymentEvent::PaymentFailed {
        order_id,
        user_id: user("ann"),
        amount,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let mut cases: Cases<PaymentEvent> = vec![
        (
            None,
            PaymentEvent::PaymentRequested {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway: "mock".to_owned(),
                token: "tok_approve_7f3a".to_owned(),
                method_id: None,
            },
        ),
        (
            Some("by-method"),
            PaymentEvent::PaymentRequested {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway: "toss".to_owned(),
                token: String::new(),
                method_id: Some(method_id(1)),
            },
        ),
        (
            None,
            PaymentEvent::PaymentSucceeded {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway_transaction_id: gateway_transaction_id.clone(),
            },
        ),
        (
            None,
            PaymentEvent::PaymentMismatched {
                order_id,
                user_id: user_id.clone(),
                expected: amount,
                charged: krw(29_999),
                gateway_transaction_id,
            },
        ),
        (None, unknown("timeout", 1, Some(at(1)))),
        (Some("never-again"), unknown(NO_RECORD, 13, None)),
        (None, failed("CARD_DECLINED", "The card was declined.")),
        (
            Some("no-record"),
            failed(NO_RECORD, "the gateway has no record of the payment"),
        ),
        (
            Some("no-deposit"),
            failed(DEPOSIT_EXPIRED, "nobody paid into the account in time"),
        ),
        (
            None,
            PaymentEvent::PaymentDepositAwaited {
                order_id,
                user_id: user("ann"),
                amount,
                gateway_transaction_id: "mock-0001".to_owned(),
                account: DepositAccount {
                    bank: "20".to_owned(),
                    number: "X6505636518308".to_owned(),
                    holder: Some("박토스".to_owned()),
                    until: at(7 * 24 * 60),
                    open_until: None,
                },
                inquiries: 0,
                next_inquiry_at: at(10),
            },
        ),
        (
            None,
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Notice(GatewayNotice {
                    notice_id: "a4b1c2".to_owned(),
                    status: Some("DONE".to_owned()),
                    amount: Some(30_000),
                    currency: Some("KRW".to_owned()),
                    left: None,
                    signed: false,
                }),
                due_at: None,
            },
        ),
        (
            Some("operator"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Operator {},
                due_at: None,
            },
        ),
        (
            None,
            PaymentEvent::PaymentReviewRequired {
                order_id,
                reason: ReviewReason::DepositTakenBack,
                amount: Some(amount),
            },
        ),
        (
            Some("without-amount"),
            PaymentEvent::PaymentReviewRequired {
                order_id,
                reason: ReviewReason::AnswerMismatched,
                amount: None,
            },
        ),
        (None, delayed(1, Some(at(1)))),
        (Some("never-again"), delayed(13, None)),
        (
            Some("refused"),
            PaymentEvent::PaymentRefundDelayed {
                refund_id: refund_id(1),
                reason: "REFUSED_NOT_CANCELABLE_PAYMENT".to_owned(),
                attempts: 1,
                next_attempt_at: Some(at(1)),
                refused: true,
            },
        ),
    ];
    let reasons = [
        (None, RefundReason::OrderCancelled),
        (Some("late-success"), RefundReason::LateSuccess),
        (Some("amount-mismatch"), RefundReason::AmountMismatch),
        (Some("requested"), RefundReason::Requested),
    ];
    for (case, reason) in reasons {
        let (refund_id, user_id) = (refund_id(1), user_id.clone());
        let requested = PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        };
        let refunded = PaymentEvent::PaymentRefunded {
            order_id,
            user_id,
            refund_id,
            amount,
            reason,
            others_remain: false,
        };
        cases.extend([(case, requested), (case, refunded)]);
    }
    cases.extend([
        (
            Some("others-remain"),
            PaymentEvent::PaymentRefunded {
                order_id,
                user_id: user("ann"),
                refund_id: refund_id(1),
                amount: krw(0),
                reason: RefundReason::Requested,
                others_remain: true,
            },
        ),
        (
            Some("open-for-longer"),
            PaymentEvent::PaymentDepositAwaited {
                order_id,
                user_id: user("ann"),
                amount,
                gateway_transaction_id: "mock-0001".to_owned(),
                account: DepositAccount {
                    bank: "20".to_owned(),
                    number: "X6505636518308".to_owned(),
                    holder: None,
                    until: at(24 * 60),
                    open_until: Some(at(7 * 24 * 60)),
                },
                inquiries: 0,
                next_inquiry_at: at(10),
            },
        ),
        (
            Some("overtaken"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Overtaken {},
                due_at: None,
            },
        ),
        (
            Some("put-off"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Notice(GatewayNotice {
                    notice_id: "a4b1c3".to_owned(),
                    status: Some("PARTIAL_CANCELED".to_owned()),
                    amount: Some(30_000),
                    currency: Some("KRW".to_owned()),
                    left: Some(12_000),
                    signed: true,
                }),
                due_at: Some(at(10)),
            },
        ),
    ]);
    cases
}

fn payment_methods() -> Cases<PaymentMethodEvent> {
    let method_id = method_id(1);
    let registered =
        |kind, card: Option<(&str, &str)>| PaymentMethodEvent::PaymentMethodRegistered {
            method_id,
            gateway: "toss".to_owned(),
            kind,
            card_company: card.map(|(company, _)| company.to_owned()),
            card_last4: card.map(|(_, last4)| last4.to_owned()),
        };
    let deleted = |reason| PaymentMethodEvent::PaymentMethodDeleted {
        method_id,
        gateway: "toss".to_owned(),
        reason,
    };
    let erasure_delayed =
        |attempts, next_attempt_at| PaymentMethodEvent::PaymentMethodErasureDelayed {
            method_id,
            reason: "TIMEOUT".to_owned(),
            attempts,
            next_attempt_at,
        };
    vec![
        (
            None,
            PaymentMethodEvent::PaymentMethodRequested {
                method_id,
                gateway: "toss".to_owned(),
                auth_token: "tok_approve".to_owned(),
            },
        ),
        (
            None,
            PaymentMethodEvent::PaymentMethodRegistrationDelayed {
                method_id,
                reason: "TIMEOUT".to_owned(),
                attempts: 1,
                next_attempt_at: at(1),
            },
        ),
        (
            None,
            PaymentMethodEvent::PaymentMethodRegistrationFailed {
                method_id,
                code: "INVALID_AUTH_KEY".to_owned(),
                message: "잘못된 인증 정보입니다".to_owned(),
            },
        ),
        (None, registered(MethodKind::Card, Some(("71", "1234")))),
        (Some("account"), registered(MethodKind::Account, None)),
        (Some("mobile"), registered(MethodKind::Mobile, None)),
        (
            None,
            PaymentMethodEvent::PaymentMethodMadeDefault { method_id },
        ),
        (None, deleted(DeletionReason::Requested)),
        (Some("by-gateway"), deleted(DeletionReason::Gateway)),
        (None, erasure_delayed(1, Some(at(1)))),
        (Some("given-up"), erasure_delayed(12, None)),
        (None, PaymentMethodEvent::PaymentMethodErased { method_id }),
    ]
}

fn points_accounts() -> Cases<PointsEvent> {
    let (order_id, refund_id) = (order_id(1), refund_id(1));
    let allocation = |line, lot, number| Allocation {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
    };
    let back = |line, lot, number, repaid, expired| GivenBack {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
        repaid: points(repaid),
        expired: points(expired),
    };
    let lot = |lot, number| LotPoints {
        lot_id: lot_id(lot),
        points: points(number),
    };
    let adjusted = |delta, lots, expires_at| PointsEvent::PointsAdjusted {
        adjustment_id: adjustment_id(1),
        delta,
        reason: "배송 지연 보상".to_owned(),
        by: user("olga"),
        lots,
        adjusted_at: at(5),
        expires_at,
    };
    vec![
        (
            None,
            PointsEvent::PointsEarned {
                order_id,
                lot_id: lot_id(1),
                points: points(300),
                lines: line_points(&[(1, 100), (2, 200)]),
                earned_at: at(31),
                expires_at: at(525_631),
            },
        ),
        (
            None,
            PointsEvent::PointsHeld {
                order_id,
                points: points(120),
                allocations: vec![
                    allocation(1, 1, 70),
                    allocation(1, 2, 10),
                    allocation(2, 2, 40),
                ],
                held_at: at(1),
            },
        ),
        (
            None,
            PointsEvent::PointsSpent {
                order_id,
                points: points(120),
            },
        ),
        (
            None,
            PointsEvent::PointsReleased {
                order_id,
                points: points(120),
                allocations: vec![back(1, 1, 80, 0, 80), back(2, 2, 40, 0, 0)],
            },
        ),
        (
            None,
            PointsEvent::PointsReturned {
                order_id,
                refund_id,
                points: points(50),
                allocations: vec![back(1, 2, 10, 0, 0), back(1, 1, 40, 30, 0)],
            },
        ),
        (
            None,
            PointsEvent::PointsTakenBack {
                order_id,
                refund_id,
                lot_id: lot_id(1),
                points: points(150),
                lines: line_points(&[(1, 100), (2, 50)]),
                unexpired: points(20),
                owed: points(30),
            },
        ),
        (
            None,
            PointsEvent::PointsExpired {
                lot_id: lot_id(1),
                points: points(180),
                expired_at: at(525_631),
            },
        ),
        (None, adjusted(30, vec![lot(3, 30)], Some(at(525_600)))),
        (
            Some("downwards"),
            adjusted(-45, vec![lot(3, 30), lot(1, 15)], None),
        ),
    ]
}

fn products() -> Cases<ProductEvent> {
    let plain = ProductDetails {
        name: "green tea".to_owned(),
        category: "tea".to_owned(),
        brand: "Boseong".to_owned(),
        description: None,
        images: vec![],
    };
    let full = ProductDetails {
        description: Some("첫물 녹차, hand picked".to_owned()),
        images: vec!["https://images.example.org/tea.jpg".to_owned()],
        ..plain.clone()
    };
    let price = krw(9_900);
    vec![
        (
            None,
            ProductEvent::ProductCreated {
                details: full.clone(),
                price,
            },
        ),
        (
            Some("plain"),
            ProductEvent::ProductCreated {
                details: plain,
                price,
            },
        ),
        (None, ProductEvent::ProductDescribed { details: full }),
        (None, ProductEvent::ProductRepriced { price }),
        (None, ProductEvent::ProductPutOnSale {}),
        (None, ProductEvent::ProductMarkedSoldOut {}),
    ]
}

//! From a request to a command, as the handlers of `command-api` do it: ids and time are made when the request
//! arrives, so a repeat brings others; id and fingerprint of the command follow from the caller and the request.

mod lookups;

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{AskedBy, CancelOrder, ConfirmOrder, OrderItem, PlaceOrder, RequestPayment};
use domain::coupon_pool::{ClaimCoupon, CreateCouponPool, DiscountRule};
use domain::inventory::{AdjustStock, ReceiveStock};
use domain::order::OrderCommand;
use domain::payment_method::{
    DeletePaymentMethod, DeletionReason, MakeDefaultPaymentMethod, RequestPaymentMethod,
};
use domain::points::{AdjustPoints, EarningPolicy, Points};
use domain::product::{ChangeProduct, PatchProduct, ProductCommand, ProductDetails};
use domain::{
    AdjustmentId, CouponCode, CouponPoolId, Currency, LotId, Money, Operation, OrderId,
    OrderItemId, PaymentId, PaymentMethodId, ProductId, Quantity, RefundId, UserId, WarehouseId,
};
use event_store::{Command, CommandId, Context, Fingerprint};
use fastrand::Rng;
use uuid::Uuid;

use self::lookups::{Move, Refund};
use super::office::BANK;
use crate::bank::ACCOUNT_TOKEN;
use crate::deeds::{Means, Part};

/// How long points are valid: they expire while there are still faults.
const POINTS_VALID_FOR: TimeDelta = TimeDelta::minutes(4);
/// How long points are valid that an operator gives: many are there when an order is paid.
const GRANT_VALID_FOR: TimeDelta = TimeDelta::minutes(12);
/// How long an order may wait for its payment.
const PAYMENT_LIMIT: TimeDelta = TimeDelta::seconds(100);
/// How long a paid order may still be cancelled.
const CONFIRMATION_DELAY: TimeDelta = TimeDelta::seconds(90);

/// A request, as its body has it.
#[derive(Clone, Debug)]
pub(super) enum Request {
    CreateProduct {
        product: ProductId,
        won: i64,
    },
    PutOnSale {
        product: ProductId,
    },
    CreatePool {
        pool: CouponPoolId,
        quantity: u32,
        rule: DiscountRule,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    },
    Receive {
        product: ProductId,
        warehouse: WarehouseId,
        quantity: Quantity,
    },
    Adjust {
        product: ProductId,
        warehouse: WarehouseId,
        delta: i32,
    },
    Reprice {
        product: ProductId,
        won: i64,
    },
    Place {
        user: UserId,
        items: Vec<(ProductId, Quantity)>,
        coupon: Option<CouponCode>,
    },
    Pay {
        user: UserId,
        order: OrderId,
        coupon: Option<CouponCode>,
        points: Points,
        means: Means,
        method: Option<PaymentMethodId>,
    },
    Save {
        user: UserId,
        auth_token: String,
    },
    MakeDefault {
        user: UserId,
        method: PaymentMethodId,
    },
    Forget {
        user: UserId,
        method: PaymentMethodId,
    },
    Grant {
        user: UserId,
        points: i64,
        by: UserId,
    },
    Cancel {
        order: OrderId,
        by: AskedBy,
    },
    Refund {
        order: OrderId,
        by: AskedBy,
        part: Part,
    },
    Claim {
        user: UserId,
        pool: CouponPoolId,
    },
    Confirm {
        order: OrderId,
    },
    Ship {
        order: OrderId,
    },
    Deliver {
        order: OrderId,
    },
}

/// Who sends a request, and under which key.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) principal: String,
    pub(super) key: String,
}

impl Envelope {
    /// The command's id: the same for the same caller and key.
    pub(super) fn command_id(&self) -> CommandId {
        CommandId::from_key(&self.principal, &self.key)
    }
}

/// An id that nobody else has.
pub(super) fn new_id(rng: &mut Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
}

/// The command that a request is, when it arrives now.
pub(super) fn command(
    envelope: &Envelope,
    request: &Request,
    now: DateTime<Utc>,
    rng: &mut Rng,
) -> Command {
    let id = envelope.command_id();
    let fingerprint = Fingerprint::of(&[format!("{request:?}").as_bytes()]);
    let context = Context {
        principal: envelope.principal.clone(),
        correlation_id: new_id(rng),
        causation_id: None,
        occurred_at: now,
    };
    let make = Made {
        id,
        fingerprint,
        context,
    };
    match request.clone() {
        Request::CreateProduct { product, won } => make.of(ChangeProduct {
            product_id: product,
            command: ProductCommand::Create {
                details: details(),
                price: price(won),
            },
        }),
        Request::PutOnSale { product } => make.of(ChangeProduct {
            product_id: product,
            command: ProductCommand::PutOnSale,
        }),
        Request::CreatePool {
            pool,
            quantity,
            rule,
            from,
            until,
        } => make.of(CreateCouponPool {
            pool_id: pool,
            name: "spring".to_owned(),
            quantity,
            discount: rule,
            valid_from: from,
            valid_until: until,
        }),
        Request::Receive {
            product,
            warehouse,
            quantity,
        } => make.of(ReceiveStock {
            product_id: product,
            warehouse,
            quantity,
        }),
        Request::Adjust {
            product,
            warehouse,
            delta,
        } => make.of(AdjustStock {
            product_id: product,
            warehouse,
            delta,
            reason: "counted".to_owned(),
        }),
        Request::Reprice { product, won } => make.of(PatchProduct {
            product_id: product,
            name: None,
            category: None,
            brand: None,
            description: None,
            images: None,
            price: Some(price(won)),
            seen: None,
        }),
        Request::Place {
            user,
            items,
            coupon,
        } => {
            let items = items.into_iter().map(|(product_id, quantity)| OrderItem {
                order_item_id: OrderItemId::new(new_id(rng)),
                product_id,
                quantity,
            });
            let items = items.collect();
            make.of(PlaceOrder {
                order_id: OrderId::new(new_id(rng)),
                user_id: user,
                items,
                coupon,
                now,
                payment_due_at: now + PAYMENT_LIMIT,
            })
        }
        Request::Pay {
            user,
            order,
            coupon,
            points,
            means,
            method,
        } => make.of(RequestPayment {
            payment_id: PaymentId::of_order(order),
            order_id: order,
            user_id: user,
            gateway: BANK.to_owned(),
            token: method.map_or_else(|| token(means), |_| "").to_owned(),
            method_id: method,
            points,
            coupon,
            now,
            confirmation_due_at: now + CONFIRMATION_DELAY,
        }),
        Request::Save { user, auth_token } => make.of(RequestPaymentMethod {
            user_id: user,
            method_id: PaymentMethodId::new(new_id(rng)),
            gateway: BANK.to_owned(),
            auth_token,
        }),
        Request::MakeDefault { user, method } => make.of(MakeDefaultPaymentMethod {
            user_id: user,
            method_id: method,
        }),
        Request::Forget { user, method } => make.of(DeletePaymentMethod {
            user_id: user,
            method_id: method,
            reason: DeletionReason::Requested,
        }),
        Request::Grant { user, points, by } => make.of(AdjustPoints {
            user_id: user,
            adjustment_id: AdjustmentId::new(new_id(rng)),
            delta: points,
            reason: "sorry".to_owned(),
            by,
            expires_at: Some(now + GRANT_VALID_FOR),
            now,
        }),
        Request::Cancel { order, by } => make.of(CancelOrder {
            order_id: order,
            by,
            reason: "changed my mind".to_owned(),
            refund_id: RefundId::new(new_id(rng)),
        }),
        Request::Refund { order, by, part } => make.of(Refund {
            refund_id: RefundId::new(new_id(rng)),
            order,
            by,
            part,
        }),
        Request::Claim { user, pool } => make.of(ClaimCoupon {
            pool_id: pool,
            user_id: user,
            now,
        }),
        Request::Confirm { order } => make.of(ConfirmOrder {
            order_id: order,
            lot_id: LotId::new(new_id(rng)),
            earning: earning(),
            now,
        }),
        Request::Ship { order } => make.of(Move {
            order,
            command: OrderCommand::Ship,
        }),
        Request::Deliver { order } => make.of(Move {
            order,
            command: OrderCommand::Deliver,
        }),
    }
}

/// What the buyer's browser brings; of one who has no saved method that of a card.
fn token(means: Means) -> &'static str {
    match means {
        Means::Card | Means::Saved(_) => "tok",
        Means::Account => ACCOUNT_TOKEN,
    }
}

/// What orders earn, whoever confirms them.
pub(super) fn earning() -> EarningPolicy {
    EarningPolicy {
        // A tenth of the money, so that a part of a small order has earned something, too.
        rate_bps: 1_000,
        valid_for: POINTS_VALID_FOR,
        ..EarningPolicy::default()
    }
}

struct Made {
    id: CommandId,
    fingerprint: Fingerprint,
    context: Context,
}

impl Made {
    fn of(self, operation: impl Operation + 'static) -> Command {
        Command::new(self.id, self.fingerprint, operation, self.context)
    }
}

fn details() -> ProductDetails {
    ProductDetails {
        name: "A kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: vec![],
    }
}

/// So many won.
pub(super) fn price(won: i64) -> Money {
    Money::new(won, Currency::Krw).unwrap_or_else(|_| Money::zero(Currency::Krw))
}

//! From a request to a command, as the handlers of `command-api` do it: ids and time are made when the request
//! arrives, so a repeat brings others; id and fingerprint of the command follow from the caller and the request.

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{
    AskedBy, CancelOrder, ConfirmOrder, OrderItem, PlaceOrder, RefundPayment, RequestPayment,
};
use domain::coupon_pool::{ClaimCoupon, CreateCouponPool, DiscountRule};
use domain::inventory::{AdjustStock, ReceiveStock};
use domain::order::{Order, OrderCommand, OrderError, OrderStatus, RefundItem, RefundScope};
use domain::points::{AdjustPoints, EarningPolicy, Points};
use domain::product::{ChangeProduct, PatchProduct, ProductCommand, ProductDetails};
use domain::{
    AdjustmentId, CouponCode, CouponPoolId, Currency, Halt, LotId, Money, Operation, OrderId,
    OrderItemId, PaymentId, ProductId, Quantity, RefundId, Rejection, StreamId, UserId,
    WarehouseId, Workspace,
};
use event_store::{Command, CommandId, Context, Fingerprint};
use fastrand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::BANK;
use crate::deeds::Part;

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
        } => make.of(RequestPayment {
            payment_id: PaymentId::of_order(order),
            order_id: order,
            user_id: user,
            gateway: BANK.to_owned(),
            token: "tok".to_owned(),
            points,
            coupon,
            now,
            confirmation_due_at: now + CONFIRMATION_DELAY,
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

/// An order goes on its way: the shop has the rule, and no endpoint for it yet.
#[derive(Debug)]
struct Move {
    order: OrderId,
    command: OrderCommand,
}

impl Operation for Move {
    fn name(&self) -> &'static str {
        "move-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace.execute::<Order>(self.order, self.command.clone())?;
        let order = workspace.read::<Order>(self.order)?;
        let order = order.placed().map_err(Rejection::from)?;
        Ok(json!({ "id": self.order, "status": order.status }))
    }
}

/// A part of an order goes back. A client would have read the order and its payment; here they are looked up
/// when the request is decided.
#[derive(Debug)]
struct Refund {
    refund_id: RefundId,
    order: OrderId,
    by: AskedBy,
    part: Part,
}

impl Operation for Refund {
    fn name(&self) -> &'static str {
        "refund-payment"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace.read::<Order>(self.order)?;
        let order = order.placed().map_err(Rejection::from)?;
        let status = order.status;
        let Some(payment_id) = order.payment_id.filter(|_| status != OrderStatus::Pending) else {
            return Err(Rejection::from(OrderError::NotRefundable { status }).into());
        };
        let scope = match self.part {
            Part::All => RefundScope::Everything,
            Part::Won(won) => RefundScope::Amount(price(won)),
            Part::Pieces { line, quantity } => {
                let place = line.checked_rem(order.lines.len()).unwrap_or(0);
                let line = order.lines.get(place);
                let item = line.map(|line| RefundItem {
                    order_item_id: line.order_item_id,
                    quantity,
                });
                RefundScope::Items(item.into_iter().collect())
            }
        };
        let refund = RefundPayment {
            refund_id: self.refund_id,
            payment_id,
            scope,
            reason: "too small".to_owned(),
            by: self.by.clone(),
        };
        refund.decide(workspace)
    }
}

//! Placing an order (O-01): order + items + stock reservation + coupon hold, or nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::error::CheckoutError;
use crate::coupon_pool::{CouponPool, CouponPoolCommand};
use crate::ids::{CouponCode, OrderId, OrderItemId, PaymentId, ProductId, UserId};
use crate::inventory::{Inventory, InventoryCommand};
use crate::money::Money;
use crate::order::{Discount, Order, OrderCommand, OrderError, OrderLine};
use crate::product::Product;
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Place an order at the prices of this moment.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// The order's new id.
    pub order_id: OrderId,
    /// Who buys.
    pub user_id: UserId,
    /// What they buy. Lines of one product count together.
    pub items: Vec<OrderItem>,
    /// A coupon of theirs.
    pub coupon: Option<CouponCode>,
    /// When.
    pub now: DateTime<Utc>,
    /// When it is cancelled if unpaid.
    pub payment_due_at: DateTime<Utc>,
}

/// An item as the buyer asked for it.
#[derive(Clone, Copy, Debug)]
pub struct OrderItem {
    /// A new id, for the line that it becomes.
    pub order_item_id: OrderItemId,
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
}

impl Operation for PlaceOrder {
    fn name(&self) -> &'static str {
        "place-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        let mut streams = vec![StreamId::of::<Order>(self.order_id)];
        for item in &self.items {
            streams.push(StreamId::of::<Product>(item.product_id));
            streams.push(StreamId::of::<Inventory>(item.product_id));
        }
        streams.extend(
            self.coupon
                .map(|code| StreamId::of::<CouponPool>(code.pool())),
        );
        streams
    }

    fn new_streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let mut lines = Vec::new();
        for (index, item) in self.merged_items()? {
            let line = self
                .reserve(workspace, item)
                .map_err(|halt| at_item(halt, index, item.product_id))?;
            lines.push(line);
        }
        let subtotal = sum(&lines)?;
        let discount = self.hold_coupon(workspace, subtotal)?;
        let place = OrderCommand::Place {
            user_id: self.user_id.clone(),
            lines,
            discount,
            payment_due_at: self.payment_due_at,
        };
        workspace.execute::<Order>(self.order_id, place)?;
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?;
        Ok(json!({
            "id": self.order_id,
            "paymentId": PaymentId::of_order(self.order_id),
            "totalAmount": order.total,
            "status": order.status,
        }))
    }
}

impl PlaceOrder {
    /// One item a product, at the place of its first mention.
    fn merged_items(&self) -> Result<Vec<(usize, OrderItem)>, Halt> {
        let mut merged: Vec<(usize, OrderItem)> = Vec::with_capacity(self.items.len());
        let mut places: BTreeMap<ProductId, usize> = BTreeMap::new();
        for (index, item) in self.items.iter().enumerate() {
            let place = places
                .get(&item.product_id)
                .and_then(|place| merged.get_mut(*place));
            if let Some((_, first)) = place {
                first.quantity = first
                    .quantity
                    .plus(item.quantity)
                    .map_err(|error| Rejection::from(CheckoutError::TooMany { index, error }))?;
            } else {
                places.insert(item.product_id, merged.len());
                merged.push((index, *item));
            }
        }
        if merged.len() > Order::LINES_MAX {
            // Before any of them is looked at: a refusal must be cheap.
            return Err(Rejection::from(bad_lines()).into());
        }
        Ok(merged)
    }

    /// Holds the item's stock and makes its line at today's price.
    fn reserve(&self, workspace: &mut Workspace<'_>, item: OrderItem) -> Result<OrderLine, Halt> {
        let product = workspace.read::<Product>(item.product_id)?;
        let (name, unit_price) = product.offer().map_err(Rejection::from)?;
        let name = name.to_owned();
        let amount = unit_price
            .times(item.quantity.get())
            .map_err(|error| Rejection::from(OrderError::BadTotal(error)))?;
        workspace.execute::<Inventory>(
            item.product_id,
            InventoryCommand::Reserve {
                order_id: self.order_id,
                quantity: item.quantity,
            },
        )?;
        let inventory = workspace.read::<Inventory>(item.product_id)?;
        Ok(OrderLine {
            order_item_id: item.order_item_id,
            product_id: item.product_id,
            name,
            quantity: item.quantity.get(),
            unit_price,
            amount,
            allocations: inventory.held_by(self.order_id).to_vec(),
        })
    }

    fn hold_coupon(
        &self,
        workspace: &mut Workspace<'_>,
        subtotal: Money,
    ) -> Result<Option<Discount>, Halt> {
        self.coupon
            .map(|code| {
                hold_coupon(
                    workspace,
                    &self.user_id,
                    code,
                    self.order_id,
                    subtotal,
                    self.now,
                )
            })
            .transpose()
    }
}

/// Holds a user's coupon for an order of this sum, and says what it takes off.
pub(super) fn hold_coupon(
    workspace: &mut Workspace<'_>,
    user_id: &UserId,
    code: CouponCode,
    order_id: OrderId,
    subtotal: Money,
    now: DateTime<Utc>,
) -> Result<Discount, Halt> {
    let user_id = user_id.clone();
    workspace.execute::<CouponPool>(
        code.pool(),
        CouponPoolCommand::Hold {
            user_id,
            code,
            order_id,
            subtotal,
            now,
        },
    )?;
    let pool = workspace.read::<CouponPool>(code.pool())?;
    let amount = pool.amount_off(subtotal).map_err(Rejection::from)?;
    Ok(Discount { code, amount })
}

fn sum(lines: &[OrderLine]) -> Result<Money, Halt> {
    let (first, rest) = lines.split_first().ok_or(Rejection::from(bad_lines()))?;
    let sum = rest
        .iter()
        .try_fold(first.amount, |sum, line| sum.plus(line.amount));
    sum.map_err(|error| Halt::Reject(OrderError::BadTotal(error).into()))
}

fn bad_lines() -> OrderError {
    OrderError::BadLines {
        max: Order::LINES_MAX,
    }
}

/// Says which item was refused.
fn at_item(halt: Halt, index: usize, product_id: ProductId) -> Halt {
    match halt {
        Halt::Reject(rejection) => Halt::Reject(
            CheckoutError::Item {
                index,
                product_id,
                rejection: Box::new(rejection),
            }
            .into(),
        ),
        other => other,
    }
}

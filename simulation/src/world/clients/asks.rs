//! What the shop's people ask for: how it is opened, and what each deed comes to as a request.

use chrono::TimeDelta;
use domain::checkout::AskedBy;
use domain::coupon_pool::DiscountRule;
use domain::points::Points;
use domain::{
    CouponCode, CouponPoolId, OrderId, PaymentMethodId, ProductId, Quantity, UserId, WarehouseId,
};

use super::super::operations::{Request, new_id, price};
use super::super::{World, node_name};
use super::Op;
use crate::chance::Topic;
use crate::deeds::{Means, POOLS, PRODUCTS, SHOPPERS, WAREHOUSES, What, Which};

/// Who runs the shop.
const OPERATOR: &str = "operator";

pub(super) fn shopper_name(shopper: usize) -> String {
    format!("shopper-{}", shopper % SHOPPERS)
}

impl World {
    /// Products with a few pieces each, pools with a few coupons.
    pub(super) fn opening(&self) -> Vec<Op> {
        let mut requests = Vec::new();
        let mut rng = self.chance.of(Topic::Shop, 1, 0);
        let has_plenty = rng.u8(0..3) == 0;
        for index in 0..PRODUCTS {
            let product = self.product(index);
            let won = rng.i64(50..3_000);
            requests.push(Request::CreateProduct { product, won });
            requests.push(Request::PutOnSale { product });
            for name in WAREHOUSES {
                // Mostly few pieces, so that several want the last one.
                let pieces = if has_plenty {
                    rng.u32(4..20)
                } else {
                    rng.u32(1..5)
                };
                if let (Ok(warehouse), Ok(quantity)) = (name.parse(), Quantity::new(pieces)) {
                    requests.push(Request::Receive {
                        product,
                        warehouse,
                        quantity,
                    });
                }
            }
        }
        for shopper in 0..SHOPPERS {
            if let (Ok(user), Ok(by)) = (shopper_name(shopper).parse(), OPERATOR.parse()) {
                let points = rng.i64(1..4_000);
                requests.push(Request::Grant { user, points, by });
            }
        }
        let now = self.true_time();
        for index in 0..POOLS {
            let rule = match rng.u8(0..3) {
                0 => DiscountRule::Fixed {
                    amount: price(rng.i64(50..2_000)),
                },
                1 => DiscountRule::Percent {
                    percent: 100,
                    max_amount: None,
                },
                _ => DiscountRule::Percent {
                    percent: rng.u8(5..60),
                    max_amount: Some(price(700)),
                },
            };
            requests.push(Request::CreatePool {
                pool: self.pool(index),
                quantity: rng.u32(1..4),
                rule,
                from: now - TimeDelta::minutes(10),
                until: now + TimeDelta::minutes(rng.i64(4..19)),
            });
        }
        let by_operator = requests
            .into_iter()
            .map(|request| (OPERATOR.to_owned(), request));
        // Most shoppers come with a method, which they save first.
        let comers = (0..SHOPPERS).filter(|_| rng.u8(0..4) > 0);
        let savings = comers.filter_map(|shopper| {
            let (name, auth_token) = (shopper_name(shopper), format!("opening-{shopper}"));
            let user = name.parse().ok()?;
            Some((name, Request::Save { user, auth_token }))
        });
        let numbered = by_operator.chain(savings).enumerate();
        let opening = numbered.map(|(number, (principal, request))| {
            self.op(&principal, format!("opening-{number}"), request, None)
        });
        opening.collect()
    }

    pub(super) fn product(&self, index: usize) -> ProductId {
        ProductId::new(new_id(&mut self.chance.of(
            Topic::Shop,
            2,
            node_name(index),
        )))
    }

    pub(in crate::world) fn pool(&self, index: usize) -> CouponPoolId {
        CouponPoolId::new(new_id(&mut self.chance.of(
            Topic::Shop,
            3,
            node_name(index),
        )))
    }

    /// The request that a deed is; `None` while what it builds on is not there.
    pub(super) fn request(&self, shopper: usize, what: &What) -> Option<(String, Request)> {
        let name = shopper_name(shopper);
        let user: UserId = name.parse().ok()?;
        let operator = OPERATOR.to_owned();
        let warehouse = |index: usize| WAREHOUSES.get(index)?.parse::<WarehouseId>().ok();
        Some(match what {
            What::Place { items, coupon } => {
                let items = items.iter().map(|(product, quantity)| {
                    let quantity = Quantity::new(*quantity).ok()?;
                    Some((self.product(*product), quantity))
                });
                let items = items.collect::<Option<Vec<_>>>()?;
                let coupon = coupon.then(|| self.coupon_of(&name)).flatten();
                (
                    name,
                    Request::Place {
                        user,
                        items,
                        coupon,
                    },
                )
            }
            What::Pay {
                order,
                coupon,
                points,
                means,
            } => {
                let (name, order) = self.order(*order)?;
                let method = match means {
                    Means::Saved(number) => self.saved_method(&name, *number),
                    Means::Card | Means::Account => None,
                };
                let coupon = coupon.then(|| self.coupon_of(&name)).flatten();
                let user = name.parse().ok()?;
                (
                    name,
                    Request::Pay {
                        user,
                        order,
                        coupon,
                        points: Points::new(*points).ok()?,
                        method,
                        means: *means,
                    },
                )
            }
            What::Grant { points } => (
                operator,
                Request::Grant {
                    user,
                    points: *points,
                    by: OPERATOR.parse().ok()?,
                },
            ),
            What::Cancel { order, by_operator } => {
                let (name, order) = self.order(*order)?;
                if *by_operator {
                    (
                        operator,
                        Request::Cancel {
                            order,
                            by: AskedBy::Operator,
                        },
                    )
                } else {
                    let by = AskedBy::User(name.parse().ok()?);
                    (name, Request::Cancel { order, by })
                }
            }
            What::Refund {
                order,
                by_operator,
                part,
            } => {
                let (name, order) = self.order(*order)?;
                let (principal, by) = if *by_operator {
                    (operator, AskedBy::Operator)
                } else {
                    let user = name.parse().ok()?;
                    (name, AskedBy::User(user))
                };
                let part = *part;
                (principal, Request::Refund { order, by, part })
            }
            What::Save { auth } => {
                let auth_token = format!("auth-{auth}");
                (name, Request::Save { user, auth_token })
            }
            What::MakeDefault { method } => {
                let method = self.method_asked_for(&name, *method)?;
                (name, Request::MakeDefault { user, method })
            }
            What::Forget { method } => {
                let method = match method {
                    Which::Saved(number) => self.saved_method(&name, *number),
                    Which::AskedFor(number) => self.method_asked_for(&name, *number),
                }?;
                (name, Request::Forget { user, method })
            }
            What::Claim { pool } => {
                let pool = self.pool(*pool);
                (name, Request::Claim { user, pool })
            }
            What::Again { .. } => return None,
            What::Receive {
                product,
                warehouse: place,
                quantity,
            } => {
                let (product, warehouse) = (self.product(*product), warehouse(*place)?);
                let quantity = Quantity::new(*quantity).ok()?;
                (
                    operator,
                    Request::Receive {
                        product,
                        warehouse,
                        quantity,
                    },
                )
            }
            What::Adjust {
                product,
                warehouse: place,
                delta,
            } => {
                let (product, warehouse) = (self.product(*product), warehouse(*place)?);
                (
                    operator,
                    Request::Adjust {
                        product,
                        warehouse,
                        delta: *delta,
                    },
                )
            }
            What::Reprice { product, won } => {
                let product = self.product(*product);
                (operator, Request::Reprice { product, won: *won })
            }
            What::Confirm { order } => (
                operator,
                Request::Confirm {
                    order: self.order(*order)?.1,
                },
            ),
            What::Ship { order } => (
                operator,
                Request::Ship {
                    order: self.order(*order)?.1,
                },
            ),
            What::Deliver { order } => (
                operator,
                Request::Deliver {
                    order: self.order(*order)?.1,
                },
            ),
        })
    }

    /// The order that a deed made, and whose it is.
    pub(super) fn order(&self, deed: usize) -> Option<(String, OrderId)> {
        let op = self.ops.iter().find(|op| op.deed == Some(deed))?;
        let id = op.was_accepted().then(|| op.member("id")).flatten()?;
        Some((op.envelope.principal.clone(), id.parse().ok()?))
    }

    /// The how-many-th, from the last, of the payment methods that somebody asked for.
    fn method_asked_for(&self, name: &str, number: usize) -> Option<PaymentMethodId> {
        let asked: Vec<_> = self.methods_asked_for(name).collect();
        asked.get(number.checked_rem(asked.len())?).copied()
    }

    /// The how-many-th of those that they see to be saved. Who sees none tries, one in four, the last that they asked
    /// for: it is not saved yet, or no more.
    fn saved_method(&self, name: &str, number: usize) -> Option<PaymentMethodId> {
        let wallet = self.methods_of(name);
        let asked = self.methods_asked_for(name);
        let saved: Vec<_> = asked.filter(|id| wallet.active(*id).is_ok()).collect();
        match number.checked_rem(saved.len()) {
            Some(number) => saved.get(number).copied(),
            None if number == 0 => self.methods_asked_for(name).next(),
            None => None,
        }
    }

    pub(super) fn methods_asked_for(&self, name: &str) -> impl Iterator<Item = PaymentMethodId> {
        let saved = self.ops.iter().rev().filter(move |op| {
            let is_saving = matches!(op.request, Request::Save { .. });
            is_saving && op.envelope.principal == name && op.was_accepted()
        });
        saved.filter_map(|op| op.member("id")?.parse().ok())
    }

    /// The last coupon that somebody was given.
    pub(super) fn coupon_of(&self, name: &str) -> Option<CouponCode> {
        let mut claims = self.ops.iter().rev().filter(|op| {
            matches!(op.request, Request::Claim { .. }) && op.envelope.principal == name
        });
        let claim = claims.find(|op| op.was_accepted())?;
        claim.member("code")?.parse().ok()
    }
}

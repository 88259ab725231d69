//! What shoppers and operators will do, drawn up front: each deed can be left out without changing the others.

use std::collections::BTreeSet;

use crate::chance::{Chance, Topic};

/// Deeds of one world, at most.
pub(crate) const DEEDS_MAX: usize = 1_000;
/// Deeds of one world, at least.
pub(crate) const DEEDS_MIN: usize = 36;
/// Faults that a world shall see before its shoppers go home.
pub(crate) const FAULTS_WANTED: usize = 100;
pub(crate) const SHOPPERS: usize = 5;
pub(crate) const PRODUCTS: usize = 3;
pub(crate) const POOLS: usize = 2;
pub(crate) const WAREHOUSES: [&str; 2] = ["busan", "seoul"];

/// All deeds of a world.
pub(crate) struct Plan {
    pub(crate) deeds: Vec<Deed>,
    /// Only these are done, when a story is told again.
    pub(crate) kept: Option<BTreeSet<usize>>,
}

/// Something that somebody does.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// How long after the deed before.
    pub(crate) gap_us: u64,
    pub(crate) shopper: usize,
    pub(crate) what: What,
}

/// What somebody does. Other deeds are named by their index.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Place {
        items: Vec<(usize, u32)>,
        coupon: bool,
    },
    Pay {
        order: usize,
        coupon: bool,
        /// So many points of the buyer's.
        points: i64,
        means: Means,
    },
    /// An operator gives a shopper points.
    Grant {
        points: i64,
    },
    Cancel {
        order: usize,
        by_operator: bool,
    },
    Refund {
        order: usize,
        by_operator: bool,
        part: Part,
    },
    Claim {
        pool: usize,
    },
    /// A request that was sent before is sent again, with the same key.
    Again {
        deed: usize,
    },
    Receive {
        product: usize,
        warehouse: usize,
        quantity: u32,
    },
    Adjust {
        product: usize,
        warehouse: usize,
        delta: i32,
    },
    Reprice {
        product: usize,
        won: i64,
    },
    Confirm {
        order: usize,
    },
    Ship {
        order: usize,
    },
    Deliver {
        order: usize,
    },
    /// A shopper saves a payment method.
    Save {
        /// What their browser brings: another each time.
        auth: usize,
    },
    /// One of the methods that they asked for is what is charged when nothing else is named.
    MakeDefault {
        method: usize,
    },
    /// They have one of them forgotten.
    Forget {
        method: Which,
    },
}

/// A payment method of somebody's: the how-many-th, counted round.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// Of those that they see to be saved.
    Saved(usize),
    /// Of those that they asked for.
    AskedFor(usize),
}

/// What an order is paid by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    Card,
    /// An account that the gateway gives the buyer to pay into.
    Account,
    /// A saved payment method of the buyer's: the how-many-th, counted round.
    Saved(usize),
}

/// What of an order is to go back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    All,
    /// Pieces of the line at this place, counted round.
    Pieces {
        line: usize,
        quantity: u32,
    },
    Won(i64),
}

impl Plan {
    pub(crate) fn draw(chance: Chance, kept: Option<BTreeSet<usize>>) -> Self {
        let mut deeds: Vec<Deed> = Vec::with_capacity(DEEDS_MAX);
        let mut orders = Orders::default();
        let rush = chance.of(Topic::Shop, 0, 0).u64(2..12);
        for index in 0..DEEDS_MAX {
            let mut rng = chance.of(Topic::Deed, 0, index.try_into().unwrap_or(0));
            if let Some(regret) = regret(&mut rng, &deeds) {
                deeds.push(regret);
                continue;
            }
            let deed = Deed {
                // In a rush several come at once: for the last piece.
                gap_us: if rng.u64(0..rush) > 0 {
                    rng.u64(0..15_000)
                } else {
                    rng.u64(100_000..4_000_000)
                },
                shopper: rng.usize(0..SHOPPERS),
                what: draw_what(&mut rng, &mut orders, index),
            };
            if matches!(deed.what, What::Place { .. }) {
                orders.all.push(index);
                orders.unpaid.push(index);
            }
            deeds.push(deed);
        }
        Self { deeds, kept }
    }

    /// Whether this deed is done.
    pub(crate) fn has(&self, index: usize) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.contains(&index))
    }
}

/// The deeds that place an order, and those of them that nobody means to pay yet.
#[derive(Default)]
struct Orders {
    all: Vec<usize>,
    unpaid: Vec<usize>,
}

/// Somebody who has just paid with a saved method takes it back out, while it is charged.
fn regret(rng: &mut fastrand::Rng, deeds: &[Deed]) -> Option<Deed> {
    let What::Pay {
        order,
        means: Means::Saved(method),
        ..
    } = deeds.last()?.what
    else {
        return None;
    };
    let shopper = deeds.get(order)?.shopper;
    (rng.u8(0..3) == 0).then(|| Deed {
        gap_us: rng.u64(20_000..2_000_000),
        shopper,
        what: What::Forget {
            method: Which::Saved(method),
        },
    })
}

fn draw_what(rng: &mut fastrand::Rng, orders: &mut Orders, index: usize) -> What {
    let product = rng.usize(0..PRODUCTS);
    let warehouse = rng.usize(0..WAREHOUSES.len());
    let coupon = rng.u8(0..3) == 0;
    // Mostly one of the last orders: those are still open.
    let recent = orders.all.len().saturating_sub(rng.usize(1..7));
    let order = orders.all.get(recent).copied();
    match (rng.u8(0..124), order) {
        (0..=27, _) | (_, None) => {
            let count = rng.usize(1..4);
            let items = (0..count).map(|_| (rng.usize(0..PRODUCTS), rng.u32(1..3)));
            let items = items.collect();
            What::Place { items, coupon }
        }
        (28..=55 | 107..=123, Some(order)) => {
            // Mostly one that is not paid; some are never, and some twice.
            let unpaid = rng.u8(0..8) > 0 && orders.unpaid.len() > 1;
            let order = if unpaid {
                orders.unpaid.remove(0)
            } else {
                order
            };
            // Some orders are paid with points alone.
            let points = match rng.u8(0..8) {
                0..=2 => rng.i64(1..1_500),
                3 => rng.i64(1_500..6_000),
                _ => 0,
            };
            let means = match rng.u8(0..5) {
                0 => Means::Account,
                1 | 2 => Means::Saved(rng.usize(0..4)),
                _ => Means::Card,
            };
            What::Pay {
                order,
                coupon,
                points,
                means,
            }
        }
        (56..=59, Some(order)) => What::Cancel {
            order,
            by_operator: coupon,
        },
        (60..=66, Some(order)) => What::Refund {
            order,
            by_operator: coupon,
            part: match rng.u8(0..6) {
                0 => Part::All,
                1 => Part::Won(rng.i64(1..4_000)),
                _ => Part::Pieces {
                    line: rng.usize(0..3),
                    quantity: rng.u32(1..3),
                },
            },
        },
        (67..=70, _) => What::Claim {
            pool: rng.usize(0..POOLS),
        },
        (71..=78, _) if index > 0 => What::Again {
            deed: index - 1 - rng.usize(0..index.min(8)),
        },
        (71..=84, _) => What::Receive {
            product,
            warehouse,
            quantity: rng.u32(1..5),
        },
        (85..=87, _) => What::Adjust {
            product,
            warehouse,
            delta: rng.i32(-2..3),
        },
        (88..=89, _) => What::Grant {
            points: rng.i64(500..5_000),
        },
        (90..=91, _) => What::Reprice {
            product,
            won: rng.i64(100..4_000),
        },
        (92..=94, Some(order)) => What::Confirm { order },
        (95..=97, Some(order)) => What::Ship { order },
        (98..=99, Some(order)) => What::Deliver { order },
        (100..=103, _) => What::Save { auth: index },
        (104, _) => What::MakeDefault {
            method: rng.usize(0..3),
        },
        _ => What::Forget {
            method: Which::AskedFor(rng.usize(0..3)),
        },
    }
}

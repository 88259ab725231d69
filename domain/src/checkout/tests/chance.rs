//! A small shop and many shoppers who do anything, in any order: what `properties.rs` draws from.

mod world;

use proptest::prelude::*;

use super::gateway::{TOKENS, TOKENS_AND_ACCOUNTS};
pub(super) use world::{World, play};

/// The pools 1 and 2: of 1 500 won for 20 minutes, and of half the price for two hours.
const POOLS: u32 = 2;

/// One thing that somebody does. Numbers name an order or a payment, counted round.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Receive(u32, usize, u32),
    Adjust(u32, usize, i32),
    Reprice(u32, i64),
    Claim(usize, u32),
    Place(usize, Vec<(u32, u32)>, Option<u32>),
    /// Which order, with which token, coupon and points.
    Pay(u32, usize, Option<u32>, Points),
    /// An operator gives a shopper so many points, for so many minutes.
    Grant(usize, i64, i64),
    /// The first lot of a shopper's whose time is over expires.
    Lapse(usize),
    Answer(u32, Answer),
    Refunded(u32, bool),
    Cancel(u32, bool),
    /// Of which order, by its buyer or an operator, and what.
    Refund(u32, bool, Part),
    Expire(u32),
    Confirm(u32),
    Close(u32),
    /// Time passes, in minutes.
    Wait(i64),
    /// Everything in memory is lost.
    Forget,
    /// Something that was done is done again.
    Again(usize),
    /// The sagas do the step that is due, if one is, so many times.
    Step(usize),
    /// The gateway answers nothing to so many questions to come.
    Silence(u32),
}

/// What of an order is to go back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    All,
    /// Pieces of the line at this place.
    Pieces(usize, u32),
    Money(i64),
}

/// How much of an order is paid with points.
#[derive(Clone, Copy, Debug)]
pub(super) enum Points {
    None,
    /// So many.
    Some(i64),
    /// All that the buyer has, or all that it costs.
    Most,
}

/// What a gateway may say, true or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Approved,
    ApprovedLess,
    ApprovedTwice,
    Declined,
    NoRecord,
    Unknown,
    Account,
}

fn shopping() -> impl Strategy<Value = Deed> {
    let product = || 1..=3_u32;
    let which = || 1..=12_u32;
    // More often than not the gateway approves.
    let token = || {
        prop_oneof![
            6 => Just(0),
            5 => 0..TOKENS.len(),
            1 => TOKENS.len()..TOKENS_AND_ACCOUNTS.len(),
        ]
    };
    let coupon = || prop::option::weighted(0.5, 1..=POOLS);
    let items = prop::collection::vec((product(), 1..=4_u32), 1..=3);
    let points = prop_oneof![
        2 => Just(Points::None),
        2 => (1..=3_000_i64).prop_map(Points::Some),
        1 => Just(Points::Most),
    ];
    let part = prop_oneof![
        1 => Just(Part::All),
        4 => (0..3_usize, 1..=4_u32).prop_map(|(line, pieces)| Part::Pieces(line, pieces)),
        2 => (1..=4_000_i64).prop_map(Part::Money),
    ];
    prop_oneof![
        2 => (product(), 0..2_usize, 1..=5_u32).prop_map(|(p, w, q)| Deed::Receive(p, w, q)),
        1 => (product(), 0..2_usize, -4..=4_i32).prop_map(|(p, w, d)| Deed::Adjust(p, w, d)),
        1 => (product(), 1..=5_000_i64).prop_map(|(p, price)| Deed::Reprice(p, price)),
        4 => (0..4_usize, 1..=POOLS).prop_map(|(who, pool)| Deed::Claim(who, pool)),
        6 => (0..4_usize, items, coupon()).prop_map(|(who, items, c)| Deed::Place(who, items, c)),
        6 => (which(), token(), coupon(), points).prop_map(|(n, t, c, p)| Deed::Pay(n, t, c, p)),
        3 => (0..4_usize, 1..=3_000_i64, 1..=90_i64).prop_map(|(w, n, m)| Deed::Grant(w, n, m)),
        1 => (0..4_usize).prop_map(Deed::Lapse),
        6 => (which(), any::<bool>()).prop_map(|(n, buyer)| Deed::Cancel(n, buyer)),
        4 => (which(), any::<bool>(), part).prop_map(|(n, buyer, part)| Deed::Refund(n, buyer, part)),
        1 => which().prop_map(Deed::Expire),
        3 => which().prop_map(Deed::Confirm),
        2 => (1..=POOLS).prop_map(Deed::Close),
        4 => (1..=9_i64).prop_map(Deed::Wait),
        1 => Just(Deed::Forget),
        2 => any::<prop::sample::Index>().prop_map(|n| Deed::Again(n.index(1_000))),
    ]
}

fn answers() -> impl Strategy<Value = Deed> {
    let answer = prop_oneof![
        4 => Just(Answer::Approved),
        1 => Just(Answer::ApprovedLess),
        1 => Just(Answer::ApprovedTwice),
        1 => Just(Answer::Declined),
        2 => Just(Answer::NoRecord),
        2 => Just(Answer::Unknown),
        1 => Just(Answer::Account),
    ];
    prop_oneof![
        4 => (1..=12_u32, answer).prop_map(|(n, answer)| Deed::Answer(n, answer)),
        3 => (1..=12_u32, any::<bool>()).prop_map(|(n, done)| Deed::Refunded(n, done)),
    ]
}

fn steps() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (1..=2_usize).prop_map(Deed::Step),
        1 => (1..=5_u32).prop_map(Deed::Silence),
    ]
}

/// Shoppers, and gateways that say anything about any payment at any time.
pub(super) fn any_day() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(prop_oneof![2 => shopping(), 1 => answers()], 1..110)
}

/// The same day, on which nobody pays into an account: such a payment is given back by hand, not by the shop.
pub(super) fn by_card(mut day: Vec<Deed>) -> Vec<Deed> {
    for deed in &mut day {
        if let Deed::Pay(_, token, ..) = deed {
            *token %= TOKENS.len();
        }
    }
    day
}

/// Shoppers, sagas that run whenever they come to it, and a gateway that keeps its ledger.
pub(super) fn working_day() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(prop_oneof![2 => shopping(), 2 => steps()], 1..110)
}

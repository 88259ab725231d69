//! Where all chance comes from: the seed.
//!
//! A draw is named (what it is about, whose, the how-many-th), and depends on its name and the seed alone. So
//! leaving a fault or a deed out changes what follows from it, and nothing else: a failing story can be shrunk.

use fastrand::Rng;

/// What a draw is about. The numbers are part of what a seed means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Topic {
    Fault = 1,
    Weather,
    Shop,
    Deed,
    Ids,
    Latency,
    Order,
    Node,
    Gateway,
    Batch,
    Client,
    Notice,
    Deposit,
}

/// The seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5EED_C0DE_D00D_F00D))
    }

    /// The draws of this name.
    pub(crate) fn of(self, topic: Topic, whose: u64, number: u64) -> Rng {
        let name = mix(self.0 ^ mix(topic as u64));
        Rng::with_seed(mix(mix(name ^ mix(whose)) ^ mix(number.rotate_left(17))))
    }
}

/// `SplitMix64`'s output function (Steele, Lea, Flood 2014): neighbours become strangers.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

//! NICE's result codes, by what they say for certain. All others are unknown, and the payment is read back.
//!
//! | code | why it decides nothing |
//! | --- | --- |
//! | `2201`, `U114`, `U112`, `A127` | there is a charge already, most likely by an earlier try |
//! | `A110`, `A226`, `A299`, `A4xx`, `P026`, `P027`, `X00x`, `S999`, `9002` | trouble on the way; it may have gone through |
//! | `A101`, `A115`, `A212`, `U1xx` | our mistake, or says nothing of the card |
//! | `A123`, `A245` | says what NICE finds now, not what it did; the inquiry tells |

/// What counts as done: 2211 is the refund of a deposit.
pub(super) const APPROVED: &str = "0000";
pub(super) const CANCELLED: [&str; 3] = ["0000", "2001", "2211"];

/// Why a code declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The card is not good, was typed wrong, or is not taken here.
    Card,
    /// The instalments are not possible.
    Instalments,
    /// The amount is less than the card allows.
    TooLittle,
    /// The card's company says no.
    Refused,
}

/// The codes on which a charge is declined: nothing was charged, and nothing will be.
pub(super) const DECLINES: [(&str, Ground); 15] = [
    ("3011", Ground::Card),
    ("3021", Ground::Card),
    ("3022", Ground::Instalments),
    ("3023", Ground::Instalments),
    ("3024", Ground::Instalments),
    ("3031", Ground::Instalments),
    ("3032", Ground::Instalments),
    ("3033", Ground::Instalments),
    ("3041", Ground::TooLittle),
    ("3051", Ground::Card),
    ("3053", Ground::Card),
    ("3056", Ground::Card),
    ("3057", Ground::Card),
    ("3091", Ground::Card),
    ("3095", Ground::Refused),
];

/// The codes on which an inquiry finds nothing.
pub(super) const NO_RECORD: [&str; 4] = ["A118", "A251", "U107", "U111"];

/// The codes on which a cancel is refused: nothing went back.
pub(super) const REFUSALS: [&str; 17] = [
    "2010", "2011", "2012", "2014", "2016", "2017", "2018", "2019", "2023", "2026", "2027", "2028",
    "2029", "2030", "2031", "2032", "2033",
];

/// The codes that say that a cancel was made already: perhaps this very one.
pub(super) const ALREADY: [&str; 2] = ["2013", "2015"];

pub(super) fn declines(code: &str) -> bool {
    DECLINES.iter().any(|(own, _)| *own == code)
}

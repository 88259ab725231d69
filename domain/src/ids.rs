//! Ids: one type each, so that a payment's id can never be taken for an order's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a UUID.
    #[error("not a UUID")]
    NotAUuid,
    /// Not a user id.
    #[error("a user id has 1 to 64 letters, digits or any of . _ - : @")]
    NotAUser,
    /// Not a warehouse id.
    #[error("a warehouse id has 1 to 32 lower-case letters, digits or hyphens")]
    NotAWarehouse,
    /// Not a coupon code.
    #[error("not a coupon code")]
    NotACouponCode,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as this id.
            #[must_use]
            pub fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the hyphenated form: one thing has one name in the log.
                if text.len() != 36 {
                    return Err(IdError::NotAUuid);
                }
                Uuid::parse_str(text).map(Self).map_err(|_| IdError::NotAUuid)
            }
        }
    };
}

uuid_id!(
    /// A product; also the id of its inventory.
    ProductId
);
uuid_id!(
    /// An order.
    OrderId
);
uuid_id!(
    /// A line of an order.
    OrderItemId
);
uuid_id!(
    /// A payment: the gateway's idempotency key too.
    PaymentId
);
uuid_id!(
    /// A refund of a payment.
    RefundId
);

impl PaymentId {
    /// The id of an order's payment: known as soon as the order is, so that the buyer's browser can begin with it
    /// at the gateway, whose order number it is. An order is paid once or not at all, so it has one payment.
    ///
    /// It is the order's own id with the last bits changed, so it keeps the moment that a UUID v7 begins with: some
    /// gateways find a payment only by the day of its order number.
    #[must_use]
    pub fn of_order(order_id: OrderId) -> Self {
        // "payment" in ASCII: seven bytes of the random part, and neither version nor variant.
        const CHANGED: u128 = 0x70_6179_6d65_6e74;
        Self(Uuid::from_u128(order_id.0.as_u128() ^ CHANGED))
    }
}

uuid_id!(
    /// A user's saved payment method: the idempotency key of its key's issue too.
    PaymentMethodId
);
uuid_id!(
    /// A coupon pool.
    CouponPoolId
);
uuid_id!(
    /// A lot of points.
    LotId
);
uuid_id!(
    /// An operator's correction of a user's points; also the id of the lot that it makes.
    AdjustmentId
);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $error:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(IdError::$error) }
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Whoever a token speaks for: the `sub` of a JWT.
    UserId,
    NotAUser,
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:@".contains(&b))
);

text_id!(
    /// A warehouse, by its short name.
    WarehouseId,
    NotAWarehouse,
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);

/// Digits of Crockford's base 32: no I, L, O or U, so that a code can be read aloud.
const BASE32_DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits that 128 bits of a pool's id take in base 32.
const POOL_DIGITS: usize = 26;
/// Digits of a serial: 32⁷ coupons a pool.
const SERIAL_DIGITS: usize = 7;

/// A coupon's code: its pool's id and its serial in the pool, both in Crockford's base 32, as
/// `0DJ8…-000001A`. The code names its pool, so that no read model is asked when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode {
    pool: CouponPoolId,
    serial: u32,
}

impl CouponCode {
    /// The code of a pool's coupon number `serial`.
    #[must_use]
    pub fn new(pool: CouponPoolId, serial: u32) -> Self {
        Self { pool, serial }
    }

    /// The pool that issued it.
    #[must_use]
    pub fn pool(self) -> CouponPoolId {
        self.pool
    }

    /// Its number in the pool, from 1.
    #[must_use]
    pub fn serial(self) -> u32 {
        self.serial
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base32(f, self.pool.uuid().as_u128(), POOL_DIGITS)?;
        f.write_str("-")?;
        write_base32(f, u128::from(self.serial), SERIAL_DIGITS)
    }
}

fn write_base32(f: &mut fmt::Formatter<'_>, value: u128, digits: usize) -> fmt::Result {
    for place in (0..digits).rev() {
        let digit = (value >> (5 * place)) & 31;
        let digit = BASE32_DIGITS
            .get(usize::try_from(digit).unwrap_or(0))
            .copied()
            .unwrap_or(b'0');
        write!(f, "{}", char::from(digit))?;
    }
    Ok(())
}

fn read_base32(text: &str) -> Option<u128> {
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = BASE32_DIGITS
            .iter()
            .position(|d| *d == byte.to_ascii_uppercase())?;
        value
            .checked_mul(32)?
            .checked_add(u128::try_from(digit).ok()?)
    })
}

impl FromStr for CouponCode {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (pool, serial) = text.split_once('-').ok_or(IdError::NotACouponCode)?;
        if pool.len() != POOL_DIGITS || serial.len() != SERIAL_DIGITS {
            return Err(IdError::NotACouponCode);
        }
        let pool = read_base32(pool).ok_or(IdError::NotACouponCode)?;
        let serial = read_base32(serial).and_then(|serial| u32::try_from(serial).ok());
        Ok(Self {
            pool: CouponPoolId::new(Uuid::from_u128(pool)),
            serial: serial.ok_or(IdError::NotACouponCode)?,
        })
    }
}

impl TryFrom<String> for CouponCode {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests;

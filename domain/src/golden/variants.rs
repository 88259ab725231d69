//! The names of an enum's variants, as its own `Deserialize` gives them.

use std::fmt;

use serde::de::{self, DeserializeOwned, Visitor};
use serde::forward_to_deserialize_any;

/// The names of all variants of an externally tagged enum.
pub(super) fn of<E: DeserializeOwned>() -> &'static [&'static str] {
    match E::deserialize(Probe) {
        Err(Names(names)) => names,
        Ok(_) => panic!("not an enum"),
    }
}

/// A deserializer that gives no value, and fails with the names that it is asked for.
struct Probe;

#[derive(Debug)]
struct Names(&'static [&'static str]);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Names {}

impl de::Error for Names {
    fn custom<T: fmt::Display>(message: T) -> Self {
        panic!("{message}")
    }
}

impl<'de> de::Deserializer<'de> for Probe {
    type Error = Names;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Names> {
        panic!("not an enum")
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Names> {
        Err(Names(variants))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[test]
fn the_names_of_an_enum_are_all_of_them() {
    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only its names are asked for")]
    enum Coin {
        Heads {},
        Tails(u8),
    }
    assert_eq!(of::<Coin>(), ["Heads", "Tails"]);
}

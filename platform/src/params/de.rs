//! The parameters of one request, read as a struct, a tuple, or, when there is one, a single value.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::ParamError;
use super::text::Text;

/// Names and values, decoded, in their order.
pub(super) struct Params<'a>(pub(super) &'a [(String, String)]);

/// Types that one value can be: the one parameter's text decides.
macro_rules! single {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
            let (field, value) = self.single()?;
            Text(value).$method(visitor).map_err(|error| error.at(field))
        }
    )*};
}

impl<'de> Deserializer<'de> for Params<'_> {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_map(Walk {
            rest: self.0.iter(),
            current: None,
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_seq(Walk {
            rest: self.0.iter(),
            current: None,
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    single! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        let (field, value) = self.single()?;
        Text(value)
            .deserialize_enum(name, variants, visitor)
            .map_err(|error| error.at(field))
    }

    forward_to_deserialize_any! { option unit unit_struct map struct identifier ignored_any }
}

impl Params<'_> {
    fn single(&self) -> Result<(&str, &str), ParamError> {
        match self.0 {
            [(field, value)] => Ok((field, value)),
            _ => Err(de::Error::custom("a single parameter is expected")),
        }
    }
}

/// Walks over the parameters and, when a value does not fit, says which it was.
struct Walk<'a> {
    rest: std::slice::Iter<'a, (String, String)>,
    current: Option<&'a (String, String)>,
}

impl<'de> MapAccess<'de> for Walk<'_> {
    type Error = ParamError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ParamError> {
        self.current = self.rest.next();
        let Some((field, _)) = self.current else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, ParamError> = field.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|error| error.at(field))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ParamError> {
        let Some((field, value)) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        seed.deserialize(Text(value))
            .map_err(|error| error.at(field))
    }
}

impl<'de> SeqAccess<'de> for Walk<'_> {
    type Error = ParamError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ParamError> {
        let Some((field, value)) = self.rest.next() else {
            return Ok(None);
        };
        seed.deserialize(Text(value))
            .map(Some)
            .map_err(|error| error.at(field))
    }
}

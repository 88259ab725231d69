//! A row of the source as it was sent, and its values as what they should be.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDateTime, TimeZone as _, Utc};
use serde_json::{Map, Value, json};

use super::Subject;
use super::masking::{cut_card_number, mask};
use super::rejects::{Reason, Refusal, Reject};
use crate::error::LegacyMigrationError;

/// No row of such a shop is from before or after: a date outside is a mistake of whoever typed it.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;
/// How MySQL writes a `DATETIME`.
const DATETIME: &str = "%Y-%m-%d %H:%M:%S%.f";

/// A row.
#[derive(Debug)]
pub(crate) struct LegacyRow {
    subject: Subject,
    columns: &'static [&'static str],
    values: Vec<Option<Vec<u8>>>,
}

/// A gateway's request or answer, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) json: String,
    /// Whether a card number or a security code was cut out.
    pub(crate) masked: bool,
}

impl LegacyRow {
    /// The values of the columns in their order; more values than columns are looked up beside the row.
    pub(crate) fn new(
        subject: Subject,
        columns: &'static [&'static str],
        values: Vec<Option<Vec<u8>>>,
    ) -> Self {
        Self {
            subject,
            columns,
            values,
        }
    }

    /// Its key.
    pub(crate) fn key(&self) -> Result<i64, LegacyMigrationError> {
        let key = self.beside(0);
        key.ok_or_else(|| LegacyMigrationError::Unreadable {
            what: format!("a key of {}", self.subject.name()),
        })
    }

    /// A number by its place: the key, or one that was looked up beside the row.
    pub(crate) fn beside(&self, index: usize) -> Option<i64> {
        let bytes = self.values.get(index)?.as_deref()?;
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    /// The row among the rejects.
    pub(crate) fn rejected(&self, refusal: Refusal) -> Reject {
        Reject {
            subject: self.subject,
            legacy_id: self.beside(0).unwrap_or_default(),
            refusal,
            row: self.json(),
        }
    }

    /// A text of at most `limit` characters; nothing when it is NULL.
    pub(crate) fn text(&self, column: &str, limit: usize) -> Result<Option<String>, Refusal> {
        let Some(bytes) = self.bytes(column) else {
            return Ok(None);
        };
        let broken = || Refusal::new(Reason::BrokenText, format!("{column} is broken text"));
        let text = std::str::from_utf8(bytes).map_err(|_| broken())?;
        if text.contains(['\0', char::REPLACEMENT_CHARACTER]) {
            return Err(broken());
        }
        let length = text.chars().count();
        if length > limit {
            let detail = format!("{column} has {length} characters, {limit} fit");
            return Err(Refusal::new(Reason::TextTooLong, detail));
        }
        Ok(Some(text.to_owned()))
    }

    /// A text that has to be there.
    pub(crate) fn required(&self, column: &str, limit: usize) -> Result<String, Refusal> {
        self.text(column, limit)?.ok_or_else(|| missing(column))
    }

    /// A number that has to be there.
    pub(crate) fn integer(&self, column: &str) -> Result<i64, Refusal> {
        self.bytes(column)
            .and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok())
            .ok_or_else(|| missing(column))
    }

    /// A moment of the shop's own clock.
    pub(crate) fn time(
        &self,
        column: &str,
        offset: FixedOffset,
    ) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(bytes) = self.bytes(column) else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(bytes);
        let moment = NaiveDateTime::parse_from_str(&text, DATETIME)
            .ok()
            .filter(|moment| YEARS.contains(&moment.year()))
            .and_then(|moment| offset.from_local_datetime(&moment).single());
        match moment {
            Some(moment) => Ok(Some(moment.to_utc())),
            None => Err(Refusal::new(Reason::BadDate, format!("{column} is {text}"))),
        }
    }

    /// A moment that has to be there.
    pub(crate) fn required_time(
        &self,
        column: &str,
        offset: FixedOffset,
    ) -> Result<DateTime<Utc>, Refusal> {
        self.time(column, offset)?.ok_or_else(|| missing(column))
    }

    /// A gateway's body. One that is no JSON becomes a JSON text: nothing of it is lost.
    pub(crate) fn body(&self, column: &str) -> Option<Body> {
        let bytes = self.bytes(column)?;
        let text = String::from_utf8_lossy(bytes);
        let (kept, masked) = mask(&text);
        let is_json = serde_json::from_str::<Value>(&kept).is_ok();
        let json = if is_json {
            kept
        } else {
            Value::String(kept).to_string()
        };
        Some(Body { json, masked })
    }

    fn bytes(&self, column: &str) -> Option<&[u8]> {
        let index = self.columns.iter().position(|name| *name == column)?;
        self.values.get(index)?.as_deref()
    }

    /// The whole row: texts with their card numbers cut, broken ones as hexadecimal digits.
    fn json(&self) -> String {
        let mut object = Map::new();
        for (name, value) in self.columns.iter().zip(&self.values) {
            let shown = match value.as_deref() {
                None => Value::Null,
                Some(bytes) => shown(name, bytes),
            };
            object.insert((*name).to_owned(), shown);
        }
        Value::Object(object).to_string()
    }
}

fn missing(column: &str) -> Refusal {
    Refusal::new(Reason::Missing, format!("{column} is missing"))
}

fn shown(column: &str, bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let (kept, masked) = if column == "card_number" {
        let kept = cut_card_number(&text);
        let masked = kept != text;
        (kept, masked)
    } else {
        mask(&text)
    };
    let whole = std::str::from_utf8(bytes).is_ok();
    if whole || masked {
        // A NUL is written as \u0000, which the type json takes.
        return Value::String(kept);
    }
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    json!({ "hex": hex })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["payment_id", "note", "at", "card_number"];

    fn row(values: [Option<&[u8]>; 4]) -> LegacyRow {
        let values = values.map(|value| value.map(<[u8]>::to_vec));
        LegacyRow::new(Subject::Payment, COLUMNS, values.to_vec())
    }

    fn seoul() -> FixedOffset {
        FixedOffset::east_opt(9 * 3_600).unwrap_or_else(|| unreachable!("nine hours are an offset"))
    }

    fn reason<T>(outcome: Result<T, Refusal>) -> Option<Reason> {
        outcome.err().map(|refusal| refusal.reason)
    }

    #[test]
    fn a_date_is_the_shops_own_clock() {
        let at = |text: &'static [u8]| row([None, None, Some(text), None]).time("at", seoul());
        let moment = at(b"2023-05-01 08:30:00").ok().flatten();
        let utc = moment.map(|moment| moment.to_rfc3339());
        assert_eq!(utc.as_deref(), Some("2023-04-30T23:30:00+00:00"));
        for bad in [
            b"0000-00-00 00:00:00".as_slice(),
            b"2023-02-30 10:00:00",
            b"0023-05-01 00:00:00",
            b"2023-00-10 00:00:00",
        ] {
            assert_eq!(reason(at(bad)), Some(Reason::BadDate));
        }
    }

    #[test]
    fn broken_and_long_texts_are_refused() {
        let note = |text: &'static [u8]| row([None, Some(text), None, None]).text("note", 5);
        assert_eq!(
            note("결제완료!".as_bytes()),
            Ok(Some("결제완료!".to_owned()))
        );
        assert_eq!(
            reason(note("결제완료!!".as_bytes())),
            Some(Reason::TextTooLong)
        );
        for broken in [b"a\0b".as_slice(), b"\xff\xfe", "결\u{fffd}".as_bytes()] {
            assert_eq!(reason(note(broken)), Some(Reason::BrokenText));
        }
    }

    #[test]
    fn a_reject_has_the_whole_row_but_no_whole_card_number() {
        let row = row([
            Some(b"7"),
            Some(b"\xff\x00"),
            Some(b"0000-00-00 00:00:00"),
            Some(b"4111-1111-1111-1112"),
        ]);
        let kept: Value = serde_json::from_str(&row.json()).unwrap_or_default();
        assert_eq!(
            kept,
            json!({
                "payment_id": "7", "note": { "hex": "ff00" }, "at": "0000-00-00 00:00:00",
                "card_number": "411111******1112",
            })
        );
    }

    #[test]
    fn a_body_that_is_no_json_becomes_a_json_text() {
        let body = |text: &'static [u8]| row([None, Some(text), None, None]).body("note");
        let json = |text: &'static [u8]| body(text).map(|body| body.json);
        assert_eq!(json(br#"{"a": 1}"#).as_deref(), Some(r#"{"a": 1}"#));
        assert_eq!(json(b"<ok/>").as_deref(), Some(r#""<ok/>""#));
        assert_eq!(json(b"a\0b").as_deref(), Some("\"a\\u0000b\""));
        assert_eq!(json(br#""\ud800""#).as_deref(), Some(r#""\"\\ud800\"""#));
    }
}

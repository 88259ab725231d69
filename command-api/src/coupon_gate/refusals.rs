//! A refusal that the gate gave by itself, and how it is remembered: in Redis, for a while, so that a
//! repeat with the same key gets the same bytes without the log being asked.

use platform::Language;

/// How long refusals are remembered after the last one: clients repeat within minutes.
pub(super) const KEEP_MS: i64 = 60 * 60 * 1_000;
/// How many refusals of one pool are remembered, about 10 MB: beyond them a repeat is refused anew.
pub(super) const MAX: u32 = 100_000;

/// What the gate refuses with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalCode {
    /// All are taken.
    SoldOut,
    /// This user has one.
    AlreadyIssued,
}

impl RefusalCode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SoldOut => "COUPON_SOLD_OUT",
            Self::AlreadyIssued => "COUPON_ALREADY_ISSUED",
        }
    }
}

/// A refusal with all that its bytes depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: RefusalCode,
    pub(crate) language: Language,
    pub(crate) request_id: String,
    /// Whether it had been given before.
    pub(crate) replayed: bool,
}

impl Refusal {
    /// As it is remembered.
    pub(super) fn to_text(&self) -> String {
        let (code, language) = (self.code.as_str(), self.language.tag());
        format!("{code} {language} {}", self.request_id)
    }

    /// From what was remembered.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let code = match parts.next()? {
            "COUPON_SOLD_OUT" => RefusalCode::SoldOut,
            "COUPON_ALREADY_ISSUED" => RefusalCode::AlreadyIssued,
            _ => return None,
        };
        let language = match parts.next()? {
            "ko" => Language::Korean,
            "en" => Language::English,
            _ => return None,
        };
        let request_id = parts.next()?.to_owned();
        Some(Self {
            code,
            language,
            request_id,
            replayed: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_with_all_that_its_bytes_depend_on() {
        for code in [RefusalCode::SoldOut, RefusalCode::AlreadyIssued] {
            for language in [Language::Korean, Language::English] {
                let refusal = Refusal {
                    code,
                    language,
                    request_id: "r-1".to_owned(),
                    replayed: true,
                };
                assert_eq!(Refusal::from_text(&refusal.to_text()), Some(refusal));
            }
        }
        assert_eq!(Refusal::from_text("log"), None);
        assert_eq!(Refusal::from_text("COUPON_SOLD_OUT fr x"), None);
    }
}

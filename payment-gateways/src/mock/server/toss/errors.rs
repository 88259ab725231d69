//! Toss's documented errors, in both of its languages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

use super::catalogue::ERRORS;

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Korean,
    English,
}

impl Language {
    /// By `Accept-Language`: English is what begins so, Korean all else.
    pub(super) fn of(header: Option<&str>) -> Self {
        match header {
            Some(wanted) if wanted.trim_start().starts_with("en") => Self::English,
            Some(_) | None => Self::Korean,
        }
    }
}

/// The code, if Toss documents it.
pub(super) fn documented(code: &str) -> Option<&'static str> {
    let found = ERRORS.iter().find(|(own, ..)| *own == code);
    found.map(|(own, ..)| *own)
}

/// The words of a code, and its status.
pub(super) fn words(code: &str, language: Language) -> (u16, &'static str) {
    let found = ERRORS.iter().find(|(own, ..)| *own == code);
    match (found, language) {
        (Some((_, status, korean, _)), Language::Korean) => (*status, korean),
        (Some((_, status, _, english)), Language::English) => (*status, english),
        (None, _) => (500, ""),
    }
}

pub(super) fn error(code: &str, language: Language) -> HttpResponse {
    let (status, message) = words(code, language);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).json(json!({ "code": code, "message": message }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_error_stands_once_and_has_words_in_both_languages() {
        let codes: BTreeSet<_> = ERRORS.iter().map(|(code, ..)| code).collect();
        assert_eq!(codes.len(), ERRORS.len());
        for (code, status, korean, english) in ERRORS {
            assert!((400..=500).contains(&status), "{code}");
            assert!(!korean.is_ascii() && english.is_ascii(), "{code}");
        }
    }
}

//! Korean or English, as the caller prefers.

use actix_web::HttpMessage;
use actix_web::http::header::ACCEPT_LANGUAGE;

/// The most entries of `Accept-Language` that are looked at: a browser sends fewer than ten.
const MAX_PREFERENCES: usize = 16;

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// The default: the shop's own language, in which the requirements state the messages.
    #[default]
    Korean,
    /// English.
    English,
}

impl Language {
    /// The language of the request's `Accept-Language`.
    pub fn from_request(request: &impl HttpMessage) -> Self {
        let header = request.headers().get(ACCEPT_LANGUAGE);
        header
            .and_then(|value| value.to_str().ok())
            .map(Self::preferred)
            .unwrap_or_default()
    }

    /// The language that a value of `Accept-Language` prefers: the highest `q`, the first of equals.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Self {
        let mut best = (Self::default(), 0);
        for entry in accept_language.split(',').take(MAX_PREFERENCES) {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1000, thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = if primary.eq_ignore_ascii_case("ko") {
                Self::Korean
            } else if primary.eq_ignore_ascii_case("en") {
                Self::English
            } else {
                continue;
            };
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The tag of the language, for `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }
}

/// A quality of 0 to 1 with up to three decimals; whatever else counts as refused.
fn thousandths(quality: &str) -> u32 {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = format!("{decimals:0<3}");
    match (whole, digits.len(), digits.parse::<u32>()) {
        ("1", 3, Ok(0)) => 1000,
        ("0", 3, Ok(thousandths)) => thousandths,
        _ => 0,
    }
}

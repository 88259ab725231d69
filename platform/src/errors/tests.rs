//! The catalogue is whole, and bodies have the one form.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;

use super::catalogue::CATALOGUE;
use super::{ApiError, Detail, Language, is_known, message};

#[test]
fn every_code_has_a_message_in_both_languages() {
    for (code, english, korean) in CATALOGUE {
        let is_code = code.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        assert!(is_code, "{code} is not a code");
        assert!(english.is_ascii() && english.len() > 5, "{code}: {english}");
        assert!(
            korean.chars().any(|c| ('가'..='힣').contains(&c)),
            "{code}: {korean}"
        );
    }
}

#[test]
fn the_catalogue_is_sorted_and_names_each_code_once() {
    assert!(CATALOGUE.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn the_texts_of_the_requirements_are_word_for_word() {
    assert_eq!(
        message("COUPON_SOLD_OUT", Language::Korean),
        "쿠폰이 모두 소진되었습니다"
    );
    assert_eq!(
        message("COUPON_ALREADY_USED", Language::Korean),
        "이미 사용된 쿠폰입니다"
    );
}

fn error_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the domain's sources are beside this room") {
        let path = entry.expect("a folder's entry").path();
        if path.is_dir() {
            error_files(&path, found);
        } else if path.file_name().is_some_and(|name| name == "error.rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_code_of_the_domain_is_in_the_catalogue() {
    let mut files = Vec::new();
    error_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src"),
        &mut files,
    );
    let mut codes = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).expect("a source can be read");
        let arms = text
            .split("=> \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        codes.extend(arms.map(str::to_owned));
    }
    assert!(codes.len() > 20, "the search finds codes: {codes:?}");
    let unknown: Vec<_> = codes.iter().filter(|code| !is_known(code)).collect();
    assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
}

#[test]
fn the_language_is_what_accept_language_prefers() {
    for (header, expected) in [
        ("ko", Language::Korean),
        ("en", Language::English),
        ("EN-us", Language::English),
        ("en-GB;q=0.8, ko-KR;q=0.9", Language::Korean),
        ("ko;q=0.2,en;q=0.25", Language::English),
        ("fr, en;q=0.1", Language::English),
        ("en;q=0", Language::Korean),
        ("en;q=2", Language::Korean),
        ("en;q=0.12345", Language::Korean),
        ("fr", Language::Korean),
        ("", Language::Korean),
        (";;;,,q=", Language::Korean),
    ] {
        let request = TestRequest::default().insert_header(("Accept-Language", header));
        assert_eq!(
            Language::from_request(&request.to_http_request()),
            expected,
            "{header}"
        );
    }
}

#[test]
fn a_body_has_code_message_request_id_and_details() {
    let error = ApiError::validation(vec![
        Detail::new("items[0].quantity", "OUT_OF_RANGE").with_message("1 to 10000"),
    ]);
    let body = serde_json::to_value(error.body(Language::English, Some("r-1"))).expect("JSON");
    let expected = serde_json::json!({
        "error": "VALIDATION_FAILED",
        "message": "A value of the request is not allowed.",
        "requestId": "r-1",
        "details": [
            {"field": "items[0].quantity", "code": "OUT_OF_RANGE", "message": "1 to 10000"}
        ],
    });
    assert_eq!(body, expected);
    let korean = error.body(Language::Korean, None);
    assert_eq!(korean.details[0].message, "값이 허용 범위를 벗어났습니다");
}

#[test]
fn too_many_requests_and_unavailable_always_say_when_to_try_again() {
    for status in [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        let response = ApiError::new(status, "OVERLOADED").error_response();
        assert_eq!(
            response.headers().get("retry-after").expect("the header"),
            "1"
        );
    }
    let response = ApiError::overloaded()
        .with_retry_after_s(7)
        .error_response();
    assert_eq!(
        response.headers().get("retry-after").expect("the header"),
        "7"
    );
    assert!(
        ApiError::not_found("NOT_FOUND")
            .error_response()
            .headers()
            .get("retry-after")
            .is_none()
    );
}

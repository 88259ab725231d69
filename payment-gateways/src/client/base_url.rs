//! Where a company answers, checked at start.

use reqwest::Url;

use crate::error::PaymentGatewaysError;

/// Whether this build can speak TLS: one that cannot would fail at the first call.
const HAS_TLS: bool = cfg!(feature = "tls");

/// The base URL without its last slash.
pub(super) fn checked_base_url(raw: &str) -> Result<String, PaymentGatewaysError> {
    let invalid = |reason| PaymentGatewaysError::InvalidBaseUrl { reason };
    let url = Url::parse(raw).map_err(|_| invalid("it is not a URL"))?;
    match url.scheme() {
        "http" => {}
        "https" if HAS_TLS => {}
        "https" => return Err(invalid("its scheme is https, and this build has no TLS")),
        _ => return Err(invalid("its scheme is neither http nor https")),
    }
    if !url.has_host() {
        return Err(invalid("it has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it holds credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_checked_at_start() {
        let base = |raw| checked_base_url(raw).ok();
        let plain = Some("http://127.0.0.1:8090".to_owned());
        assert_eq!(base("http://127.0.0.1:8090"), plain);
        assert_eq!(base("http://127.0.0.1:8090/"), plain);
        assert_eq!(base("http://pg/a/"), Some("http://pg/a".to_owned()));
        let unusable = ["", "pg", "file:///x", "http://u:p@pg", "http://pg/?a=1"];
        let encrypted = HAS_TLS.then(|| "https://pg".to_owned());
        assert_eq!(base("https://pg"), encrypted);
        for bad in unusable {
            assert_eq!(base(bad), None, "{bad:?}");
        }
    }
}

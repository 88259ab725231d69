//! `http_requests_total` and `http_request_duration_seconds`.
//!
//! Looking a metric up hashes its labels and allocates them. A worker handles thousands of requests a
//! second over a few dozen routes, so each worker keeps the handles that it has looked up.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The route of a request that matched none: paths are the callers', and must not become labels.
pub(super) const UNMATCHED: &str = "unmatched";

struct Handles {
    method: &'static str,
    status: StatusCode,
    requests: Counter,
    duration: Histogram,
}

thread_local! {
    static ROUTES: RefCell<HashMap<String, Vec<Handles>>> = RefCell::default();
}

/// Counts a request that was answered.
pub(super) fn count(method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
    let method = method_label(method);
    let route = route.unwrap_or(UNMATCHED);
    let record = |handles: &Handles| {
        handles.requests.increment(1);
        handles.duration.record(took);
    };
    ROUTES.with_borrow_mut(|routes| {
        let known = routes.get(route).into_iter().flatten();
        if let Some(handles) = known
            .into_iter()
            .find(|h| h.status == status && h.method == method)
        {
            return record(handles);
        }
        let handles = look_up(method, route, status);
        record(&handles);
        routes.entry(route.to_owned()).or_default().push(handles);
    });
}

fn look_up(method: &'static str, route: &str, status: StatusCode) -> Handles {
    let (route, text) = (route.to_owned(), status.as_str().to_owned());
    let requests = metrics::counter!(
        "http_requests_total", "method" => method, "route" => route.clone(), "status" => text
    );
    let duration = metrics::histogram!(
        "http_request_duration_seconds", "method" => method, "route" => route
    );
    Handles {
        method,
        status,
        requests,
        duration,
    }
}

/// A caller may invent methods; a label may not follow.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

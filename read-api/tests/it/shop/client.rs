//! Asking, as somebody.

use std::net::SocketAddr;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Somebody who asks.
pub(crate) struct Caller<'a> {
    client: &'a reqwest::Client,
    addr: SocketAddr,
    token: Option<String>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        client: &'a reqwest::Client,
        addr: SocketAddr,
        token: Option<String>,
    ) -> Self {
        Self {
            client,
            addr,
            token,
        }
    }

    /// `GET /api/v1…`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// `GET /api/v1…` with headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request("GET", &format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request).await
    }

    /// The data of a successful `GET /api/v1…` that reflects this position.
    pub(crate) async fn see(&self, path: &str, position: u64) -> Value {
        let position = position.to_string();
        let answer = self.get_with(path, &[("Min-Position", &*position)]).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// Any request, without a prefix.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self
            .client
            .request(method, format!("http://{}{path}", self.addr));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("there is an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.expect("the answer is whole"),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// Status and code of an error.
    pub(crate) fn error(&self) -> (u16, String) {
        let code = self.json()["error"].as_str().expect(&self.text).to_owned();
        (self.status, code)
    }

    /// The fields that an error names, with their codes.
    pub(crate) fn wrong_fields(&self) -> Vec<(String, String)> {
        let json = self.json();
        let details = json["details"].as_array().expect(&self.text);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        details
            .iter()
            .map(|detail| (text(&detail["field"]), text(&detail["code"])))
            .collect()
    }
}

/// The values of one field, in the order of a list.
pub(crate) fn column(list: &Value, field: &str) -> Vec<String> {
    let entries = list.as_array().expect("a list");
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    entries.iter().map(|entry| text(&entry[field])).collect()
}

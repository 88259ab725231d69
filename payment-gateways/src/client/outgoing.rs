//! A request on its way to a company, with all that the exchange log may know of it.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use uuid::Uuid;

use crate::exchange::CallFields;
use crate::port::RefundRequest;

/// A request.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// As it is sent: keys in it are whole.
    path: String,
    /// As it is logged: keys in it are not.
    pub(crate) logged_path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) payment_id: Option<Uuid>,
    /// What it wants to know of, or to bring about: the payment itself or a refund of it, by its id.
    pub(crate) transaction_id: Option<Uuid>,
    pub(crate) fields: &'static CallFields,
}

impl Outgoing {
    pub(crate) fn get(path: impl Into<String>, fields: &'static CallFields) -> Self {
        Self::new(Method::GET, path.into(), fields)
    }

    pub(crate) fn post(path: impl Into<String>, fields: &'static CallFields, body: Value) -> Self {
        let mut outgoing = Self::new(Method::POST, path.into(), fields);
        outgoing.body = Some(body);
        outgoing
    }

    pub(crate) fn delete(path: impl Into<String>, fields: &'static CallFields) -> Self {
        Self::new(Method::DELETE, path.into(), fields)
    }

    fn new(method: Method, path: String, fields: &'static CallFields) -> Self {
        Self {
            method,
            logged_path: path.clone(),
            path,
            headers: Vec::new(),
            body: None,
            payment_id: None,
            transaction_id: None,
            fields,
        }
    }

    /// The payment that it is about.
    pub(crate) fn about(mut self, payment_id: Uuid) -> Self {
        self.payment_id = Some(payment_id);
        self.transaction_id = Some(payment_id);
        self
    }

    /// The refund that it is about.
    pub(crate) fn about_refund(mut self, request: &RefundRequest) -> Self {
        self.payment_id = Some(request.payment_id);
        self.transaction_id = Some(request.refund_id);
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Keeps a key that is part of the path out of the log.
    pub(crate) fn hiding(mut self, key: &str) -> Self {
        if !key.is_empty() {
            self.logged_path = self.logged_path.replace(key, "***");
        }
        self
    }

    pub(super) fn request(&self, client: &Client, base_url: &str) -> RequestBuilder {
        let url = format!("{base_url}{}", self.path);
        let mut request = client.request(self.method.clone(), url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

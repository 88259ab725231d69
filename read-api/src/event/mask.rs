//! Hides what an operator has no need to see: whoever has a payment's token might pay with it.

use serde_json::Value;

/// What stands in place of a hidden value.
const MASKED: &str = "***";

/// Replaces every value whose key ends in `token`, however deep it is: an event of tomorrow that carries
/// one is covered before anybody thinks of it.
pub(super) fn mask_tokens(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key.to_ascii_lowercase().ends_with("token") {
                    *value = Value::from(MASKED);
                } else {
                    mask_tokens(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_tokens),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_hidden_at_any_depth_and_nothing_else_is() {
        let mut payload = json!({
            "PaymentRequested": { "gateway": "mock", "token": "tok_1", "tokens": 2 },
            "list": [{ "refreshToken": { "value": "tok_2" } }],
        });
        mask_tokens(&mut payload);
        let expected = json!({
            "PaymentRequested": { "gateway": "mock", "token": "***", "tokens": 2 },
            "list": [{ "refreshToken": "***" }],
        });
        assert_eq!(payload, expected);
    }
}

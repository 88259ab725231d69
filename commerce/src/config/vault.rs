//! What the keys of saved payment methods are sealed with.

use payment_vault::VaultKeys;
use platform::config::{Env, Secret};

/// Reads the keys; `None`: the shop saves no payment methods. They are kept in the schema `payment`, so they need to
/// know where that is.
pub(crate) fn read_keys(env: &Env, payment_url: Option<&Secret>) -> Option<VaultKeys> {
    let keys = env.optional_secret(
        "PAYMENT_METHOD_KEYS",
        "2026a:…",
        "What billing keys are sealed with: name:key, separated by commas, 32 bytes in Base64 each; the first \
         seals, the others open. Without it no payment method is saved.",
    )?;
    let keys = match keys.reveal().parse::<VaultKeys>() {
        Ok(keys) => keys,
        Err(error) => {
            env.invalid("PAYMENT_METHOD_KEYS", &error.to_string(), "2026a:…");
            return None;
        }
    };
    if payment_url.is_none() {
        let problem = "is missing, and PAYMENT_METHOD_KEYS is not";
        env.invalid("PAYMENT_DATABASE_URL", problem, "postgres://…");
        return None;
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const URL: &str = "postgres://payment_service:p@h/d";

    fn read(keys: Option<&str>, url: Option<&str>) -> Result<Option<VaultKeys>, String> {
        let url = url.map(Secret::new);
        let pairs = keys.map(|keys| ("PAYMENT_METHOD_KEYS", keys));
        let read = Env::of(pairs).read(|env| read_keys(env, url.as_ref()));
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn methods_are_saved_where_there_are_keys_and_a_place_for_them() {
        assert!(read(Some(KEYS), Some(URL)).unwrap().is_some());
        assert!(read(None, None).unwrap().is_none());
        assert!(read(None, Some(URL)).unwrap().is_none());
        let mistake = read(Some(KEYS), None).unwrap_err();
        assert!(mistake.contains("PAYMENT_DATABASE_URL"), "{mistake}");
    }

    #[test]
    fn a_key_that_is_none_is_named_and_not_shown() {
        let mistake = read(Some("a:canary"), Some(URL)).unwrap_err();
        assert!(mistake.contains("PAYMENT_METHOD_KEYS"), "{mistake}");
        assert!(!mistake.contains("canary"), "{mistake}");
        let keys = read(Some(KEYS), Some(URL)).unwrap().unwrap();
        assert!(!format!("{keys:?}").contains("AAAA"));
    }
}

//! Where the keys of saved payment methods are kept, and what they are sealed with.

use payment_vault::VaultKeys;
use platform::config::{Env, Secret};

/// Both of them, or the shop saves no payment methods.
#[derive(Clone, Debug)]
pub(crate) struct VaultSettings {
    /// The schema `payment`, as its owner.
    pub(crate) url: Secret,
    pub(crate) keys: VaultKeys,
}

impl VaultSettings {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Option<Self> {
        let url = env.optional_secret(
            "PAYMENT_DATABASE_URL",
            "postgres://payment_service:…@localhost/commerce",
            "The schema payment, as role payment_service; without it no payment method is saved.",
        );
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
        if url.is_none() {
            let problem = "is missing, and PAYMENT_METHOD_KEYS is not";
            env.invalid("PAYMENT_DATABASE_URL", problem, "postgres://…");
        }
        Some(Self { url: url?, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: (&str, &str) = (
        "PAYMENT_METHOD_KEYS",
        "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );
    const URL: (&str, &str) = ("PAYMENT_DATABASE_URL", "postgres://payment_service:p@h/d");

    fn read(pairs: &[(&str, &str)]) -> Result<Option<VaultSettings>, String> {
        let read = Env::of(pairs.iter().copied()).read(VaultSettings::read);
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn methods_are_saved_where_there_are_keys_and_a_place_for_them() {
        assert!(read(&[KEYS, URL]).unwrap().is_some());
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[URL]).unwrap().is_none());
        let mistake = read(&[KEYS]).unwrap_err();
        assert!(mistake.contains("PAYMENT_DATABASE_URL"), "{mistake}");
    }

    #[test]
    fn a_key_that_is_none_is_named_and_not_shown() {
        let mistake = read(&[("PAYMENT_METHOD_KEYS", "a:canary"), URL]).unwrap_err();
        assert!(mistake.contains("PAYMENT_METHOD_KEYS"), "{mistake}");
        assert!(!mistake.contains("canary"), "{mistake}");
        let settings = read(&[KEYS, URL]).unwrap().unwrap();
        assert!(!format!("{settings:?}").contains("AAAA"));
    }
}

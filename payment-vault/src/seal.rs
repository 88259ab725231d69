//! Sealing and opening: XChaCha20-Poly1305, the nonce in front.

use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::keys::{VaultKey, VaultKeys};

/// Bytes of a nonce: so many that random ones never meet.
const NONCE_BYTES: usize = 24;

/// What is sealed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secrets<'a> {
    pub(crate) billing_key: &'a str,
    pub(crate) customer_key: &'a str,
    pub(crate) user_id: &'a str,
}

/// What was sealed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    pub(crate) billing_key: String,
    pub(crate) customer_key: String,
    pub(crate) user_id: String,
}

/// Which row it belongs to, and what it is for: sealed for one, it opens for no other. A method's key is for a
/// company.
fn bound_to(id: Uuid, purpose: &str) -> Vec<u8> {
    [id.as_bytes().as_slice(), purpose.as_bytes()].concat()
}

fn cipher(key: &VaultKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.sealing).into())
}

/// Seals with the key in use.
pub(crate) fn seal(
    keys: &VaultKeys,
    (id, purpose): (Uuid, &str),
    secrets: &impl Serialize,
) -> Result<Vec<u8>, VaultError> {
    let plain = serde_json::to_vec(secrets).map_err(|_| VaultError::Unsealable)?;
    let plain = Zeroizing::new(plain);
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let payload = Payload {
        msg: &plain,
        aad: &bound_to(id, purpose),
    };
    let sealed = cipher(keys.first()).encrypt(&nonce, payload);
    let sealed = sealed.map_err(|_| VaultError::Unsealable)?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens what was sealed with the key of this name.
pub(crate) fn open<T: DeserializeOwned>(
    keys: &VaultKeys,
    key_name: &str,
    (id, purpose): (Uuid, &str),
    sealed: &[u8],
) -> Result<T, VaultError> {
    let unknown = || VaultError::UnknownKey {
        key_name: key_name.to_owned(),
    };
    let key = keys.named(key_name).ok_or_else(unknown)?;
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(VaultError::Tampered)?;
    let payload = Payload {
        msg: sealed,
        aad: &bound_to(id, purpose),
    };
    let plain = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    let plain = Zeroizing::new(plain.map_err(|_| VaultError::Tampered)?);
    serde_json::from_slice(&plain).map_err(|_| VaultError::Tampered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keys(text: &str) -> VaultKeys {
        text.parse().unwrap()
    }

    fn open(
        keys: &VaultKeys,
        key_name: &str,
        row: (Uuid, &str),
        sealed: &[u8],
    ) -> Result<Opened, VaultError> {
        super::open(keys, key_name, row, sealed)
    }

    fn secrets() -> Secrets<'static> {
        Secrets {
            billing_key: "bk-canary",
            customer_key: "c-1",
            user_id: "ann",
        }
    }

    const ROW: (Uuid, &str) = (Uuid::from_u128(7), "toss");

    #[test]
    fn what_is_sealed_opens_for_its_own_row_and_for_no_other() {
        let keys = keys(NEW);
        let sealed = seal(&keys, ROW, &secrets()).unwrap();
        let read = open(&keys, "new", ROW, &sealed).unwrap();
        assert_eq!(read.billing_key, "bk-canary");
        for other in [(Uuid::from_u128(8), "toss"), (Uuid::from_u128(7), "nice")] {
            let refused = open(&keys, "new", other, &sealed).err().unwrap();
            assert!(matches!(refused, VaultError::Tampered));
        }
    }

    #[test]
    fn the_same_key_sealed_twice_shows_nothing_in_common() {
        let keys = keys(NEW);
        let (one, two) = (
            seal(&keys, ROW, &secrets()).unwrap(),
            seal(&keys, ROW, &secrets()).unwrap(),
        );
        assert_ne!(one, two);
        let shown = |sealed: &[u8]| sealed.windows(9).any(|part| part == b"bk-canary");
        assert!(!shown(&one));
    }

    #[test]
    fn after_a_rotation_old_rows_open_and_new_ones_are_sealed_with_the_new_key() {
        let sealed = seal(&keys(OLD), ROW, &secrets()).unwrap();
        let rotated = keys(&format!("{NEW},{OLD}"));
        assert!(open(&rotated, "old", ROW, &sealed).is_ok());
        let newer = seal(&rotated, ROW, &secrets()).unwrap();
        assert!(open(&keys(NEW), "new", ROW, &newer).is_ok());
        let gone = open(&keys(NEW), "old", ROW, &sealed).err().unwrap();
        assert_eq!(gone.code(), "VAULT_KEY_UNKNOWN");
    }

    proptest! {
        #[test]
        fn a_changed_byte_opens_nothing(at in any::<prop::sample::Index>(), with in 1..=255_u8) {
            let keys = keys(NEW);
            let mut sealed = seal(&keys, ROW, &secrets()).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= with;
            prop_assert!(matches!(open(&keys, "new", ROW, &sealed), Err(VaultError::Tampered)));
        }

        #[test]
        fn rubbish_opens_nothing(rubbish in prop::collection::vec(any::<u8>(), 0..100)) {
            let opened = open(&keys(NEW), "new", ROW, &rubbish);
            prop_assert!(matches!(opened, Err(VaultError::Tampered)));
        }
    }
}

//! The keys that billing keys are sealed with, by name.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::VaultKeysError;

/// The most keys: one in use, the others until nothing is sealed with them any more.
const KEYS_MAX: usize = 16;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// The length of a block of SHA-256.
const BLOCK_BYTES: usize = 64;
/// The longest name of a key: it is a column.
const NAME_MAX_CHARS: usize = 32;

/// Bytes of a key for one purpose.
pub(crate) type Subkey = Zeroizing<[u8; KEY_BYTES]>;

/// The keys, the one in use first. Each purpose has a key of its own, derived from them by HMAC-SHA-256.
#[derive(Clone)]
pub struct VaultKeys {
    first: VaultKey,
    others: Vec<VaultKey>,
}

#[derive(Clone)]
pub(crate) struct VaultKey {
    pub(crate) name: String,
    pub(crate) sealing: Subkey,
    fingerprinting: Subkey,
    naming: Subkey,
}

impl FromStr for VaultKeys {
    type Err = VaultKeysError;

    /// `name:key,name:key`, each key 32 bytes in Base64; the first seals.
    fn from_str(text: &str) -> Result<Self, VaultKeysError> {
        let mut keys: Vec<VaultKey> = Vec::new();
        for (number, entry) in (1..).zip(text.split(',')) {
            if keys.len() == KEYS_MAX {
                return Err(VaultKeysError::TooMany { max: KEYS_MAX });
            }
            let key = parse(entry.trim()).ok_or(VaultKeysError::Malformed { number })?;
            if keys.iter().any(|other| other.name == key.name) {
                return Err(VaultKeysError::NamedTwice { name: key.name });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(VaultKeysError::Empty)?;
        let others = keys.collect();
        Ok(Self { first, others })
    }
}

fn parse(entry: &str) -> Option<VaultKey> {
    let (name, key) = entry.split_once(':')?;
    let is_name = (1..=NAME_MAX_CHARS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let bytes = Zeroizing::new(BASE64.decode(key.as_bytes()).ok()?);
    let master: Subkey = Zeroizing::new(bytes.as_slice().try_into().ok()?);
    is_name.then(|| VaultKey {
        name: name.to_owned(),
        sealing: derived(&master, b"seal"),
        fingerprinting: derived(&master, b"fingerprint"),
        naming: derived(&master, b"customer"),
    })
}

fn derived(master: &Subkey, purpose: &[u8]) -> Subkey {
    Zeroizing::new(mac(master, &[b"payment-vault/1/", purpose]))
}

fn mac(key: &Subkey, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    // HMAC fills a short key up with zeros to the length of its block; one that has that length cannot be refused.
    let mut block = Zeroizing::new([0_u8; BLOCK_BYTES]);
    for (byte, own) in block.iter_mut().zip(key.iter()) {
        *byte = *own;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl VaultKey {
    /// What a billing key is recognised by: the same for the same key of the same company.
    pub(crate) fn fingerprint(&self, company: &str, billing_key: &str) -> String {
        let parts = [company.as_bytes(), b"\0", billing_key.as_bytes()];
        let mac = mac(&self.fingerprinting, &parts);
        format!("hmac-sha256:{}", HEXLOWER.encode(&mac))
    }
}

impl VaultKeys {
    /// The one that seals.
    pub(crate) fn first(&self) -> &VaultKey {
        &self.first
    }

    /// Whether one has this name: what was sealed with it can be opened.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&VaultKey> {
        self.all().find(|key| key.name == name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &VaultKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The name by which a company knows a user: 64 hexadecimal digits that nobody can guess who does not have
    /// the key. The browser needs it to begin a registration, and a company issues a key only to the name that
    /// the browser began with: so nobody saves another's card. It changes with the key in use; methods that are
    /// saved keep theirs.
    #[must_use]
    pub fn customer_key(&self, user_id: &str) -> String {
        HEXLOWER.encode(&mac(&self.first.naming, &[user_id.as_bytes()]))
    }
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.all().map(|key| key.name.as_str());
        f.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const TWO: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keys(text: &str) -> VaultKeys {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_key_seals_and_the_others_are_known() {
        let both = keys(&format!("{TWO}, {ONE}"));
        assert_eq!(both.first().name, "b");
        assert!(both.has("a"));
        assert!(!both.has("c"));
    }

    #[test]
    fn a_mistake_is_named_and_no_key_is_shown() {
        let mistake = |text: &str| text.parse::<VaultKeys>().unwrap_err();
        let malformed = |number| VaultKeysError::Malformed { number };
        for text in ["", "a", "a:", "a:AAAA", ":AAAA", "a b:AAAA", "a:zz=="] {
            assert_eq!(mistake(text), malformed(1), "{text}");
        }
        assert_eq!(mistake(&format!("{ONE},x")), malformed(2));
        let twice = VaultKeysError::NamedTwice {
            name: "a".to_owned(),
        };
        assert_eq!(mistake(&format!("{ONE},{ONE}")), twice);
        assert_eq!(
            format!("{:?}", keys(&format!("{ONE},{TWO}"))),
            r#"{"a", "b"}"#
        );
    }

    #[test]
    fn a_fingerprint_tells_keys_and_companies_apart_and_fits_its_column() {
        let keys = keys(ONE);
        let of = |company: &str, key: &str| keys.first().fingerprint(company, key);
        assert_eq!(of("toss", "bk"), of("toss", "bk"));
        assert_ne!(of("toss", "bk"), of("nice", "bk"));
        assert_ne!(of("tos", "sbk"), of("toss", "bk"));
        assert_eq!(of("toss", &"k".repeat(200)).len(), 76);
        let other = self::keys(TWO);
        assert_ne!(of("toss", "bk"), other.first().fingerprint("toss", "bk"));
    }

    #[test]
    fn a_users_name_at_the_company_is_theirs_alone() {
        let keys = keys(ONE);
        assert_eq!(keys.customer_key("ann"), keys.customer_key("ann"));
        assert_ne!(keys.customer_key("ann"), keys.customer_key("bob"));
        assert_eq!(keys.customer_key("ann").len(), 64);
    }
}

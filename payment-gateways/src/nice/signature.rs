//! NICE's signatures: SHA-256 over what is signed and the secret key, in hex.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The secret key. It does not print.
#[derive(Clone)]
pub(super) struct SecretKey(pub(super) String);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl SecretKey {
    /// Signs these, one behind the other, with the key at the end.
    pub(super) fn sign(&self, parts: &[&str]) -> String {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.as_bytes());
        }
        digest.update(self.0.as_bytes());
        HEXLOWER.encode(&digest.finalize())
    }

    /// Whether this is the signature of these; in a time that does not tell how much of it is right.
    pub(super) fn signed(&self, parts: &[&str], signature: &str) -> bool {
        let expected = self.sign(parts);
        bool::from(
            expected
                .as_bytes()
                .ct_eq(signature.to_ascii_lowercase().as_bytes()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_digest_of_the_parts_and_the_key() {
        let key = SecretKey("key".to_owned());
        // sha256("tid1004datekey")
        let signature = key.sign(&["tid", "1004", "date"]);
        assert_eq!(
            signature,
            HEXLOWER.encode(&Sha256::digest(b"tid1004datekey"))
        );
        assert!(key.signed(&["tid", "1004", "date"], &signature));
        assert!(key.signed(&["tid", "1004", "date"], &signature.to_uppercase()));
        for wrong in ["", "00", &signature[1..], &format!("{signature}0")] {
            assert!(!key.signed(&["tid", "1004", "date"], wrong));
        }
        assert!(!key.signed(&["tid", "1005", "date"], &signature));
        assert_eq!(format!("{key:?}"), "***");
    }
}

//! Why the vault cannot do what it is asked. No error holds a key.

/// Why a list of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultKeysError {
    /// There is none.
    #[error("no key")]
    Empty,
    /// Too many.
    #[error("more than {max} keys")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// An entry is not `name:key`.
    #[error(
        "key number {number} is not a name of 1 to 32 letters, digits or hyphens, a colon, and 32 bytes in Base64"
    )]
    Malformed {
        /// Which, from 1.
        number: usize,
    },
    /// Two have one name.
    #[error("two keys are named {name}")]
    NamedTwice {
        /// The name.
        name: String,
    },
}

/// Why a billing key could not be kept, opened or wiped.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database is away or refuses.
    #[error("the database of payment methods: {0}")]
    Database(#[from] sqlx::Error),
    /// It was sealed with a key that this process does not have: a rotation has not reached it yet, or the key was
    /// dropped too early.
    #[error(
        "a secret is sealed with key {key_name}, which this process does not have: add {key_name} to \
         PAYMENT_METHOD_KEYS of every process"
    )]
    UnknownKey {
        /// The name of the key that is missing.
        key_name: String,
    },
    /// What is stored is not what was sealed, or belongs to another method.
    #[error(
        "a sealed secret does not open: its row is not what was sealed here; restore it from a backup"
    )]
    Tampered,
    /// The machine gives no random numbers, or a key is too long to be sealed.
    #[error("a secret cannot be sealed: it is too long, or the machine gives no random numbers")]
    Unsealable,
}

impl VaultError {
    /// The database did not answer, for whoever stands in for it.
    #[must_use]
    pub fn away() -> Self {
        Self::Database(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    }

    /// Whether the same may work later: the database was away, or the key that is missing can still be configured;
    /// nothing is wrong with what is stored.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => !error.is_check_violation(),
            Self::Database(_) | Self::UnknownKey { .. } => true,
            Self::Tampered | Self::Unsealable => false,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "VAULT_DATABASE",
            Self::UnknownKey { .. } => "VAULT_KEY_UNKNOWN",
            Self::Tampered => "VAULT_TAMPERED",
            Self::Unsealable => "VAULT_UNSEALABLE",
        }
    }
}

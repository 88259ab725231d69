//! Why a run could not be made. What a run finds is no error but a finding; see [`crate::checks`].

use std::path::PathBuf;

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChaosError {
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
    #[error("PostgreSQL: {0}")]
    Database(#[from] sqlx::Error),
    #[error("HTTP: {0}")]
    Http(#[from] reqwest::Error),
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a token cannot be made: {0}")]
    Token(#[from] platform::auth::MintError),
    #[error("{0}")]
    Said(String),
}

impl ChaosError {
    pub(crate) fn said(what: impl Into<String>) -> Self {
        Self::Said(what.into())
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

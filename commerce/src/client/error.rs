//! Why the shop gave no answer that helps.

use super::answer::Answer;

/// Why the shop gave no answer that helps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("the HTTP client cannot be built")]
    Build(#[source] reqwest::Error),
    #[error(transparent)]
    Mint(#[from] platform::auth::MintError),
    #[error("{url} does not answer; is `commerce serve` running there?")]
    Lost { url: String, source: reqwest::Error },
    #[error("{url} answered {} {}", answer.status, answer.body)]
    Refused { url: String, answer: Answer },
}

impl Answer {
    /// The answer, if it says yes.
    pub(crate) fn or_refused(self, url: &str) -> Result<Self, ClientError> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(ClientError::Refused {
                url: url.to_owned(),
                answer: self,
            })
        }
    }
}

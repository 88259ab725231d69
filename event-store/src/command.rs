//! A command to the store, and what it comes to.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Operation, Rejection};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A command's id: the same command again gets the stored outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandId(Uuid);

impl CommandId {
    /// The id of a caller's `Idempotency-Key`: the same for the same principal and key (UUID version 8
    /// over SHA-256, RFC 9562 §5.8).
    #[must_use]
    pub fn from_key(principal: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(principal.len().to_be_bytes());
        hash.update(principal);
        hash.update(key);
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// An id that was made elsewhere: new for a command without a key, derived for a saga's step.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id of something that belongs to this command, such as its final answer.
    #[must_use]
    pub fn derived(self, name: &str) -> Self {
        Self(Uuid::new_v5(&self.0, name.as_bytes()))
    }

    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was asked for, as SHA-256: the same id with another one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of these parts, in this order.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// Who, when and why: goes into the metadata of every event.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who asks: a token's subject, or the name of a process.
    pub principal: String,
    /// The whole that this belongs to: one id from the first request on.
    pub correlation_id: Uuid,
    /// The event that this follows from; none for what comes from outside.
    pub causation_id: Option<Uuid>,
    /// When it was taken.
    pub occurred_at: DateTime<Utc>,
}

/// What is stored as the command's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// As in HTTP.
    pub status: u16,
    /// The answer without the position, which is known only afterwards.
    pub body: String,
}

/// A lease that must still have its epoch when the events are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The lease's name.
    pub lease: String,
    /// Its epoch.
    pub epoch: u64,
}

/// Turns a decision into the answer that is stored with it.
type Render = Arc<dyn Fn(&Result<Value, Rejection>) -> Answer + Send + Sync>;

/// A command to the store.
#[derive(Clone)]
pub struct Command {
    pub(crate) id: CommandId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) operation: Arc<dyn Operation>,
    pub(crate) context: Context,
    pub(crate) render: Render,
    pub(crate) fence: Option<Fence>,
}

impl Command {
    /// A command. Its answer is 200 with the operation's reply, or 409 with the code of the refusal; see
    /// [`Command::answered_by`].
    #[must_use]
    pub fn new(
        id: CommandId,
        fingerprint: Fingerprint,
        operation: impl Operation + 'static,
        context: Context,
    ) -> Self {
        Self {
            id,
            fingerprint,
            operation: Arc::new(operation),
            context,
            render: Arc::new(plain_answer),
            fence: None,
        }
    }

    /// With another way to make the answer from the decision.
    #[must_use]
    pub fn answered_by(
        mut self,
        render: impl Fn(&Result<Value, Rejection>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.render = Arc::new(render);
        self
    }

    /// Refused unless this lease still has this epoch when the events are written.
    #[must_use]
    pub fn fenced_by(mut self, fence: Fence) -> Self {
        self.fence = Some(fence);
        self
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("id", &self.id)
            .field("operation", &self.operation.name())
            .finish_non_exhaustive()
    }
}

fn plain_answer(decision: &Result<Value, Rejection>) -> Answer {
    match decision {
        Ok(reply) => Answer {
            status: 200,
            body: reply.to_string(),
        },
        Err(rejection) => {
            let body = serde_json::json!({ "error": rejection.code() });
            Answer {
                status: 409,
                body: body.to_string(),
            }
        }
    }
}

/// What a command came to, now or when it was first taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// As in HTTP.
    pub status: u16,
    /// The answer without the position.
    pub body: String,
    /// The log's position that the command reached.
    pub position: u64,
    /// When it was taken for the first time, by the database's clock.
    pub recorded_at: DateTime<Utc>,
    /// Whether it had been answered before: this is the first answer again.
    pub replayed: bool,
}

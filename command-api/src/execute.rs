//! Executing a command for a caller: its id and fingerprint, the answer that is stored with it, and the
//! work that goes on when the client does not wait for it.

use std::future::Future;

use actix_web::HttpResponse;
use chrono::DateTime;
use domain::{Operation, Rejection};
use event_store::{Answer, Command, CommandId, Context, ExecuteError, Fingerprint, Outcome};
use failpoints::failpoint;
use platform::{ApiError, Language, Principal, RequestId};
use serde_json::Value;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::api::CommandApi;
use crate::call::Call;
use crate::in_flight::{Running, key_reused};
use crate::refusal;
use crate::respond::{Reply, respond};

/// A request that was taken: while it lives, the same key again is told to wait.
pub(crate) struct Ticket {
    /// The command's id.
    pub(crate) id: CommandId,
    /// What was asked for.
    pub(crate) fingerprint: Fingerprint,
    /// The language of the answer.
    pub(crate) language: Language,
    /// What the logs know the request by; refusals name it.
    pub(crate) request_id: RequestId,
    context: Context,
    _running: Option<Running>,
}

impl CommandApi {
    /// Takes a request.
    ///
    /// # Errors
    /// 409 when a request with this key is under way, 422 when that is another one.
    pub(crate) fn take(
        &self,
        caller: &Principal,
        call: &Call,
        body: &[u8],
    ) -> Result<Ticket, ApiError> {
        let fingerprint = call.fingerprint(body);
        let (id, running) = match &call.key {
            Some(key) => {
                let id = CommandId::from_key(caller.subject(), key);
                (id, Some(self.in_flight().enter(id, fingerprint)?))
            }
            None => (CommandId::new(Uuid::now_v7()), None),
        };
        Ok(Ticket {
            id,
            fingerprint,
            language: call.language,
            request_id: call.request_id.clone(),
            context: Context {
                principal: caller.subject().to_owned(),
                correlation_id: call.correlation_id(),
                causation_id: None,
                occurred_at: call.now,
            },
            _running: running,
        })
    }

    /// Executes an operation and answers with what it came to.
    ///
    /// # Errors
    /// The command got no outcome; see [`unexecuted`].
    pub(crate) async fn execute(
        &self,
        caller: &Principal,
        call: &Call,
        body: &[u8],
        operation: impl Operation + 'static,
        reply: Reply,
    ) -> Result<HttpResponse, ApiError> {
        let ticket = self.take(caller, call, body)?;
        let store = self.store().clone();
        let outcome = detached(async move {
            let command = ticket.command(operation, reply.status());
            failpoint!("command-api.execute.before");
            let outcome = store.execute(command).await.map_err(unexecuted);
            failpoint!("command-api.execute.after");
            outcome
        })
        .await?;
        Ok(respond(outcome, &reply))
    }
}

impl Ticket {
    /// The command. Its answer is whole but for the position, in the first caller's language and with the
    /// first request's id: a repeat gets these bytes, also after a restart.
    pub(crate) fn command(&self, operation: impl Operation + 'static, status: u16) -> Command {
        let (language, request_id) = (self.language, self.request_id.clone());
        Command::new(self.id, self.fingerprint, operation, self.context.clone())
            .answered_by(move |decision| answer(decision, status, language, &request_id))
    }

    /// Another command of the same request, such as the record of its final answer.
    pub(crate) fn derived(&self, name: &str, operation: impl Operation + 'static) -> Command {
        let id = self.id.derived(name);
        Command::new(id, self.fingerprint, operation, self.context.clone())
    }
}

fn answer(
    decision: &Result<Value, Rejection>,
    status: u16,
    language: Language,
    request_id: &RequestId,
) -> Answer {
    match decision {
        Ok(data) => Answer {
            status,
            body: success_body(data),
        },
        Err(rejection) => {
            let error = refusal::to_error(rejection);
            let body = error_body(&error, language, request_id.as_str());
            Answer {
                status: error.status().as_u16(),
                body,
            }
        }
    }
}

/// A success as it is stored: without `meta`, which needs the position.
pub(crate) fn success_body(data: &Value) -> String {
    format!(r#"{{"data":{data}}}"#)
}

/// An error as it is stored and sent.
pub(crate) fn error_body(error: &ApiError, language: Language, request_id: &str) -> String {
    let json = error.body(language, Some(request_id)).to_json();
    String::from_utf8_lossy(&json).into_owned()
}

/// Runs work to its end, whether or not the client waits for it.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(work.in_current_span())
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

/// A command without an outcome, as HTTP.
pub(crate) fn unexecuted(error: ExecuteError) -> ApiError {
    match error {
        ExecuteError::Busy { retry_after } | ExecuteError::Contended { retry_after } => {
            ApiError::overloaded().with_retry_after_s(whole_seconds(retry_after))
        }
        ExecuteError::Unavailable { retry_after } => {
            ApiError::unavailable().with_retry_after_s(whole_seconds(retry_after))
        }
        ExecuteError::Stopping => ApiError::unavailable(),
        ExecuteError::KeyReused => key_reused(),
        error @ (ExecuteError::Fenced | ExecuteError::Defect(_)) => ApiError::internal(&error),
    }
}

/// A store that could not be read, as HTTP.
pub(crate) fn unread(error: &event_store::StoreError) -> ApiError {
    match error {
        event_store::StoreError::Database(cause) => {
            tracing::warn!(error = %cause, "the event store could not be read: {cause}");
            ApiError::unavailable()
        }
        other => ApiError::internal(other),
    }
}

/// An outcome that no command of the log has: a refusal that was given before one was executed.
pub(crate) fn refused(error: &ApiError, body: String, replayed: bool) -> Outcome {
    Outcome {
        status: error.status().as_u16(),
        body,
        position: 0,
        recorded_at: DateTime::UNIX_EPOCH,
        replayed,
    }
}

fn whole_seconds(duration: std::time::Duration) -> u32 {
    let rounded_up = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    u32::try_from(rounded_up).unwrap_or(u32::MAX).max(1)
}

//! Closing a connection without an answer: no HTTP framework offers it, since no server should do it, and
//! every real gateway does it some day.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::{HttpRequest, HttpResponse, rt};
use tokio_util::sync::CancellationToken;

use super::refusal::Refusal;

/// A second handle of the connection's socket.
struct Socket(TcpStream);

/// Keeps the handle beside the connection.
pub(super) fn remember(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<rt::net::TcpStream>();
    let Some(handle) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) else {
        tracing::warn!(
            "mock gateway cannot keep a connection's socket: it will not be able to cut it"
        );
        return;
    };
    data.insert(Socket(TcpStream::from(handle)));
}

/// Holds the call for at most `hold`, then cuts its connection. What it returns reaches nobody.
pub(super) async fn never_answer(
    request: &HttpRequest,
    hold: Duration,
    shutdown: &CancellationToken,
) -> Result<HttpResponse, Refusal> {
    tokio::select! {
        () = tokio::time::sleep(hold) => {}
        () = shutdown.cancelled() => {}
    }
    if let Some(Socket(socket)) = request.conn_data::<Socket>() {
        // An error means that the client has cut it already.
        let _ = socket.shutdown(Shutdown::Both);
    }
    Err(Refusal::AsTold)
}

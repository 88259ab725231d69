//! One connection through the proxy.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::Switches;
use super::wire::{Answer, Frontend, GSS_REQUEST, Message, SSL_REQUEST, Unit};

/// What the server still has to answer, in order.
type Open = Arc<Mutex<VecDeque<Unit>>>;

/// Passes everything on until one side closes, or the proxy does.
pub(super) async fn relay(client: TcpStream, server: TcpStream, switches: Arc<Switches>) {
    // Small packets go at once: the proxy must not be slower than it is told to be.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (mut from_client, from_server) = (BufReader::new(from_client), BufReader::new(from_server));
    if begin(&mut from_client, &mut to_client, &mut to_server)
        .await
        .is_err()
    {
        return;
    }
    let open = Open::default();
    // Whichever ends first takes both connections with it.
    tokio::select! {
        _ = ask(from_client, to_server, &open, &switches) => {}
        _ = answer(from_server, to_client, &open, &switches) => {}
    }
}

/// The first messages, which have no type.
async fn begin(
    from_client: &mut (impl AsyncRead + Unpin),
    to_client: &mut (impl AsyncWrite + Unpin),
    to_server: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    loop {
        let first = Message::read(from_client, false).await?;
        if matches!(first.code(), Some(SSL_REQUEST | GSS_REQUEST)) {
            to_client.write_all(b"N").await?;
        } else {
            return to_server.write_all(&first.bytes).await;
        }
    }
}

async fn ask(
    mut from_client: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
    open: &Open,
    switches: &Switches,
) -> std::io::Result<()> {
    let mut frontend = Frontend::default();
    loop {
        let message = Message::read(&mut from_client, true).await?;
        if let Some(unit) = frontend.take(&message) {
            open.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(unit);
        }
        switches.hold_up().await;
        to_server.write_all(&message.bytes).await?;
    }
}

async fn answer(
    mut from_server: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    open: &Open,
    switches: &Switches,
) -> std::io::Result<()> {
    let (mut answer, mut held) = (Answer::default(), Vec::new());
    loop {
        let message = Message::read(&mut from_server, true).await?;
        answer.take(&message);
        held.extend_from_slice(&message.bytes);
        let next = || {
            open.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .front()
                .copied()
        };
        if message.tag != b'Z' {
            // The answer to something that commits is passed on when it is whole, or not at all.
            if next().is_none_or(|Unit(commit)| commit.is_none()) {
                switches.hold_up().await;
                to_client.write_all(&held).await?;
                held.clear();
            }
            continue;
        }
        // The first one of a connection answers its beginning, not a unit.
        let unit = open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        if let Some(Unit(Some(commit))) = unit
            && answer.is_commit(&message)
            && switches.cuts()
        {
            let what = format!("fault:commit answered to nobody ({})", commit.name());
            switches.chronicle.note(&what, &json!(null));
            return Ok(());
        }
        switches.hold_up().await;
        to_client.write_all(&held).await?;
        held.clear();
        answer = Answer::default();
    }
}

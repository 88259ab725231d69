//! A TCP proxy in front of PostgreSQL that breaks connections where a test says so.
#![expect(
    clippy::expect_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The proxy's switches.
#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    /// Swallow the answer to the next append and close the connection: the commit happened, and nobody
    /// was told.
    cut_after_append: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
    away: Arc<std::sync::Mutex<CancellationToken>>,
}

impl Proxy {
    pub(crate) async fn start(target: &PgConnectOptions) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let proxy = Self {
            port: listener.local_addr().expect("an address").port(),
            cut_after_append: Arc::default(),
            cuts: Arc::default(),
            is_away: Arc::default(),
            away: Arc::default(),
        };
        let (host, port) = (target.get_host().to_owned(), target.get_port());
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !serving.is_away.load(Ordering::SeqCst) {
                    let server = TcpStream::connect((host.as_str(), port))
                        .await
                        .expect("PostgreSQL");
                    tokio::spawn(serving.clone().relay(client, server));
                }
            }
        });
        proxy
    }

    /// The same database, through the proxy.
    pub(crate) fn options(&self, direct: PgConnectOptions) -> PgConnectOptions {
        direct.host("127.0.0.1").port(self.port)
    }

    pub(crate) fn cut_after_next_append(&self) {
        self.cut_after_append.store(true, Ordering::SeqCst);
    }

    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }

    /// Breaks every connection and takes no new one.
    pub(crate) fn go_away(&self) {
        self.is_away.store(true, Ordering::SeqCst);
        self.away.lock().expect("no panic held it").cancel();
    }

    pub(crate) fn come_back(&self) {
        *self.away.lock().expect("no panic held it") = CancellationToken::new();
        self.is_away.store(false, Ordering::SeqCst);
    }

    async fn relay(self, mut client: TcpStream, mut server: TcpStream) {
        let away = self.away.lock().expect("no panic held it").clone();
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        // The statement is named once, when it is prepared; an execution is known by its size.
        let mut appends = false;
        loop {
            tokio::select! {
                () = away.cancelled() => return,
                read = from_client.read(&mut asked) => {
                    let Ok(count @ 1..) = read else { return };
                    let bytes = asked.get(..count).expect("what was read");
                    appends |= contains(bytes, b"event_store.append");
                    if to_server.write_all(bytes).await.is_err() { return }
                }
                read = from_server.read(&mut answered) => {
                    let Ok(count @ 1..) = read else { return };
                    let bytes = answered.get(..count).expect("what was read");
                    // A data row ('D') on the append's connection is the append's answer.
                    let is_answer = appends && bytes.windows(5).any(|w| w.first() == Some(&b'D'))
                        && contains(bytes, b"SELECT 1");
                    if is_answer && self.cut_after_append.swap(false, Ordering::SeqCst) {
                        self.cuts.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    if to_client.write_all(bytes).await.is_err() { return }
                }
            }
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

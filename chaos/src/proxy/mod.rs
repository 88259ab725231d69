//! A TCP proxy in front of PostgreSQL. It understands enough of the protocol to know which answer says that
//! something was committed, and can close the connection instead of passing just that answer on: the commit
//! happened, and nobody was told. It can also be slow, or silent.

mod session;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rand::Rng as _;
use tokio::net::{TcpListener, TcpStream};

use crate::chronicle::Chronicle;
use crate::error::ChaosError;

/// The proxy's switches.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    switches: Arc<Switches>,
}

/// What the sessions do beside passing bytes on.
pub(crate) struct Switches {
    /// How many of a thousand commits are answered to nobody.
    cut_permille: AtomicU32,
    /// How late an answer of the server's is passed on.
    latency_ms: AtomicU64,
    /// Nothing is passed on, and no connection closed: as a network that has lost its way.
    silent: AtomicBool,
    chronicle: Arc<Chronicle>,
}

impl Proxy {
    /// Listens in front of the server at this address.
    pub(crate) async fn start(
        server: (String, u16),
        chronicle: Arc<Chronicle>,
    ) -> Result<Self, ChaosError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(ChaosError::io("the proxy"))?;
        let port = listener
            .local_addr()
            .map_err(ChaosError::io("the proxy"))?
            .port();
        let switches = Arc::new(Switches {
            cut_permille: AtomicU32::new(0),
            latency_ms: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            chronicle,
        });
        let of_sessions = Arc::clone(&switches);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, switches) = (server.clone(), Arc::clone(&of_sessions));
                tokio::spawn(async move {
                    // A server that is away refuses: so does the proxy, by closing.
                    if let Ok(server) = TcpStream::connect(server).await {
                        session::relay(client, server, switches).await;
                    }
                });
            }
        });
        Ok(Self { port, switches })
    }

    /// Cuts so many of a thousand connections right after their commit.
    pub(crate) fn cut(&self, permille: u32) {
        self.switches.cut_permille.store(permille, Ordering::SeqCst);
    }

    /// Answers come so late.
    pub(crate) fn delay(&self, latency: Duration) {
        let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        self.switches.latency_ms.store(ms, Ordering::SeqCst);
    }

    /// Passes nothing on, or everything again.
    pub(crate) fn silence(&self, silent: bool) {
        self.switches.silent.store(silent, Ordering::SeqCst);
    }
}

impl Switches {
    /// Whether the next commit is answered to nobody.
    fn cuts(&self) -> bool {
        let permille = self.cut_permille.load(Ordering::SeqCst);
        permille > 0 && rand::rng().random_ratio(permille.min(1_000), 1_000)
    }

    /// Waits as long as an answer is held up.
    async fn hold_up(&self) {
        /// How often a silent proxy looks whether it may speak.
        const LOOK_INTERVAL: Duration = Duration::from_millis(20);
        let latency = self.latency_ms.load(Ordering::SeqCst);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        while self.silent.load(Ordering::SeqCst) {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

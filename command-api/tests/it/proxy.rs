//! A way to a server that a test can cut, or clog, and open again.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the way does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything goes through.
    Open,
    /// Connections break, and new ones break at once.
    Cut,
    /// Connections are taken, and nothing comes back.
    Clogged,
}

/// Forwards to a server on this machine.
pub(crate) struct Proxy {
    port: u16,
    way: Arc<watch::Sender<Way>>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own_port = listener.local_addr().expect("an address").port();
        let way = Arc::new(watch::Sender::new(Way::Open));
        let watched = way.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, port, watched.clone()));
            }
        });
        Self {
            port: own_port,
            way,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// Carries one connection until the way is no longer what it was.
async fn forward(mut client: TcpStream, port: u16, mut way: watch::Receiver<Way>) {
    let now = *way.borrow_and_update();
    match now {
        Way::Cut => {}
        Way::Clogged => {
            let _ = way.changed().await;
        }
        Way::Open => {
            let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = way.changed() => {
                    if *way.borrow_and_update() == Way::Clogged {
                        // Held open, in silence.
                        let _ = way.changed().await;
                    }
                }
            }
        }
    }
}

//! Requests that no client library would send, written byte by byte.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::PATIENCE;

pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    #[expect(clippy::expect_used, reason = "a test that cannot connect says why")]
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.expect("a connection"))
    }

    #[expect(clippy::expect_used, reason = "a test that cannot write says why")]
    pub(crate) async fn write(&mut self, text: &str) {
        self.0
            .write_all(text.as_bytes())
            .await
            .expect("it is written");
    }

    /// What comes until the text, or until the server closes.
    #[expect(clippy::expect_used, reason = "a test that hears nothing says so")]
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        let mut buffer = [0; 4096];
        let reading = async {
            loop {
                match self.0.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => read.extend_from_slice(&buffer[..count]),
                }
                if !end.is_empty() && String::from_utf8_lossy(&read).contains(end) {
                    break;
                }
            }
        };
        timeout(PATIENCE, reading)
            .await
            .expect("it comes or the server closes");
        String::from_utf8_lossy(&read).into_owned()
    }

    pub(crate) async fn read_until_closed(&mut self) -> String {
        self.read_until("").await
    }
}

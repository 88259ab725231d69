//! HTTP/1.1 over kept-alive connections, with as little of it as the load needs: on a machine that the
//! client shares with the server, a cheap client is what lets the server show itself.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::BenchError;

/// How long one answer may take: longer than the program's own limits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
/// An answer's head is some 400 bytes.
const BUFFER_BYTES: usize = 4_096;

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    bytes: Vec<u8>,
    what: &'static str,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Connections to one server: as many as there are requests under way.
#[derive(Debug)]
pub(super) struct Client {
    addr: SocketAddr,
    idle: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Request {
    /// `more` are whole header lines, each with its end.
    pub(super) fn new(method: &'static str, path: &str, more: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        );
        Self {
            bytes: text.into_bytes(),
            what: method,
        }
    }
}

impl Answer {
    pub(super) fn json(&self) -> Result<Value, BenchError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// `data.id`.
    pub(super) fn id(&self) -> Result<String, BenchError> {
        let json = self.json()?;
        let id = json.pointer("/data/id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| BenchError::Value(format!("an answer without an id: {json}")))
    }

    /// An error unless it has this status.
    pub(super) fn expect(self, status: u16) -> Result<Self, BenchError> {
        if self.status == status {
            return Ok(self);
        }
        Err(BenchError::Refused {
            status: self.status,
            body: String::from_utf8_lossy(&self.body).into_owned(),
        })
    }
}

impl Client {
    pub(super) fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            idle: Mutex::default(),
        }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends a request on a connection that nobody uses.
    pub(super) async fn call(&self, request: &Request) -> Result<Answer, BenchError> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(self.addr).await?,
        };
        let calling = tokio::time::timeout(ANSWER_TIMEOUT, connection.call(request));
        let answer = calling.await.map_err(|_| {
            BenchError::Environment(format!("{} was not answered in time", request.what))
        })??;
        self.idle().push(connection);
        Ok(answer)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn open(addr: SocketAddr) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(BUFFER_BYTES),
        })
    }

    async fn call(&mut self, request: &Request) -> Result<Answer, BenchError> {
        self.stream.write_all(&request.bytes).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                let message = "the server closed the connection".to_owned();
                return Err(BenchError::Environment(message));
            }
            let Some(head) = Head::parse(&self.read)? else {
                continue;
            };
            while self.read.len() < head.whole_bytes {
                if self.stream.read_buf(&mut self.read).await? == 0 {
                    let message = "the server broke an answer off".to_owned();
                    return Err(BenchError::Environment(message));
                }
            }
            let body = self.read.get(head.bytes..head.whole_bytes);
            return Ok(Answer {
                status: head.status,
                body: body.unwrap_or_default().to_vec(),
            });
        }
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    bytes: usize,
    /// With the body.
    whole_bytes: usize,
}

impl Head {
    /// `None` while it is not whole.
    fn parse(read: &[u8]) -> Result<Option<Self>, BenchError> {
        const END: &[u8] = b"\r\n\r\n";
        const LENGTH: &str = "content-length:";
        let Some(end) = read.windows(END.len()).position(|bytes| bytes == END) else {
            return Ok(None);
        };
        let garbled = || BenchError::Environment("an answer that is not HTTP".to_owned());
        let head =
            std::str::from_utf8(read.get(..end).unwrap_or_default()).map_err(|_| garbled())?;
        let status = head
            .get(9..12)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(garbled)?;
        let length = head.lines().find_map(|line| {
            let name = line.get(..LENGTH.len())?;
            let value = line.get(LENGTH.len()..)?;
            name.eq_ignore_ascii_case(LENGTH).then_some(value)
        });
        // An answer without a length would have to be one without a body.
        let length: usize = match length {
            Some(length) => length.trim().parse().map_err(|_| garbled())?,
            None if status == 204 || status == 304 => 0,
            None => return Err(garbled()),
        };
        let bytes = end + END.len();
        Ok(Some(Self {
            status,
            bytes,
            whole_bytes: bytes + length,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_only_when_it_is_whole() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";
        assert_eq!(Head::parse(&text[..30]).unwrap(), None);
        let head = Head::parse(text).unwrap().unwrap();
        assert_eq!((head.status, head.whole_bytes), (201, text.len()));
        assert_eq!(&text[head.bytes..], b"hello");
    }

    #[test]
    fn an_answer_of_unknown_length_is_not_guessed() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}

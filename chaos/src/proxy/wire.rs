//! As much of PostgreSQL's protocol (version 3, chapter 53 of its manual) as tells a commit from the rest.

use std::collections::HashMap;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest message that is passed on.
const MESSAGE_MAX_BYTES: usize = 256 * 1024 * 1024;
/// Requests for encryption, which are answered with "no".
pub(super) const SSL_REQUEST: i32 = 80_877_103;
pub(super) const GSS_REQUEST: i32 = 80_877_104;

/// A message, as it came.
pub(super) struct Message {
    /// Its type; 0 for the first one of a connection, which has none.
    pub(super) tag: u8,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// Reads the next one.
    pub(super) async fn read(
        from: &mut (impl AsyncRead + Unpin),
        has_tag: bool,
    ) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(64);
        let mut tag = 0;
        if has_tag {
            tag = from.read_u8().await?;
            bytes.push(tag);
        }
        let length = from.read_u32().await?;
        bytes.extend_from_slice(&length.to_be_bytes());
        let rest = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .saturating_sub(4);
        if rest > MESSAGE_MAX_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let start = bytes.len();
        bytes.resize(start + rest, 0);
        if let Some(body) = bytes.get_mut(start..) {
            from.read_exact(body).await?;
        }
        Ok(Self { tag, bytes })
    }

    /// What stands behind tag and length.
    pub(super) fn body(&self) -> &[u8] {
        let head = if self.tag == 0 { 4 } else { 5 };
        self.bytes.get(head..).unwrap_or_default()
    }

    /// The number that begins a connection's first message.
    pub(super) fn code(&self) -> Option<i32> {
        let code = self.body().get(..4)?;
        Some(i32::from_be_bytes(code.try_into().ok()?))
    }
}

/// What a commit was of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    /// A batch of commands.
    Append,
    /// A transaction of several statements: the sagas', the read models', the relay's.
    Transaction,
    /// One statement that writes: a lease, a snapshot.
    Statement,
}

impl Commit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Transaction => "transaction",
            Self::Statement => "statement",
        }
    }

    /// What these words commit, should they be carried out outside a transaction.
    fn of(sql: &str) -> Option<Self> {
        let sql = sql.trim_start();
        let begins = |word: &str| {
            sql.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if sql.contains("event_store.append") {
            Some(Self::Append)
        } else if begins("COMMIT") {
            Some(Self::Transaction)
        } else if ["INSERT", "UPDATE", "DELETE"].into_iter().any(begins) {
            Some(Self::Statement)
        } else {
            None
        }
    }
}

/// Follows what a client asks for. Each [`Frontend::take`] that returns something is answered by the server
/// with one `ReadyForQuery`.
#[derive(Default)]
pub(super) struct Frontend {
    statements: HashMap<Vec<u8>, Option<Commit>>,
    bound: Option<Commit>,
    /// What has been asked for since the last `Sync`.
    asked: Option<Commit>,
}

/// Something that the server answers with `ReadyForQuery`, and what it commits if all goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit(pub(super) Option<Commit>);

impl Frontend {
    pub(super) fn take(&mut self, message: &Message) -> Option<Unit> {
        match message.tag {
            b'P' => {
                let mut parts = message.body().split(|byte| *byte == 0);
                let name = parts.next().unwrap_or_default().to_vec();
                let sql = String::from_utf8_lossy(parts.next().unwrap_or_default());
                self.statements.insert(name, Commit::of(&sql));
            }
            b'B' => {
                let name = message.body().split(|byte| *byte == 0).nth(1);
                self.bound = name.and_then(|name| *self.statements.get(name)?);
            }
            b'E' => self.asked = self.asked.or(self.bound),
            b'Q' => {
                let sql = String::from_utf8_lossy(message.body());
                return Some(Unit(Commit::of(&sql)));
            }
            b'S' => return Some(Unit(self.asked.take())),
            _ => {}
        }
        None
    }
}

/// Follows the server's answer to one [`Unit`], to its `ReadyForQuery`.
#[derive(Default)]
pub(super) struct Answer {
    failed: bool,
    rolled_back: bool,
}

impl Answer {
    pub(super) fn take(&mut self, message: &Message) {
        self.failed |= message.tag == b'E';
        self.rolled_back |= message.tag == b'C' && message.body().starts_with(b"ROLLBACK");
    }

    /// Whether the server said with this `ReadyForQuery` that what was asked for is committed.
    pub(super) fn is_commit(&self, ready: &Message) -> bool {
        !self.failed && !self.rolled_back && ready.body() == b"I"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Message {
        let length = u32::try_from(body.len() + 4).unwrap();
        let mut bytes = vec![tag];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(body);
        Message { tag, bytes }
    }

    #[tokio::test]
    async fn messages_are_read_whole_and_passed_on_as_they_came() {
        let mut stream: Vec<u8> = message(b'Q', b"SELECT 1\0").bytes;
        stream.extend(message(b'S', b"").bytes);
        let mut from = stream.as_slice();
        let query = Message::read(&mut from, true).await.unwrap();
        assert_eq!((query.tag, query.body()), (b'Q', b"SELECT 1\0".as_slice()));
        assert_eq!(
            Message::read(&mut from, true).await.unwrap().bytes,
            message(b'S', b"").bytes
        );
        assert!(Message::read(&mut from, true).await.is_err());
    }

    #[test]
    fn a_prepared_append_is_a_commit_each_time_it_is_executed() {
        let mut frontend = Frontend::default();
        assert_eq!(
            frontend.take(&message(b'P', b"s1\0SELECT event_store.append($1)\0\0\0")),
            None
        );
        for _ in 0..2 {
            assert_eq!(frontend.take(&message(b'B', b"\0s1\0\0\0")), None);
            assert_eq!(frontend.take(&message(b'E', b"\0\0\0\0\0")), None);
            assert_eq!(
                frontend.take(&message(b'S', b"")),
                Some(Unit(Some(Commit::Append)))
            );
        }
        // A sync alone commits nothing.
        assert_eq!(frontend.take(&message(b'S', b"")), Some(Unit(None)));
    }

    #[test]
    fn only_words_that_write_are_commits() {
        let unit = |sql: &[u8]| Frontend::default().take(&message(b'Q', sql)).unwrap().0;
        assert_eq!(unit(b"COMMIT\0"), Some(Commit::Transaction));
        assert_eq!(unit(b"  update t set x = 1\0"), Some(Commit::Statement));
        assert_eq!(unit(b"BEGIN\0"), None);
        assert_eq!(unit(b"SELECT 1\0"), None);
        assert_eq!(unit(b"ROLLBACK\0"), None);
    }

    #[test]
    fn what_failed_was_rolled_back_or_goes_on_is_not_committed() {
        let answer = |messages: &[(u8, &[u8])], state: &[u8]| {
            let mut answer = Answer::default();
            for (tag, body) in messages {
                answer.take(&message(*tag, body));
            }
            answer.is_commit(&message(b'Z', state))
        };
        assert!(answer(&[(b'C', b"COMMIT\0")], b"I"));
        assert!(!answer(&[(b'C', b"ROLLBACK\0")], b"I"));
        assert!(!answer(&[(b'C', b"SELECT 1\0"), (b'E', b"S\0")], b"I"));
        assert!(
            !answer(&[(b'C', b"INSERT 0 1\0")], b"T"),
            "inside a transaction"
        );
    }
}

//! The ledger on disk: JSON lines, only ever appended to, each flushed before it counts.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::books::Books;
use super::entry::Entry;
use crate::error::PaymentGatewaysError;
use crate::mock::server::refusal::Refusal;

/// The longest line: an entry is some 400 bytes, and what is kept with it at most some tens of KiB. A longer one
/// means that this is another kind of file.
const LINE_MAX_BYTES: usize = 64 * 1024;

/// A ledger file, held by this process alone.
pub(super) struct LedgerFile {
    file: File,
    path: PathBuf,
    /// After a failed write nobody knows what the disk holds: only a new start, which reads it, can tell.
    broken: bool,
}

impl LedgerFile {
    /// Opens or creates the file and reads its entries into the books. A last line without its end was being
    /// written when the mock was killed: its charge was never answered for, and it is cut off.
    pub(super) fn open(path: &Path, books: &mut Books) -> Result<Self, PaymentGatewaysError> {
        let path = path.to_owned();
        let unusable = |source: io::Error| PaymentGatewaysError::LedgerFile {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let file = options.open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PaymentGatewaysError::LedgerInUse { path });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let whole_bytes = read_entries(&file, &path, books)?;
        if file.metadata().map_err(unusable)?.len() > whole_bytes {
            tracing::warn!(ledger.path = %path.display(), "ledger file: an unfinished last line is cut off");
            file.set_len(whole_bytes).map_err(unusable)?;
        }
        file.sync_all().map_err(unusable)?;
        sync_directory(&path).map_err(unusable)?;
        Ok(Self {
            file,
            path,
            broken: false,
        })
    }

    /// Writes an entry; when this returns, it survives.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), Refusal> {
        if self.broken {
            return Err(Refusal::LedgerBroken);
        }
        let written = self.write(entry);
        written.map_err(|error| {
            self.broken = true;
            let path = self.path.display();
            tracing::error!(ledger.path = %path, error = %error, "ledger file {path} cannot be written: nothing is charged until a restart");
            Refusal::LedgerBroken
        })
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// Reads all whole lines; returns how many bytes they are.
fn read_entries(file: &File, path: &Path, books: &mut Books) -> Result<u64, PaymentGatewaysError> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut whole_bytes = 0;
    loop {
        let corrupt = |number: usize, reason: String| PaymentGatewaysError::LedgerCorrupt {
            path: path.to_owned(),
            line: number,
            reason,
        };
        let number = books.entries().len() + 1;
        line.clear();
        let read = read_line(&mut reader, &mut line);
        let read = read.map_err(|source| PaymentGatewaysError::LedgerFile {
            path: path.to_owned(),
            source,
        })?;
        if line.len() > LINE_MAX_BYTES {
            return Err(corrupt(number, "it is too long".to_owned()));
        }
        if line.last() != Some(&b'\n') {
            return Ok(whole_bytes);
        }
        let entry = serde_json::from_slice::<Entry>(&line);
        let entry = entry.map_err(|error| corrupt(number, error.to_string()))?;
        let applied = books.apply(entry);
        applied.map_err(|reason| corrupt(number, reason.to_owned()))?;
        whole_bytes += read;
    }
}

/// Reads a line, or one byte more than a line may have.
fn read_line(reader: &mut BufReader<&File>, line: &mut Vec<u8>) -> io::Result<u64> {
    let limit = u64::try_from(LINE_MAX_BYTES + 1).unwrap_or(u64::MAX);
    let read = io::Read::take(reader, limit).read_until(b'\n', line)?;
    u64::try_from(read).map_err(io::Error::other)
}

/// A new file's name is safe only when its directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Charge, NewCharge, Verdict};
    use super::*;

    #[test]
    fn a_ledger_that_could_not_be_written_stays_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        File::create(&path).unwrap();
        let mut ledger = LedgerFile {
            // Opened for reading only, so that writing fails.
            file: File::open(&path).unwrap(),
            path: path.clone(),
            broken: false,
        };
        let new = NewCharge {
            merchant_key: Uuid::from_u128(1),
            order_id: Uuid::from_u128(2),
            amount: 100,
            currency: "KRW".to_owned(),
        };
        let charge = Charge::made(1, new, Verdict::Charge(100), chrono::Utc::now());
        let entry = Entry::Charge(charge);
        assert_eq!(ledger.append(&entry), Err(Refusal::LedgerBroken));
        // The disk is well again, but what it holds is not known.
        ledger.file = File::options().append(true).open(&path).unwrap();
        assert_eq!(ledger.append(&entry), Err(Refusal::LedgerBroken));
        assert!(ledger.is_broken());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }
}

//! A server that speaks no HTTP of its own: it sends the bytes that it was given, then cuts or waits.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) struct Stranger {
    addr: SocketAddr,
    requests: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Stranger {
    /// One that does this with each connection, once it has read the request.
    pub(crate) fn new(manners: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (requests, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let stranger = Self {
            addr,
            requests: Arc::clone(&requests),
            stop: Arc::clone(&stop),
        };
        std::thread::spawn(move || serve(&listener, &Arc::new(manners), &requests, &stop));
        stranger
    }

    /// One that sends these bytes and cuts the connection.
    pub(crate) fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |stream| {
            // The client may have cut it already, having heard enough.
            let _ = stream.write_all(&bytes);
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How many requests arrived.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it is over. Nobody waits for it: it may still be
        // speaking to a client that runs on this very thread.
        let _ = TcpStream::connect(self.addr);
    }
}

fn serve<M: Fn(&mut TcpStream) + Send + Sync + 'static>(
    listener: &TcpListener,
    manners: &Arc<M>,
    requests: &Arc<AtomicUsize>,
    stop: &AtomicBool,
) {
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let (manners, requests) = (Arc::clone(manners), Arc::clone(requests));
        let mut stream = stream.unwrap();
        let patience = Some(Duration::from_secs(5));
        stream.set_read_timeout(patience).unwrap();
        std::thread::spawn(move || {
            if read_request(&mut stream) {
                requests.fetch_add(1, Ordering::SeqCst);
                manners(&mut stream);
            }
        });
    }
}

/// Reads one request, body included; whether one came.
fn read_request(stream: &mut TcpStream) -> bool {
    let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(read) = stream.read(&mut buffer) else {
            return false;
        };
        if read == 0 {
            return false;
        }
        heard.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&heard).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let value = line.strip_prefix("content-length:")?;
            value.trim().parse::<usize>().ok()
        });
        if body.len() >= length.unwrap_or(0) {
            return true;
        }
    }
}

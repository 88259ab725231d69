//! What a request leaves in the log.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::start;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of this whole test binary, since a subscriber is global.
static LOG: LazyLock<Lines> = LazyLock::new(|| {
    let lines = Lines::default();
    let json = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO);
    json.with_writer(lines.clone()).init();
    lines
});

fn lines_with(text: &str) -> Vec<serde_json::Value> {
    let bytes = LOG.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let lines = String::from_utf8_lossy(&bytes).into_owned();
    let lines = lines.lines().filter(|line| line.contains(text));
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_default())
        .collect()
}

#[actix_web::test]
async fn a_failure_is_logged_once_with_its_cause_and_the_requests_id() {
    LazyLock::force(&LOG);
    let running = start().await;
    let request = running
        .client
        .get(running.url("/broken"))
        .header("x-request-id", "log-me-1");
    running.send(request).await;
    let lines = lines_with("log-me-1");
    let causes: Vec<_> = lines
        .iter()
        .filter(|line| line["fields"]["error"] == "the secret cause")
        .collect();
    assert_eq!(causes.len(), 1, "{lines:?}");
    assert_eq!(
        (&causes[0]["level"], &causes[0]["span"]["request.id"]),
        (&"ERROR".into(), &"log-me-1".into())
    );
    let answered: Vec<_> = lines
        .iter()
        .filter(|line| line["fields"]["http.status"] == 500)
        .collect();
    assert_eq!(answered.len(), 1, "{lines:?}");
    assert_eq!(answered[0]["fields"]["http.route"], "/broken");
}

#[actix_web::test]
async fn what_goes_well_and_what_is_shed_leave_no_line_at_info() {
    LazyLock::force(&LOG);
    let running = start().await;
    for path in ["/request-id", "/overloaded", "/nothing"] {
        let request = running
            .client
            .get(running.url(path))
            .header("x-request-id", "log-me-not");
        running.send(request).await;
    }
    assert_eq!(lines_with("log-me-not"), Vec::<serde_json::Value>::new());
}

//! What calls leave behind: figures by outcome, logs by id, and never a token.

use std::io;
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::stage::{PATIENT, Stage, approved, payment, refund_of};

#[tokio::test]
async fn every_call_is_counted_by_its_outcome_and_timed() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    let stage = Stage::new().await;
    // The adapter's side runs on this thread, the mock's on others.
    let recording = metrics::set_default_local_recorder(&recorder);
    let gateway = stage.gateway(PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    gateway.confirm(payment("tok_decline")).await;
    gateway.confirm(payment("tok_error")).await;
    gateway.confirm(payment("tok_error")).await;
    gateway.inquire(Uuid::now_v7()).await;
    gateway.refund(refund_of(&request, &transaction, 100)).await;
    gateway.refund(refund_of(&request, "other", 100)).await;
    drop(recording);

    let figures = figures.render();
    for (call, outcome, count) in [
        ("confirm", "approved", 1),
        ("confirm", "declined", 1),
        ("confirm", "unknown", 2),
        ("inquire", "no_record", 1),
        ("refund", "done", 1),
        ("refund", "refused", 1),
    ] {
        let labels = format!("gateway=\"mock\",call=\"{call}\",outcome=\"{outcome}\"");
        let line = format!("gateway_calls_total{{{labels}}} {count}");
        assert!(figures.contains(&line), "{line}\n{figures}");
    }
    let timed = "gateway_call_duration_seconds_count{gateway=\"mock\",call=\"confirm\"} 4";
    assert!(figures.contains(timed), "{figures}");
    stage.stop().await;
}

/// Keeps the log lines that hold one of its words.
#[derive(Clone, Default)]
struct Eavesdropper {
    words: Vec<String>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl io::Write for Eavesdropper {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line).into_owned();
        if self.words.iter().any(|word| text.contains(word)) {
            self.heard.lock().unwrap().push(text);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Eavesdropper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_of_any_level_on_either_side_holds_a_token() {
    let canary = Uuid::now_v7().simple().to_string();
    let mut requests = Vec::new();
    for behaviour in ["approve", "decline", "error", "wrong_amount", "unheard_of"] {
        requests.push(payment(&format!("tok_{behaviour}_{canary}")));
    }
    // Too long: refused as it is read, with the value at hand.
    requests.push(payment(&format!("tok_{canary}").repeat(10)));
    let ids = requests
        .iter()
        .map(|request| request.payment_id.to_string());
    let heard = Eavesdropper {
        words: ids.chain([canary.clone()]).collect(),
        ..Eavesdropper::default()
    };
    // For all threads: the mock's too.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(heard.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let stage = Stage::new().await;
    let gateway = stage.gateway(PATIENT);
    for request in &requests {
        gateway.confirm(request.clone()).await;
    }
    stage.stop().await;
    let lines = heard.heard.lock().unwrap().clone();
    for request in &requests {
        let id = request.payment_id.to_string();
        assert!(
            lines.iter().any(|line| line.contains(&id)),
            "no log of {id}"
        );
    }
    let leaks: Vec<_> = lines.iter().filter(|line| line.contains(&canary)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

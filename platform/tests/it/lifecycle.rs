//! Starting and stopping.

use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::health::Health;
use platform::http::{HttpError, Service, serve};
use platform::shutdown::CancellationToken;
use tokio::time::timeout;

use crate::fixture::{PATIENCE, start, start_with};
use crate::raw::Raw;

#[actix_web::test]
async fn a_stop_takes_nothing_more_and_finishes_what_is_under_way() {
    let running = start().await;
    let mut under_way = Raw::connect(running.addr).await;
    under_way
        .write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let entered = timeout(PATIENCE, running.gate.entered.acquire())
        .await
        .expect("it is under way");
    entered.expect("the gate stands").forget();

    running.shutdown.cancel();
    let began = Instant::now();
    while tokio::net::TcpStream::connect(running.addr).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "it still takes connections");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.gate.leave.add_permits(1);
    let answer = under_way.read_until_closed().await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("finished"),
        "{answer}"
    );
    let stopped = timeout(PATIENCE, running.server.stopped())
        .await
        .expect("it stops");
    stopped.expect("it stops well");
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let running = start().await;
    let mut idle = Raw::connect(running.addr).await;
    idle.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    idle.read_until("live").await;
    let began = Instant::now();
    running.shutdown.cancel();
    running.server.stopped().await.expect("it stops well");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it took {:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn a_stop_cuts_off_what_does_not_finish_in_its_time() {
    let running = start_with(&[("HTTP_SHUTDOWN_TIMEOUT_S", "1")]).await;
    let mut stuck = Raw::connect(running.addr).await;
    stuck.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let entered = timeout(PATIENCE, running.gate.entered.acquire())
        .await
        .expect("it is under way");
    entered.expect("the gate stands").forget();
    running.shutdown.cancel();
    let stopped = timeout(PATIENCE, running.server.stopped())
        .await
        .expect("it stops");
    stopped.expect("it stops well");
    assert!(!stuck.read_until_closed().await.contains("finished"));
}

#[actix_web::test]
async fn an_address_that_is_taken_is_an_error_that_names_it() {
    let running = start().await;
    let config = platform::config::Env::of([("TEST_API_ADDR", running.addr.to_string())]);
    let config = config
        .read(|env| platform::http::HttpConfig::read(env, "TEST_API", running.addr))
        .expect("a configuration");
    let service = Service::new("second-api", "Second", Arc::new(Health::new()));
    let error = serve(&config, service, CancellationToken::new(), |_| {}).expect_err("it is taken");
    assert!(matches!(error, HttpError::Bind { .. }));
    assert!(
        error.to_string().contains(&running.addr.to_string()),
        "{error}"
    );
}

#[actix_web::test]
async fn a_signal_to_terminate_cancels_the_token() {
    let token = platform::shutdown::on_signal().expect("the handlers are installed");
    assert!(!token.is_cancelled());
    // To this very process: its handler is installed, so it lives on.
    let this = std::process::id().to_string();
    let kill = tokio::process::Command::new("kill")
        .args(["-TERM", &this])
        .status()
        .await;
    assert!(kill.expect("kill can be run").success());
    timeout(PATIENCE, token.cancelled())
        .await
        .expect("it is cancelled");
}

#[actix_web::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let running = start_with(&[("HTTP_KEEP_ALIVE_S", "1")]).await;
    let mut idle = Raw::connect(running.addr).await;
    idle.write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let began = Instant::now();
    assert!(idle.read_until_closed().await.starts_with("HTTP/1.1 200"));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "closed after {took:?}");
}

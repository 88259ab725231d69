//! What the program logs can be searched.

use std::time::Duration;

use crate::installation::Installation;

/// Every line was full of colours, so that `grep payment.id=` found nothing.
#[tokio::test]
async fn a_log_that_is_no_terminal_has_no_colours() {
    let shop = Installation::new().await;
    let serve = shop.serve().await;
    serve.terminate(Duration::from_secs(10)).await;
    let log = shop.log("serve");
    assert!(log.contains("INFO"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    shop.close().await;
}

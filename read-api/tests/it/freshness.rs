//! Reading one's own writes.

use std::pin::pin;
use std::time::{Duration, Instant};

use read_api::ReadApiConfig;

use crate::shop::{PATIENCE, Shop};

/// A wait that tests can wait for.
fn short() -> ReadApiConfig {
    ReadApiConfig {
        wait: Duration::from_millis(200),
        ..ReadApiConfig::default()
    }
}

fn long() -> ReadApiConfig {
    ReadApiConfig {
        wait: PATIENCE,
        ..ReadApiConfig::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_waits_until_its_read_model_has_the_position() {
    let shop = Shop::open_without_projectors(long()).await;
    let (id, position) = shop.create_product("kettle", "kitchen", "Acme", 100).await;
    // Without a position nobody waits.
    let now = shop.customer("ann").get(&format!("/products/{id}")).await;
    assert_eq!(now.error(), (404, "PRODUCT_NOT_FOUND".to_owned()));

    let caller = shop.customer("ann");
    let path = format!("/products/{id}?minPosition={position}");
    let answer = {
        let mut asking = pin!(caller.get(&path));
        let too_early = tokio::time::timeout(Duration::from_millis(100), &mut asking).await;
        assert!(
            too_early.is_err(),
            "it answered before the read model could know"
        );
        shop.start_projectors().await;
        asking.await
    };
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.json()["meta"]["position"].as_u64() >= Some(position));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_is_not_reached_in_time_is_503_with_retry_after() {
    let shop = Shop::open_without_projectors(short()).await;
    let (id, position) = shop.create_product("kettle", "kitchen", "Acme", 100).await;
    let text = position.to_string();
    for (path, header) in [
        (format!("/products/{id}?minPosition={position}"), None),
        (format!("/products/{id}"), Some(("Min-Position", &*text))),
        (
            format!("/products?category=tea&minPosition={position}"),
            None,
        ),
        (format!("/orders?minPosition={position}"), None),
        (format!("/coupons?minPosition={position}"), None),
        (format!("/notifications?minPosition={position}"), None),
        (format!("/payments/{id}?minPosition={}", u64::MAX), None),
    ] {
        let began = Instant::now();
        let answer = shop
            .customer("ann")
            .get_with(&path, header.as_slice())
            .await;
        assert_eq!(answer.error(), (503, "NOT_CAUGHT_UP".to_owned()), "{path}");
        assert_eq!(answer.header("retry-after"), "1", "{path}");
        assert!(began.elapsed() >= short().wait, "{path}");
    }
    // The log itself is there.
    let events = shop
        .operator()
        .get(&format!("/events?minPosition={position}"))
        .await;
    assert_eq!(events.status, 200, "{}", events.text);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_is_no_number_is_400_wherever_it_stands() {
    let shop = Shop::open_without_projectors(short()).await;
    for path in ["/products", "/orders", "/coupons", "/notifications"] {
        let parameter = shop
            .customer("ann")
            .get(&format!("{path}?minPosition=soon"))
            .await;
        assert_eq!(parameter.status, 400, "{path}");
        assert_eq!(
            parameter.wrong_fields(),
            [("minPosition".to_owned(), "WRONG_TYPE".to_owned())],
            "{path}"
        );
        let header = shop
            .customer("ann")
            .get_with(path, &[("Min-Position", "-1")])
            .await;
        assert_eq!(header.status, 400, "{path}");
        assert_eq!(
            header.wrong_fields(),
            [("Min-Position".to_owned(), "WRONG_TYPE".to_owned())],
            "{path}"
        );
    }
    shop.close().await;
}

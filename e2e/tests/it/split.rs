//! The same shop, split by role over processes, some of them twice.

use platform::Role;
use testkit::eventually;

use crate::client::Answer;
use crate::installation::{Installation, Process};
use crate::stream;

fn start(shop: &Installation, roles: &str) -> Process {
    // Whatever a process serves beside the installation's own two APIs, it serves on ports of its own.
    let ops = format!("127.0.0.1:{}", Installation::free_port());
    shop.start(&["serve", "--roles", roles], &[("OPS_ADDR", &ops)])
}

#[tokio::test]
async fn roles_in_processes_of_their_own_are_one_shop_and_a_standby_takes_over() {
    let shop = Installation::new().await;
    let _command_api = start(&shop, "command-api");
    let _read_api = start(&shop, "read-api");
    let first = start(&shop, "processes");
    let _second = start(&shop, "processes");
    let _projections = [start(&shop, "projections"), start(&shop, "projections")];
    let _relays = [start(&shop, "relay"), start(&shop, "relay")];
    shop.wait_until_ready().await;
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 10)
        .await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    assert_eq!(
        buyer.pay(&order, "tok_approve").await.text("/data/status"),
        "SUCCEEDED"
    );

    first.kill();
    let order = buyer.order(&product, 1).await.id();
    let paid: Answer = buyer.pay(&order, "tok_approve").await;
    assert_eq!(paid.status, 201);
    eventually("the standby settles it", async || {
        let status = buyer
            .get(&format!("/orders/{order}"))
            .await
            .text("/data/status");
        (status == "PAID").then_some(())
    })
    .await;
    stream::assert_kafka_equals_the_log(&shop).await;
    shop.verify();
    shop.close().await;
}

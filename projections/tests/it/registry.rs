//! With a real schema registry the records carry the ids that it gives.

use std::sync::{Arc, Mutex};

use event_schemas::topics;
use projections::relay::RelayConfig;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::kafka::{Topics, sent_up_to};
use crate::relay::start;
use crate::shop::Shop;

/// Ids of this registry begin here, far from the embedded ones.
const FIRST_ID: usize = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_registered_and_their_ids_used() {
    let (shop, topics_of_test) = (Shop::open().await, Topics::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(serve(listener, Arc::clone(&requests)));
    shop.product("Kettle", 1_000, 1).await;
    let config = RelayConfig {
        schema_registry_url: Some(url),
        ..topics_of_test.config()
    };
    let stop = CancellationToken::new();
    let relay = start(&shop, config, &stop);
    sent_up_to(&shop.owner, shop.head().await).await;

    let requests = requests.lock().unwrap().clone();
    let created = format!(
        "POST /subjects/{}product.product.created-value/versions HTTP/1.1",
        topics_of_test.prefix
    );
    let index = requests
        .iter()
        .position(|(line, _)| *line == created)
        .expect("it was registered");
    let body: serde_json::Value = serde_json::from_str(&requests[index].1).unwrap();
    let schema: serde_json::Value = serde_json::from_str(body["schema"].as_str().unwrap()).unwrap();
    assert_eq!(schema["type"], "record");
    assert!(requests.len() >= topics().len());
    let found = topics_of_test.read().await;
    let record = found
        .iter()
        .find(|r| r.topic.ends_with("product.product.created"))
        .unwrap();
    let id = u32::try_from(FIRST_ID + index).unwrap();
    assert_eq!(record.payload[1..5], id.to_be_bytes());
    stop.cancel();
    relay.await.unwrap();
    topics_of_test.delete().await;
    shop.close().await;
}

/// A registry that gives each registration the next id.
async fn serve(listener: TcpListener, requests: Arc<Mutex<Vec<(String, String)>>>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(answer(connection, Arc::clone(&requests)));
    }
}

async fn answer(connection: TcpStream, requests: Arc<Mutex<Vec<(String, String)>>>) {
    let mut connection = BufReader::new(connection);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let length = head
            .iter()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0_usize);
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        let id = {
            let mut requests = requests.lock().unwrap();
            requests.push((head[0].clone(), String::from_utf8(body).unwrap()));
            FIRST_ID + requests.len() - 1
        };
        let body = format!("{{\"id\":{id}}}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        connection
            .get_mut()
            .write_all(answer.as_bytes())
            .await
            .unwrap();
    }
}

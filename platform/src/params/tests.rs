//! What is wrong with a parameter is named, in paths and in queries.

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{MinPosition, ValidPath, ValidQuery};
use crate::errors::ApiError;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Query {
    after: u64,
    delivery: Option<Delivery>,
    aggregate_id: Option<Uuid>,
    keyword: Option<String>,
    exact: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Delivery {
    Sent,
}

async fn query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let request = TestRequest::with_uri(&format!("/events?{query}")).to_http_request();
    ValidQuery::from_request(&request, &mut Payload::None)
        .await
        .map(|query| query.0)
}

async fn path<T: DeserializeOwned>(
    parameters: &[(&'static str, &'static str)],
) -> Result<T, ApiError> {
    let mut request = TestRequest::default();
    for (name, value) in parameters {
        request = request.param(*name, *value);
    }
    let request = request.to_http_request();
    ValidPath::from_request(&request, &mut Payload::None)
        .await
        .map(|path| path.0)
}

fn what<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (String, &'static str) {
    let error = result.expect_err("it is refused");
    assert_eq!(error.status(), 400);
    match error.details() {
        [detail] => (detail.field().to_owned(), detail.code()),
        _ => (String::new(), error.code()),
    }
}

#[tokio::test]
async fn a_query_is_read_by_type() {
    let id = Uuid::now_v7();
    let text = format!(
        "after=7&delivery=SENT&aggregateId={id}&keyword=a%20b%26%EA%B0%80+c&exact=true&minPosition=3"
    );
    let expected = Query {
        after: 7,
        delivery: Some(Delivery::Sent),
        aggregate_id: Some(id),
        keyword: Some("a b&가 c".into()),
        exact: Some(true),
    };
    assert_eq!(query::<Query>(&text).await, Ok(expected));
}

#[tokio::test]
async fn each_mistake_of_a_query_names_its_parameter() {
    for (text, field, code) in [
        ("", "after", "MISSING_FIELD"),
        ("after=", "after", "WRONG_TYPE"),
        ("after=-1", "after", "WRONG_TYPE"),
        ("after=1&after=2", "after", "DUPLICATE_FIELD"),
        ("after=1&colour=red", "colour", "UNKNOWN_FIELD"),
        ("after=1&delivery=LOST", "delivery", "INVALID_VALUE"),
        ("after=1&aggregateId=7", "aggregateId", "INVALID_VALUE"),
        ("after=1&exact=yes", "exact", "WRONG_TYPE"),
    ] {
        assert_eq!(
            what(query::<Query>(text).await),
            (field.to_owned(), code),
            "{text}"
        );
    }
    let many = "a=1&".repeat(100);
    assert_eq!(
        what(query::<Query>(&many).await),
        (String::new(), "TOO_MANY")
    );
}

#[tokio::test]
async fn a_path_is_a_value_a_tuple_or_a_struct() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        version: u32,
        subject: String,
    }
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(
        path(&[("id", id)]).await,
        Ok(Uuid::parse_str(id).expect("a UUID"))
    );
    let both = [("subject", "order%2Fvalue%20x"), ("version", "3")];
    assert_eq!(path(&both).await, Ok(("order/value x".to_owned(), 3_u32)));
    let named = Named {
        version: 3,
        subject: "order/value x".into(),
    };
    assert_eq!(path(&both).await, Ok(named));
}

#[tokio::test]
async fn each_mistake_of_a_path_names_its_parameter() {
    let wrong = |code| ("id".to_owned(), code);
    assert_eq!(
        what(path::<Uuid>(&[("id", "7")]).await),
        wrong("INVALID_VALUE")
    );
    assert_eq!(what(path::<u64>(&[("id", "x")]).await), wrong("WRONG_TYPE"));
    let both = [("subject", "s"), ("version", "latest")];
    let expected = ("version".to_owned(), "WRONG_TYPE");
    assert_eq!(what(path::<(String, u32)>(&both).await), expected);
}

#[tokio::test]
async fn the_least_position_is_the_greater_of_parameter_and_header() {
    async fn position(uri: &str, header: Option<&'static str>) -> Result<MinPosition, ApiError> {
        let mut request = TestRequest::with_uri(uri);
        if let Some(header) = header {
            request = request.insert_header(("Min-Position", header));
        }
        MinPosition::from_request(&request.to_http_request(), &mut Payload::None).await
    }
    assert_eq!(position("/", None).await, Ok(MinPosition(None)));
    assert_eq!(
        position("/?minPosition=5", None).await,
        Ok(MinPosition(Some(5)))
    );
    assert_eq!(position("/", Some("7")).await, Ok(MinPosition(Some(7))));
    assert_eq!(
        position("/?minPosition=9&x=1", Some("7")).await,
        Ok(MinPosition(Some(9)))
    );
    let wrong = |field: &str| (field.to_owned(), "WRONG_TYPE");
    assert_eq!(
        what(position("/?minPosition=x", None).await),
        wrong("minPosition")
    );
    assert_eq!(what(position("/", Some("-1")).await), wrong("Min-Position"));
}

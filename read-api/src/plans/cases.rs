//! Every list query, with filters that match much and little.

use actix_web::FromRequest as _;
use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use platform::{PageRequest, PagedQuery};
use sqlx::{Postgres, QueryBuilder};

use crate::event::{self, EventFilter};
use crate::order::{self, OrderFilter};
use crate::payment::{self, PaymentFilter};
use crate::points::{self, LotFilter};
use crate::product::{self, ProductFilter};
use crate::{coupon_pool, notification, payment_method};

/// A user with 20 000 rows in each list.
const HEAVY_USER: &str = "user-0";
/// A user with about twenty.
const LIGHT_USER: &str = "user-7";
/// Up to here the log was sent.
const SENT: i64 = 900_000;
const HEAD: i64 = 1_000_000;

/// The statement that reads a page.
const PAGE: &str = "page";
/// The statement that counts.
const TOTAL: &str = "total";

/// A statement, explained.
pub(super) struct Case {
    /// The request that it answers.
    pub(super) title: String,
    /// Which of its statements.
    pub(super) part: &'static str,
    pub(super) query: QueryBuilder<'static, Postgres>,
}

pub(super) fn all() -> Vec<Case> {
    let mut cases = products();
    cases.extend(owned());
    cases.extend(payments_of_all());
    cases.extend(saved_methods());
    cases.extend(points_of_users());
    cases.extend(events());
    cases
}

/// The parameters as the handlers get them.
fn parsed<F>(text: &str) -> (F, PageRequest)
where
    PagedQuery<F>: actix_web::FromRequest<Error = platform::ApiError>,
{
    let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
    let parsed = futures_ready(PagedQuery::<F>::from_request(&request, &mut Payload::None));
    let PagedQuery { filter, page } = parsed.expect(text);
    (filter, page)
}

/// The result of a future that is ready at once, as those of these extractors are.
fn futures_ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("parameters are parsed without waiting"),
    }
}

fn products() -> Vec<Case> {
    let page = |text: &str| {
        let (filter, page) = parsed::<ProductFilter>(text);
        let query = product::products(Box::leak(Box::new(filter)), &page).page_query(&page);
        Case {
            title: format!("GET /products?{text}"),
            part: PAGE,
            query,
        }
    };
    let total = |text: &str| {
        let (filter, page) = parsed::<ProductFilter>(text);
        let query = product::products(Box::leak(Box::new(filter)), &page).count_query();
        Case {
            title: format!("GET /products?{text}"),
            part: TOTAL,
            query,
        }
    };
    vec![
        page("sort=createdAt,desc"),
        page("sort=price,asc"),
        page("sort=popular,desc"),
        page("sort=createdAt,desc&page=10000&size=100"),
        total(""),
        page("category=category-0&sort=createdAt,desc"),
        page("category=category-0&sort=price,asc"),
        page("category=category-0&sort=popular,desc"),
        page("category=category-99&sort=popular,desc"),
        total("category=category-0"),
        page("brand=brand-7&sort=createdAt,desc"),
        page("brand=brand-7&sort=price,desc"),
        page("brand=brand-7&sort=popular,desc"),
        page("category=category-0&brand=brand-7&sort=createdAt,desc"),
        page("minPrice=500000&maxPrice=600000&sort=price,asc"),
        page("minPrice=500000&maxPrice=500100&sort=createdAt,desc"),
        page("minPrice=500000&maxPrice=600000&sort=popular,desc"),
        total("minPrice=500000&maxPrice=500100"),
        page("keyword=%EB%85%B9%EC%B0%A8&sort=createdAt,desc"),
        page("keyword=123456&sort=price,asc"),
        page("keyword=%EB%85%B9%EC%B0%A8&category=category-99&sort=popular,desc"),
        page("keyword=%EB%85%B9%EC%B0%A8+%EB%B9%84%EB%88%84&sort=createdAt,desc"),
        page("keyword=nothing+like+it&sort=createdAt,desc"),
        total("keyword=%EB%85%B9%EC%B0%A8"),
        total("keyword=nothing+like+it"),
    ]
}

/// The lists of what belongs to the caller.
fn owned() -> Vec<Case> {
    let orders = |user, text: &str| {
        let (filter, page) = parsed::<OrderFilter>(text);
        let query = order::orders(user, filter).page_query(&page);
        Case {
            title: format!("GET /orders?{text} of {user}"),
            part: PAGE,
            query,
        }
    };
    let order_total = |user, text: &str| {
        let (filter, _) = parsed::<OrderFilter>(text);
        let query = order::orders(user, filter).count_query();
        Case {
            title: format!("GET /orders?{text} of {user}"),
            part: TOTAL,
            query,
        }
    };
    let (_, newest) = parsed::<platform::paging::NoFilter>("");
    let (_, deep) = parsed::<platform::paging::NoFilter>("page=900");
    let coupons = |user, page: &PageRequest| Case {
        title: format!("GET /coupons?page={} of {user}", page.page()),
        part: PAGE,
        query: coupon_pool::coupons(user).page_query(page),
    };
    let notifications = |user, page: &PageRequest| Case {
        title: format!("GET /notifications?page={} of {user}", page.page()),
        part: PAGE,
        query: notification::notifications(user).page_query(page),
    };
    vec![
        orders(HEAVY_USER, ""),
        orders(HEAVY_USER, "page=900"),
        orders(HEAVY_USER, "status=PENDING"),
        orders(HEAVY_USER, "sort=createdAt,asc"),
        orders(LIGHT_USER, ""),
        orders(LIGHT_USER, "status=CANCELLED"),
        order_total(HEAVY_USER, ""),
        order_total(HEAVY_USER, "status=PENDING"),
        coupons(HEAVY_USER, &newest),
        coupons(HEAVY_USER, &deep),
        coupons(LIGHT_USER, &newest),
        Case {
            title: format!("GET /coupons of {HEAVY_USER}"),
            part: TOTAL,
            query: coupon_pool::coupons(HEAVY_USER).count_query(),
        },
        notifications(HEAVY_USER, &newest),
        notifications(HEAVY_USER, &deep),
        notifications(LIGHT_USER, &newest),
        Case {
            title: format!("GET /notifications of {HEAVY_USER}"),
            part: TOTAL,
            query: notification::notifications(HEAVY_USER).count_query(),
        },
    ]
}

/// Payments: a user's own, and everybody's for an operator.
fn payments_of_all() -> Vec<Case> {
    let case = |owner: Option<&'static str>, text: &str, part| {
        let (filter, page) = parsed::<PaymentFilter>(text);
        let list = payment::payments(owner, filter);
        let query = match part {
            PAGE => list.page_query(&page),
            _ => list.count_query(),
        };
        let whose = owner.unwrap_or("everybody, for an operator");
        Case {
            title: format!("GET /payments?{text} of {whose}"),
            part,
            query,
        }
    };
    vec![
        case(Some(HEAVY_USER), "", PAGE),
        case(Some(HEAVY_USER), "page=900", PAGE),
        case(Some(HEAVY_USER), "status=FAILED", PAGE),
        case(Some(HEAVY_USER), "status=UNKNOWN", PAGE),
        case(Some(HEAVY_USER), "sort=requestedAt,asc", PAGE),
        case(Some(LIGHT_USER), "", PAGE),
        case(Some(LIGHT_USER), "status=UNKNOWN", PAGE),
        case(Some(HEAVY_USER), "", TOTAL),
        case(Some(HEAVY_USER), "status=FAILED", TOTAL),
        case(None, "", PAGE),
        case(None, "page=10000&size=100", PAGE),
        case(None, "status=UNKNOWN", PAGE),
        case(None, "status=FAILED", PAGE),
        case(None, "review=true", PAGE),
        case(None, "review=false", PAGE),
        case(None, "review=true&status=UNKNOWN", PAGE),
        case(None, "", TOTAL),
        case(None, "status=UNKNOWN", TOTAL),
        case(None, "review=true", TOTAL),
        case(None, "review=false", TOTAL),
        case(None, "review=true&status=UNKNOWN", TOTAL),
    ]
}

/// A user's saved methods. `user-0` has saved and deleted a thousand; nobody has more than twenty at once.
fn saved_methods() -> Vec<Case> {
    let case = |user| Case {
        title: format!("GET /payment-methods of {user}"),
        part: "list",
        query: payment_method::list_query(user),
    };
    vec![case(HEAVY_USER), case(LIGHT_USER)]
}

/// The lists of a user's points, and the sums over their open lots.
fn points_of_users() -> Vec<Case> {
    let (_, newest) = parsed::<LotFilter>("");
    let (_, deep) = parsed::<LotFilter>("page=900");
    let (_, latest) = parsed::<platform::paging::NoFilter>("");
    let (_, early) = parsed::<platform::paging::NoFilter>("page=900");
    let sums = |user| Case {
        title: format!("GET /points of {user}"),
        part: "sums",
        query: points::sums_query(user),
    };
    let lots = |user, page: &PageRequest| Case {
        title: format!("GET /points/lots?page={} of {user}", page.page()),
        part: PAGE,
        query: points::lots(user).page_query(page),
    };
    let history = |user, page: &PageRequest| Case {
        title: format!("GET /points/history?page={} of {user}", page.page()),
        part: PAGE,
        query: points::history(user).page_query(page),
    };
    let total = |title: &str, query| Case {
        title: format!("{title} of {HEAVY_USER}"),
        part: TOTAL,
        query,
    };
    vec![
        sums(HEAVY_USER),
        sums(LIGHT_USER),
        lots(HEAVY_USER, &newest),
        lots(HEAVY_USER, &deep),
        lots(LIGHT_USER, &newest),
        total("GET /points/lots", points::lots(HEAVY_USER).count_query()),
        history(HEAVY_USER, &latest),
        history(HEAVY_USER, &early),
        history(LIGHT_USER, &latest),
        total(
            "GET /points/history",
            points::history(HEAVY_USER).count_query(),
        ),
    ]
}

fn events() -> Vec<Case> {
    let filter = |event_type: Option<&str>, delivery| -> &'static EventFilter {
        let event_type = event_type.map(str::to_owned);
        Box::leak(Box::new(EventFilter {
            event_type,
            delivery,
            ..EventFilter::default()
        }))
    };
    let scanned = event::SCANNED_MAX;
    let mut streams = QueryBuilder::new("");
    let text = event::STREAMS_SQL
        .replace("$1", "'hot'")
        .replace("$2", "600000");
    streams.push(text.replace("$3", &scanned.to_string()));
    let case = |title: &str, part, query| Case {
        title: format!("GET /events?{title}"),
        part,
        query,
    };
    let hot = (vec!["inventory".to_owned()], vec![150_001]);
    vec![
        case(
            "after=500000",
            PAGE,
            event::range_query(filter(None, None), 500_000, HEAD, SENT),
        ),
        case(
            "after=500000&type=Rare",
            PAGE,
            event::range_query(filter(Some("Rare"), None), 500_000, 500_000 + scanned, SENT),
        ),
        case(
            "after=999000&type=Usual",
            PAGE,
            event::range_query(filter(Some("Usual"), None), 999_000, HEAD, SENT),
        ),
        case(
            "delivery=PENDING",
            PAGE,
            event::range_query(
                filter(None, Some(event::Delivery::Pending)),
                SENT,
                SENT + scanned,
                SENT,
            ),
        ),
        case(
            "delivery=SENT",
            PAGE,
            event::range_query(filter(None, Some(event::Delivery::Sent)), 0, scanned, SENT),
        ),
        case(
            "delivery=FAILED&type=Rare",
            PAGE,
            event::failed_query(filter(Some("Rare"), None), 0, 400_000),
        ),
        case("aggregateId=hot&after=600000", "streams", streams),
        case(
            "aggregateId=hot&after=600000",
            PAGE,
            event::stream_query(filter(None, None), "hot", &hot, (600_000, 680_000), SENT),
        ),
        case(
            "aggregateId=hot&after=600000&type=Rare",
            PAGE,
            event::stream_query(
                filter(Some("Rare"), None),
                "hot",
                &hot,
                (600_000, 680_000),
                SENT,
            ),
        ),
    ]
}

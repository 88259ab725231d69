//! The table of the sagas' steps.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Action, CouponPoolId, Currency, GatewayRequest, Money, OrderId, PaymentId, RefundId};
use fastrand::Rng;
use processes::sans_io::{Alarm, Claim, Item, Lane, Lanes, Origin, agenda};
use simulation::agenda::Agenda;
use testkit::TestDatabase;
use uuid::Uuid;

const STEPS: usize = 400;
const SEEDS: u64 = 4;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(second * 10)
}

fn item(rng: &mut Rng) -> Item {
    let number = rng.u128(1..40);
    let id = Uuid::from_u128(number);
    let payment_id = PaymentId::new(id);
    // The same id is the same action.
    let action = match number % 6 {
        0 => Action::ConfirmPayment(GatewayRequest {
            payment_id,
            order_id: OrderId::new(id),
            amount: Money::new(5, Currency::Krw).unwrap(),
            gateway: ["bank", "gone"][usize::from(number.is_multiple_of(12))].to_owned(),
            token: "tok".to_owned(),
            method_id: None,
        }),
        1 => Action::InquirePayment { payment_id },
        2 => Action::RefundPayment {
            payment_id,
            refund_id: RefundId::new(id),
        },
        3 => Action::ConfirmOrder {
            order_id: OrderId::new(id),
        },
        4 => Action::ExpireOrder {
            order_id: OrderId::new(id),
        },
        _ => Action::CloseCouponPool {
            pool_id: CouponPoolId::new(id),
        },
    };
    Item {
        action_id: id,
        name: format!("step-{}", number % 6),
        action,
        due_at: at(rng.i64(0..100)),
        attempts: 0,
        correlation_id: Uuid::from_u128(1),
        causation_id: Uuid::from_u128(2),
        origin: Origin::Old,
    }
}

#[tokio::test]
async fn the_agenda_in_memory_says_what_postgres_says() {
    for seed in 0..SEEDS {
        let database = TestDatabase::create().await;
        let pool = database.app_pool().await;
        let mut simulated = Agenda::default();
        let mut rng = Rng::with_seed(seed);
        let alarm = Arc::<Alarm>::default();
        let lanes = Lanes::new(["bank"].into_iter(), 2, 3, &alarm);
        let mut claims: Vec<Claim> = Vec::new();
        let mut seen = 0;
        for number in 0..STEPS {
            let what = format!("seed {seed}, step {number}");
            let now = at(rng.i64(0..120));
            let mut connection = pool.acquire().await.unwrap();
            match rng.u8(0..12) {
                0..=2 => {
                    let count = rng.usize(1..5);
                    let mut items: Vec<Item> = (0..count).map(|_| item(&mut rng)).collect();
                    // Two of one id in a statement are the reader's business: it never has them.
                    items.sort_by_key(|item| item.action_id);
                    items.dedup_by_key(|item| item.action_id);
                    let laned = |item: Item| {
                        let lane = lanes.of(&item.action).name().to_owned();
                        (item, lane)
                    };
                    let items: Vec<_> = items.into_iter().map(laned).collect();
                    let mut one = simulated.insert(&items).unwrap();
                    let mut other = agenda::insert(&mut connection, &items).await.unwrap();
                    one.sort();
                    other.sort();
                    assert_eq!(one, other, "{what}");
                }
                3..=5 => {
                    let rooms: Vec<(&Arc<Lane>, usize)> = lanes.rooms();
                    let one = simulated.due(now, &rooms);
                    let other = agenda::due(&pool, now, &rooms).await.unwrap();
                    let said = |rows: &[processes::sans_io::DueRow]| -> Vec<String> {
                        let rows = rows.iter();
                        rows.map(|row| {
                            format!(
                                "{} {} {:?}",
                                row.action_id,
                                row.lane,
                                row.item.as_ref().unwrap()
                            )
                        })
                        .collect()
                    };
                    assert_eq!(said(&one), said(&other), "{what}");
                    seen += one.len();
                    for row in one.into_iter().filter(|_| rng.bool()) {
                        let lane = lanes.all().find(|lane| lane.name() == row.lane);
                        claims.extend(lane.and_then(|lane| lane.claim(row.action_id)));
                    }
                }
                6 => {
                    let names: Vec<&str> = lanes.all().map(|lane| lane.name()).collect();
                    let one = simulated.next_due_at(now, &names);
                    let other = agenda::next_due_at(&pool, now, &names).await.unwrap();
                    assert_eq!(one, other, "{what}");
                }
                7 => {
                    let id = Uuid::from_u128(rng.u128(1..40));
                    let again_at = rng.bool().then(|| at(rng.i64(0..150)));
                    simulated.failed(id, again_at);
                    agenda::failed(&mut connection, id, "why", again_at)
                        .await
                        .unwrap();
                }
                8 => {
                    let done: Vec<Claim> = claims.drain(..claims.len() / 2).collect();
                    let ids: Vec<Uuid> = done.iter().map(Claim::action_id).collect();
                    simulated.delete(&ids);
                    agenda::delete(&mut connection, &ids).await.unwrap();
                }
                9 => claims.clear(),
                10 => {
                    let known = ["commands", "inquire-payment", "confirm-payment/bank"];
                    let one = simulated.adopt(&known);
                    let other = agenda::adopt(&mut connection, &known).await.unwrap();
                    assert_eq!(u64::try_from(one).unwrap(), other, "{what}");
                }
                _ => {
                    let one = simulated.unpark();
                    let other = agenda::unpark(&mut connection).await.unwrap();
                    assert_eq!(u64::try_from(one).unwrap(), other, "{what}");
                }
            }
        }
        assert!(seen > 50, "seed {seed}: only {seen} rows were ever due");
        drop(pool);
        database.drop_now().await;
    }
}

#[tokio::test]
async fn a_retry_on_a_clock_that_was_set_back_is_not_before_the_timers_own_time() {
    let database = TestDatabase::create().await;
    let pool = database.app_pool().await;
    let alarm = Arc::<Alarm>::default();
    let lanes = Lanes::new(["bank"].into_iter(), 2, 3, &alarm);
    let mut timer = item(&mut Rng::with_seed(1));
    timer.due_at = at(50);
    let lane = lanes.of(&timer.action).name().to_owned();
    let mut connection = pool.acquire().await.unwrap();
    let id = timer.action_id;
    agenda::insert(&mut connection, &[(timer, lane)])
        .await
        .unwrap();
    agenda::failed(&mut connection, id, "away", Some(at(10)))
        .await
        .unwrap();
    let early = agenda::due(&pool, at(20), &lanes.rooms()).await.unwrap();
    assert!(
        early.is_empty(),
        "the failure moved the timer before its time"
    );
    let due = agenda::due(&pool, at(50), &lanes.rooms()).await.unwrap();
    assert_eq!(due.len(), 1);
    drop((connection, pool));
    database.drop_now().await;
}

//! What the database itself refuses, and the append function's verdicts, one by one.

use domain::inventory::Inventory;
use event_store::{CommandId, ExecuteError, Lease};
use sqlx::{Connection, PgConnection, PgPool, Row};
use std::time::Duration;
use uuid::Uuid;

use crate::shop::{Shop, command, create_product, product_id, receive};

fn sqlstate(result: Result<impl Sized, sqlx::Error>) -> String {
    match result {
        Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
        Err(other) => panic!("{other}"),
        Ok(_) => "accepted".to_owned(),
    }
}

#[tokio::test]
async fn the_programs_role_can_neither_change_nor_delete_an_event() {
    let shop = Shop::open().await;
    shop.store
        .execute(command(create_product(product_id())))
        .await
        .unwrap();
    let app = shop.database.app_pool().await;
    for statement in [
        "UPDATE event_store.events SET payload = '{}'",
        "DELETE FROM event_store.events",
        "TRUNCATE event_store.events",
        "UPDATE event_store.commands SET body = ''",
        "DELETE FROM event_store.commands",
        "DROP TABLE event_store.events",
    ] {
        assert_eq!(
            sqlstate(sqlx::query(statement).execute(&app).await),
            "42501",
            "{statement}"
        );
    }
    let read = shop.database.read_pool().await;
    let insert = "INSERT INTO event_store.events SELECT * FROM event_store.events";
    assert_eq!(sqlstate(sqlx::query(insert).execute(&read).await), "42501");
    shop.close().await;
}

#[tokio::test]
async fn the_append_refuses_an_isolation_that_would_read_an_old_position() {
    let shop = Shop::open().await;
    let mut connection = PgConnection::connect_with(&shop.database.app_options())
        .await
        .unwrap();
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let mut transaction = connection.begin().await.unwrap();
        sqlx::raw_sql(&format!("SET TRANSACTION ISOLATION LEVEL {level}"))
            .execute(&mut *transaction)
            .await
            .unwrap();
        for function in ["append", "append_whole"] {
            let mut savepoint = transaction.begin().await.unwrap();
            let call = format!("SELECT event_store.{function}('{{}}', NULL, '{{}}', '{{}}')");
            let appended = sqlx::query(&call).execute(&mut *savepoint).await;
            assert_eq!(sqlstate(appended), "25000", "{function}, {level}");
            savepoint.rollback().await.unwrap();
        }
        transaction.rollback().await.unwrap();
    }
    shop.close().await;
}

/// A batch as the append function takes it: `(touched stream, expected, events)` a command.
struct Batch<'a> {
    ids: Vec<Uuid>,
    commands: Vec<(&'a str, Option<i64>, Vec<i64>)>,
}

async fn append(pool: &PgPool, batch: Batch<'_>) -> (i64, Vec<i32>, Vec<String>) {
    let (mut events_through, mut streams, mut expectations) = (vec![], vec![], vec![]);
    let (mut event_commands, mut event_streams, mut sequences) = (vec![], vec![], vec![]);
    for ((stream, expected, own), number) in batch.commands.into_iter().zip(1_i32..) {
        event_commands.extend(own.iter().map(|_| number));
        event_streams.extend(own.iter().map(|_| stream));
        sequences.extend(own);
        events_through.push(i32::try_from(sequences.len()).unwrap());
        streams.push(stream);
        expectations.push(expected);
    }
    let row = sqlx::query(
        "SELECT head, refused, reasons FROM event_store.append(
             (SELECT array_agg(ROW(id, '', 200, '', through)::event_store.new_command ORDER BY place)
                FROM unnest($1::uuid[], $2::integer[]) WITH ORDINALITY AS c(id, through, place)),
             NULL,
             (SELECT array_agg(ROW(place, 'order', stream, expected)::event_store.touch ORDER BY place)
                FROM unnest($3::text[], $4::bigint[])
                     WITH ORDINALITY AS t(stream, expected, place)),
             (SELECT array_agg(ROW(command, 'order', stream, sequence, 'Tested', '1', '{}', '{}')
                               ::event_store.new_event ORDER BY place)
                FROM unnest($5::integer[], $6::text[], $7::bigint[])
                     WITH ORDINALITY AS e(command, stream, sequence, place)))",
    )
    .bind(batch.ids)
    .bind(events_through)
    .bind(streams)
    .bind(expectations)
    .bind(event_commands)
    .bind(event_streams)
    .bind(sequences)
    .fetch_one(pool)
    .await
    .unwrap();
    (row.get("head"), row.get("refused"), row.get("reasons"))
}

async fn stored(pool: &PgPool) -> Vec<(i64, String, i64)> {
    sqlx::query_as("SELECT position, aggregate_id, sequence FROM event_store.events ORDER BY 1")
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Another process appended to `a` as many events as command 1 would have: command 2's expectation
/// matches by accident, and it must be refused all the same.
#[tokio::test]
async fn a_refused_command_poisons_its_streams_for_the_rest_of_the_batch() {
    let shop = Shop::open().await;
    let pool = shop.database.app_pool().await;
    let ids = |n: usize| (0..n).map(|_| Uuid::now_v7()).collect::<Vec<_>>();
    append(
        &pool,
        Batch {
            ids: ids(1),
            commands: vec![("a", Some(0), vec![1])],
        },
    )
    .await;
    let batch = Batch {
        ids: ids(4),
        commands: vec![
            ("a", Some(0), vec![1]),
            ("a", None, vec![2]),
            ("b", Some(0), vec![1]),
            ("b", None, vec![2]),
        ],
    };
    let (head, refused, reasons) = append(&pool, batch).await;
    assert_eq!(
        (head, refused, reasons),
        (1, vec![1, 2], vec!["C".to_owned(), "C".to_owned()])
    );
    let expected = [(1, "a", 1), (2, "b", 1), (3, "b", 2)];
    assert_eq!(
        stored(&pool).await,
        expected.map(|(p, s, n)| (p, s.to_owned(), n))
    );
    shop.close().await;
}

#[tokio::test]
async fn a_duplicate_poisons_its_streams_and_positions_stay_dense() {
    let shop = Shop::open().await;
    let pool = shop.database.app_pool().await;
    let (known, new, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    append(
        &pool,
        Batch {
            ids: vec![known],
            commands: vec![("a", Some(0), vec![1])],
        },
    )
    .await;
    let batch = Batch {
        ids: vec![known, new, other],
        commands: vec![
            ("a", Some(1), vec![2]),
            ("a", None, vec![3]),
            ("b", Some(0), vec![1]),
        ],
    };
    let (_, refused, reasons) = append(&pool, batch).await;
    assert_eq!(
        (refused, reasons),
        (vec![1, 2], vec!["D".to_owned(), "C".to_owned()])
    );
    let expected = [(1, "a", 1), (2, "b", 1)];
    assert_eq!(
        stored(&pool).await,
        expected.map(|(p, s, n)| (p, s.to_owned(), n))
    );
    let position: i64 =
        sqlx::query_scalar("SELECT position FROM event_store.commands WHERE command_id = $1")
            .bind(other)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(position, 2);
    shop.close().await;
}

#[tokio::test]
async fn a_refused_command_of_several_events_leaves_no_gap_between_its_neighbours() {
    let shop = Shop::open().await;
    let pool = shop.database.app_pool().await;
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let batch = Batch {
        ids: ids.clone(),
        commands: vec![
            ("a", Some(0), vec![1, 2]),
            ("b", Some(7), vec![8, 9, 10]),
            ("c", Some(0), vec![]),
            ("d", Some(0), vec![1, 2]),
            ("b", None, vec![11]),
        ],
    };
    let (_, refused, _) = append(&pool, batch).await;
    assert_eq!(refused, [2, 5]);
    let expected = [(1, "a", 1), (2, "a", 2), (3, "d", 1), (4, "d", 2)];
    assert_eq!(
        stored(&pool).await,
        expected.map(|(p, s, n)| (p, s.to_owned(), n))
    );
    let positions: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT command_id, position FROM event_store.commands ORDER BY command_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(positions, [(ids[0], 2), (ids[2], 2), (ids[3], 4)]);
    shop.close().await;
}

/// What keys do not see is looked at, and what keys see is left to them: either way all or nothing.
#[tokio::test]
async fn a_batch_of_which_anything_is_not_new_is_not_written_as_a_whole() {
    let shop = Shop::open().await;
    let pool = shop.database.app_pool().await;
    let known = Uuid::now_v7();
    let first = Batch {
        ids: vec![known],
        commands: vec![("a", Some(0), vec![1, 2, 3])],
    };
    append(&pool, first).await;
    sqlx::raw_sql(
        "INSERT INTO event_store.leases (name, epoch, holder, expires_at)
         VALUES ('runner', 2, 'tester', now())",
    )
    .execute(&pool)
    .await
    .unwrap();
    const EVENT: &str =
        "ROW(1, 'order', STREAM, SEQUENCE, 'Tested', '1', '{}', '{}')::event_store.new_event";
    let event = |stream: &str, sequence: i64| {
        let event = EVENT.replace("STREAM", &format!("'{stream}'"));
        format!(
            "ARRAY[{}]",
            event.replace("SEQUENCE", &sequence.to_string())
        )
    };
    let touch = |stream: &str, expected: i64| {
        format!("ARRAY[ROW(1, 'order', '{stream}', {expected})::event_store.touch]")
    };
    let fence = |epoch: i64| format!("ARRAY[ROW(1, 'runner', {epoch})::event_store.fence]");
    let none = || "NULL".to_owned();
    let new = Uuid::now_v7;
    let cases = [
        (
            "the same command again",
            known,
            none(),
            none(),
            event("b", 1),
        ),
        (
            "a stream that is not empty",
            new(),
            none(),
            none(),
            event("a", 1),
        ),
        (
            "a stream that has grown",
            new(),
            none(),
            touch("a", 2),
            event("a", 3),
        ),
        (
            "a stream that is shorter",
            new(),
            none(),
            touch("a", 5),
            event("a", 6),
        ),
        (
            "a stream that was only read",
            new(),
            none(),
            touch("a", 2),
            none(),
        ),
        (
            "an empty stream that was only read",
            new(),
            none(),
            touch("a", 0),
            none(),
        ),
        ("a lease of another", new(), fence(1), none(), event("b", 1)),
    ];
    let write = async |id: Uuid, fences: &str, touches: &str, events: &str| {
        let sql = format!(
            "SELECT event_store.append_whole(
                 ARRAY[ROW('{id}', '', 200, '', 1)::event_store.new_command,
                       ROW('{}', '', 200, '', 1)::event_store.new_command],
                 {fences}, {touches}, {events})",
            Uuid::now_v7()
        );
        sqlstate(sqlx::query(&sql).execute(&pool).await)
    };
    for (what, id, fences, touches, events) in cases {
        assert_eq!(
            write(id, &fences, &touches, &events).await,
            "23505",
            "{what}"
        );
        assert_eq!(stored(&pool).await.len(), 3, "{what}");
    }
    let outcomes: i64 = sqlx::query_scalar("SELECT count(*) FROM event_store.commands")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(outcomes, 1);
    let written = write(new(), &fence(2), &touch("a", 3), &event("a", 4)).await;
    assert_eq!(written, "accepted");
    assert_eq!(stored(&pool).await.last(), Some(&(4, "a".to_owned(), 4)));
    shop.close().await;
}

#[tokio::test]
async fn a_refusal_decided_on_an_old_state_is_decided_again() {
    let shop = Shop::open().await;
    let other = shop.another_store().await;
    let product = product_id();
    // Both processes have the product in memory as unknown, and one learns of it.
    for store in [&shop.store, &other] {
        assert_eq!(
            store
                .execute(command(receive(product, 1)))
                .await
                .unwrap()
                .status,
            409
        );
    }
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let received = other.execute(command(receive(product, 1))).await.unwrap();
    assert_eq!(
        received.status, 200,
        "not refused from a stale cache: {}",
        received.body
    );
    shop.close().await;
}

/// A standby that lagged took over: what this process remembers is ahead of the log.
#[tokio::test]
async fn events_that_the_log_lost_are_forgotten_by_memory_too() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..3 {
        shop.store
            .execute(command(receive(product, 1)))
            .await
            .unwrap();
    }
    let owner = shop.database.owner_pool().await;
    sqlx::query("DELETE FROM event_store.events WHERE position > 2")
        .execute(&owner)
        .await
        .unwrap();
    let received = shop
        .store
        .execute(command(receive(product, 1)))
        .await
        .unwrap();
    assert_eq!((received.status, received.position), (200, 3));
    let (inventory, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!(inventory.stock(), 2);
    shop.close().await;
}

#[tokio::test]
async fn a_stream_with_a_hole_is_not_decided_on() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..3 {
        shop.store
            .execute(command(receive(product, 1)))
            .await
            .unwrap();
    }
    let owner = shop.database.owner_pool().await;
    sqlx::query("DELETE FROM event_store.events WHERE position = 3")
        .execute(&owner)
        .await
        .unwrap();
    let cold = shop.another_store().await;
    let received = cold.execute(command(receive(product, 1))).await;
    assert!(
        matches!(&received, Err(ExecuteError::Defect(why)) if why.contains("event 2 is missing")),
        "{received:?}"
    );
    assert!(cold.load::<Inventory>(product).await.is_err());
    shop.close().await;
}

#[tokio::test]
async fn a_holder_whose_lease_was_taken_over_writes_nothing() {
    let shop = Shop::open().await;
    let pool = shop.database.app_pool().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let short = Duration::from_millis(1);
    let zombie = Lease::acquire(&pool, "runner", "one", short)
        .await
        .unwrap()
        .unwrap();
    let fenced = |lease: &Lease| command(receive(product, 1)).fenced_by(lease.fence());
    shop.store.execute(fenced(&zombie)).await.unwrap();
    let heir = testkit::eventually("the lease runs out", async || {
        Lease::acquire(&pool, "runner", "two", Duration::from_secs(60))
            .await
            .unwrap()
    })
    .await;
    let refused = shop.store.execute(fenced(&zombie)).await;
    assert!(matches!(refused, Err(ExecuteError::Fenced)), "{refused:?}");
    shop.store.execute(fenced(&heir)).await.unwrap();
    let (inventory, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!(inventory.stock(), 2);
    shop.close().await;
}

#[tokio::test]
async fn a_key_is_the_principals_own() {
    assert_ne!(
        CommandId::from_key("ann", "k"),
        CommandId::from_key("bob", "k")
    );
    assert_ne!(
        CommandId::from_key("a", "bk"),
        CommandId::from_key("ab", "k")
    );
    assert_eq!(
        CommandId::from_key("ann", "k"),
        CommandId::from_key("ann", "k")
    );
}

//! What was left undone is found, on a real database.

use testkit::TestDatabase;

use super::*;

const NO_PATIENCE: Duration = Duration::ZERO;

/// A log of one order, all of which was done and sent; and then this.
async fn after(defect: &str) -> (TestDatabase, PgPool) {
    const WHOLE: &str = "
        INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                                        event_version, payload, metadata, recorded_at)
        VALUES (1, 'order', 'o', 1, 'OrderPlaced', 1, '{}', '{}', now());
        INSERT INTO event_store.checkpoints (subscriber, position) VALUES ('processes', 1);
        UPDATE relay.cursor SET position = 1;
        INSERT INTO processes.actions (action_id, name, lane, action, due_at, correlation_id, causation_id)
        VALUES (gen_random_uuid(), 'close-pool', 'commands', '{}', now() + interval '1 hour',
                gen_random_uuid(), gen_random_uuid());";
    let database = TestDatabase::create().await;
    let pool = database.owner_pool().await;
    let script = format!("{WHOLE} {defect}");
    let planted = sqlx::raw_sql(&script).execute(&pool).await;
    planted.expect("the defect is planted");
    (database, pool)
}

#[tokio::test]
async fn where_all_is_done_and_sent_both_checks_hold() {
    let (_database, pool) = after("").await;
    let ended = ended_within(&pool, NO_PATIENCE).await.expect("an answer");
    let sent = sent_within(&pool, NO_PATIENCE).await.expect("an answer");
    assert!(ended.holds() && sent.holds(), "{ended:?} {sent:?}");
    assert_eq!((ended.looked_at, sent.looked_at), (1, 1));
}

#[tokio::test]
async fn a_look_at_a_company_that_is_not_due_yet_is_left_for_later_and_counted() {
    for look in LOOKS {
        let (_database, pool) = after(&renamed(look, "1 minute")).await;
        let ended = ended_within(&pool, NO_PATIENCE).await.expect("an answer");
        assert!(ended.holds(), "{ended:?}");
        assert_eq!(
            ended.details,
            [format!("1 steps {look} wait for their time")]
        );
        let tried = format!(
            "{}; UPDATE processes.actions SET attempts = 1",
            renamed(look, "1 minute")
        );
        for undone in [renamed(look, "-1 minute"), tried] {
            let (_database, pool) = after(&undone).await;
            let ended = ended_within(&pool, NO_PATIENCE).await.expect("an answer");
            assert_eq!(ended.broken, 1, "{ended:?}");
            assert!(ended.evidence[0].contains(look), "{ended:?}");
        }
    }
}

/// The step that waits is this one, due so much later than now.
fn renamed(name: &str, later: &str) -> String {
    format!("UPDATE processes.actions SET name = '{name}', due_at = now() + interval '{later}'")
}

#[tokio::test]
async fn a_step_left_undone_an_event_set_apart_and_one_not_read_are_found() {
    for (defect, evidence) in [
        (
            "UPDATE processes.actions SET due_at = now() - interval '1 minute', last_error = 'why'",
            "why",
        ),
        (
            "INSERT INTO processes.parked_events (position, error) VALUES (1, 'unreadable')",
            "event 1: unreadable",
        ),
        (
            "UPDATE event_store.checkpoints SET position = 0",
            "the sagas: have read 0 of 1 events",
        ),
        (
            "DELETE FROM event_store.checkpoints",
            "the sagas: have read 0 of 1 events",
        ),
    ] {
        let (_database, pool) = after(defect).await;
        let ended = ended_within(&pool, NO_PATIENCE).await.expect("an answer");
        assert_eq!(ended.broken, 1, "{defect}: {ended:?}");
        assert!(ended.evidence[0].contains(evidence), "{ended:?}");
    }
}

#[tokio::test]
async fn an_event_that_was_not_sent_is_found() {
    let (_database, pool) = after("UPDATE relay.cursor SET position = 0").await;
    let sent = sent_within(&pool, NO_PATIENCE).await.expect("an answer");
    assert_eq!(sent.broken, 1);
    assert_eq!(sent.evidence, ["the log is at 1, the relay at 0"]);
    let apart = "INSERT INTO relay.failures (position, topic, error) VALUES (1, 'x', 'too large')";
    let (_database, pool) = after(apart).await;
    let sent = sent_within(&pool, NO_PATIENCE).await.expect("an answer");
    assert_eq!(sent.evidence, ["event 1 was set apart: too large"]);
}

#[tokio::test]
async fn a_read_model_that_stands_still_or_has_set_events_apart_is_found() {
    const LIVE: &str = "
        INSERT INTO projections.generations (projection, generation, version, state, position)
        VALUES ('orders', 1, 1, 'live', 1);";
    let (_database, pool) = after(LIVE).await;
    let fed = fed_within(&pool, NO_PATIENCE).await.expect("an answer");
    assert!(fed.holds() && fed.looked_at == 1, "{fed:?}");
    for (defect, evidence) in [
        (
            "UPDATE projections.generations SET position = 0",
            "orders lacks 1 events and has parked 0",
        ),
        (
            "INSERT INTO projections.parked (projection, generation, position, key, error)
             VALUES ('orders', 1, 1, 'order/o', 'why')",
            "orders lacks 0 events and has parked 1",
        ),
    ] {
        let (_database, pool) = after(&format!("{LIVE} {defect}")).await;
        let fed = fed_within(&pool, NO_PATIENCE).await.expect("an answer");
        assert_eq!(fed.evidence, [evidence]);
    }
}

#[tokio::test]
async fn a_ledger_that_stands_still_is_found() {
    const KEPT: &str = "
        UPDATE payment.checkpoints SET position = 1;
        UPDATE main.checkpoints SET position = 1;";
    let (_database, pool) = after(KEPT).await;
    let kept = kept_within(&pool, NO_PATIENCE).await.expect("an answer");
    assert!(kept.holds() && kept.looked_at == 3, "{kept:?}");
    for (schema, ledger) in [
        ("payment", "transactions"),
        ("main", "order_payments"),
        ("main", "user_methods"),
    ] {
        let evidence = format!("{ledger} is at 0, the log at 1");
        let defect = format!(
            "{KEPT} UPDATE {schema}.checkpoints SET position = 0 WHERE subscriber = '{ledger}';"
        );
        let (_database, pool) = after(&defect).await;
        let kept = kept_within(&pool, NO_PATIENCE).await.expect("an answer");
        assert_eq!(kept.evidence, [evidence]);
    }
}

//! What the doctor asks the shop's own database.

/// One question to the database: rows are troubles, in words.
pub(super) struct Question {
    pub(super) about: Part,
    pub(super) asks: &'static str,
    pub(super) query: &'static str,
    pub(super) remedy: &'static str,
}

/// Whose health a question is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Shop,
    /// Only of an installation that has Kafka: without it nobody relays, and that is no trouble.
    Relay,
}

/// The log's lock is `pg_advisory_xact_lock(7215046291174)`: its upper and lower half stand in `pg_locks`.
pub(super) const QUESTIONS: [Question; 13] = [
    Question {
        about: Part::Shop,
        asks: "nobody holds the log's lock for long",
        query: "SELECT format('pid %s (%s, %s) holds it for %s: %s', a.pid, a.usename,
                              a.application_name, date_trunc('second', now() - a.xact_start), a.query)
                  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                   AND (l.classid::bigint << 32 | l.objid::bigint) = 7215046291174
                   AND a.xact_start < now() - interval '1 second'",
        remedy: "every command waits for it: end that session with pg_terminate_backend(pid)",
    },
    Question {
        about: Part::Shop,
        asks: "no transaction is forgotten",
        query: "SELECT format('pid %s (%s, %s) is idle in a transaction for %s', pid, usename,
                              application_name, date_trunc('second', now() - xact_start))
                  FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                   AND xact_start < now() - interval '30 seconds'",
        remedy: "it keeps old row versions alive: end it, or find out who opened it",
    },
    Question {
        about: Part::Shop,
        asks: "fsync and synchronous_commit are on",
        query: "SELECT format('%s is %s', name, setting) FROM pg_settings
                 WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')
                   AND setting IN ('off', 'local')",
        remedy: "an acknowledged command may be lost in a crash: switch it on",
    },
    Question {
        about: Part::Shop,
        asks: "someone runs the sagas",
        query: "SELECT 'nobody holds the lease processes'
                 WHERE NOT EXISTS (SELECT FROM event_store.leases
                                    WHERE name = 'processes' AND expires_at > clock_timestamp())",
        remedy: "start `commerce serve` with role processes",
    },
    Question {
        about: Part::Relay,
        asks: "someone runs the relay",
        query: "SELECT 'nobody holds the lease relay'
                 WHERE NOT EXISTS (SELECT FROM event_store.leases
                                    WHERE name = 'relay' AND expires_at > clock_timestamp())",
        remedy: "start `commerce serve` with role relay",
    },
    Question {
        about: Part::Shop,
        asks: "the sagas keep up",
        query: "SELECT format('%s of action %s, the oldest due %s ago: %s', count(*), name,
                              date_trunc('second', now() - min(due_at)),
                              coalesce(max(last_error), 'not tried yet'))
                  FROM processes.actions
                 WHERE due_at < now() - interval '30 seconds' OR (attempts > 8 AND due_at < now() + interval '2 minutes')
                 GROUP BY name",
        remedy: "the last error says what they wait for",
    },
    Question {
        about: Part::Shop,
        asks: "every event has reached the sagas",
        query: "SELECT format('the event at position %s cannot be read: %s', position, error)
                  FROM processes.parked_events ORDER BY position LIMIT 20",
        remedy: "start a program that can read it: the next one to run the sagas makes up for it",
    },
    Question {
        about: Part::Shop,
        asks: "no payment and no refund is given up",
        query: "SELECT format('payment %s of order %s is %s with no question to come: %s', id, order_id,
                              status, unknown_reason)
                  FROM read_model.payments WHERE status = 'UNKNOWN' AND next_inquiry_at IS NULL
                 UNION ALL
                SELECT format('refund %s of payment %s was tried %s times in vain: %s', id, payment_id,
                              failed_attempts, delay_reason)
                  FROM read_model.payment_refunds WHERE failed_attempts > 0 AND status = 'PENDING'
                   AND next_attempt_at IS NULL
                 LIMIT 20",
        remedy: "ask the gateway what became of the money, and settle it there",
    },
    Question {
        about: Part::Shop,
        asks: "every deleted payment method's key is erased within a day",
        query: "SELECT format('the key of payment method %s is not erased at %s after %s attempts: %s', id,
                              gateway, attempts, delay_reason)
                  FROM read_model.payment_methods
                 WHERE status = 'DELETED' AND erased_at IS NULL AND attempts > 0
                   AND deleted_at < now() - interval '1 day'
                 ORDER BY deleted_at LIMIT 20",
        remedy: "ask the company why it does not delete the key; it is tried again every day",
    },
    Question {
        about: Part::Shop,
        asks: "the projections keep up",
        query: "SELECT format('%s is %s events behind', g.projection, h.head - g.position)
                  FROM projections.generations g,
                       (SELECT coalesce(max(position), 0) AS head FROM event_store.events) h
                 WHERE g.state = 'live' AND h.head - g.position > 10000",
        remedy: "is `commerce serve` running with role projections? Its log says more",
    },
    Question {
        about: Part::Shop,
        asks: "no event is parked",
        query: "SELECT format('%s cannot take in %s events of %s: %s', projection, count(*), key,
                              min(error))
                  FROM projections.parked GROUP BY projection, key LIMIT 20",
        remedy: "once fixed: commerce rebuild PROJECTION --parked",
    },
    Question {
        about: Part::Relay,
        asks: "Kafka has what it should have",
        query: "SELECT format('position %s failed after %s attempts: %s', position, attempts, error)
                  FROM relay.failures ORDER BY position LIMIT 20",
        remedy: "once fixed: POST /api/v1/events/{position}/resend",
    },
    Question {
        about: Part::Relay,
        asks: "the relay keeps up",
        query: "SELECT format('%s events are PENDING', h.head - c.position)
                  FROM relay.cursor c,
                       (SELECT coalesce(max(position), 0) AS head FROM event_store.events) h
                 WHERE h.head - c.position > 10000",
        remedy: "is Kafka up, and KAFKA_BROKERS right? The relay's log says more",
    },
];

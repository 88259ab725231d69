-- A batch whole or not at all: for the usual batch, in which every command is new and no stream has moved.
-- It leaves to unique keys what event_store.append looks up one by one: a command's id that is there
-- already, and a stream that has moved, break one (unique_violation). Then nothing is written, and the same
-- batch goes to event_store.append, which says what is wrong with which command.
--
-- What no key sees is in `touches`: streams that were only read, and streams that have events already, which
-- must not be shorter than expected either (a standby took over that had not all of the log). A stream whose
-- first event is in the batch needs no look: its key says whether it was empty.
CREATE FUNCTION append_whole(
    commands        new_command[],
    fences          fence[],     -- NULL without any
    touches         touch[],     -- NULL without any
    events          new_event[], -- in order; NULL without any
    OUT head        bigint,      -- the highest position before this batch
    OUT recorded_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    locked boolean;
    wrong  boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'event_store.append_whole needs READ COMMITTED: an older snapshot would read an old position'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- The same lock as event_store.append.
    locked := pg_advisory_xact_lock(7215046291174) IS NULL;

    SELECT e.position INTO head FROM event_store.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    recorded_at := clock_timestamp();

    IF touches IS NOT NULL THEN
        SELECT true INTO wrong
          FROM (SELECT unnest(touches) AS touch) t
         WHERE (t.touch).expected <> coalesce((
                   SELECT e.sequence FROM event_store.events e
                    WHERE e.aggregate_type = (t.touch).aggregate_type
                      AND e.aggregate_id = (t.touch).aggregate_id
                    ORDER BY e.sequence DESC LIMIT 1), 0)
         LIMIT 1;
    END IF;
    IF fences IS NOT NULL AND wrong IS NULL THEN
        SELECT true INTO wrong
          FROM unnest(fences) AS f
         WHERE f.epoch IS DISTINCT FROM (
                   SELECT l.epoch FROM event_store.leases l WHERE l.name = f.lease FOR SHARE)
         LIMIT 1;
    END IF;
    IF wrong THEN
        RAISE EXCEPTION 'a stream or a lease of this batch has moved: its commands are looked at one by one'
            USING ERRCODE = 'unique_violation';
    END IF;

    IF events IS NOT NULL THEN
        INSERT INTO event_store.events (
               position, aggregate_type, aggregate_id, sequence,
               event_type, event_version, payload, metadata, recorded_at)
        SELECT append_whole.head + e.place,
               (e.event).aggregate_type, (e.event).aggregate_id, (e.event).sequence,
               (e.event).event_type, (e.event).event_version,
               (e.event).payload::json, (e.event).metadata::json, append_whole.recorded_at
          FROM (SELECT unnest(events) AS event, generate_series(1, cardinality(events)) AS place) e;
    END IF;

    INSERT INTO event_store.commands (command_id, fingerprint, status, body, position, recorded_at)
    SELECT (c.command).id, (c.command).fingerprint, (c.command).status, (c.command).body,
           append_whole.head + (c.command).events_through, append_whole.recorded_at
      FROM (SELECT unnest(commands) AS command) c;
END $$;

-- The one way into the log: a batch of commands, each all or nothing, in one transaction.
--
-- Commands are numbered from 1 in the order in which they were decided. A command is written when
--   * its id is new,
--   * every stream that it was the first of the batch to touch is still where it expects it,
--   * its lease (if it has one) still has its epoch, and
--   * no earlier command of the batch that touched one of its streams was refused: it was decided on
--     events that are not there.
-- The others are named in `refused` with a reason: 'D' duplicate id, 'C' conflict, 'F' fenced.
--
-- One lock for all writers makes positions dense and commit order position order: it is held until the
-- commit is visible. plpgsql, because each statement in it sees what was committed before it began.
CREATE FUNCTION append(
    command_ids     uuid[],
    fingerprints    bytea[],
    statuses        smallint[],
    bodies          text[],
    event_counts    integer[],   -- how many events each command has
    fence_commands  integer[],   -- commands that hold a lease
    fence_leases    text[],
    fence_epochs    bigint[],
    touch_commands  integer[],   -- which command touched which stream, in order
    touch_types     text[],
    touch_ids       text[],
    touch_expected  bigint[],    -- the stream's sequence; NULL when an earlier command of the batch touched it
    event_commands  integer[],   -- the events, in order
    event_streams   text[],
    event_ids       text[],
    event_sequences bigint[],
    event_types     text[],
    event_versions  text[],
    event_payloads  text[],
    event_metadata  text[],
    OUT head        bigint,      -- the highest position before this batch
    OUT recorded_at timestamptz,
    OUT refused     integer[],
    OUT reasons     text[]
) LANGUAGE plpgsql AS $$
DECLARE
    duplicates integer[];
    conflicts  integer[];
    fenced     integer[];
    poisoned   text[] := '{}';
    number     integer;
    streams    text[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'event_store.append needs READ COMMITTED: an older snapshot would read an old position'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- The key is arbitrary; nothing else in this database takes it.
    PERFORM pg_advisory_xact_lock(7215046291174);

    SELECT e.position INTO head FROM event_store.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    recorded_at := clock_timestamp();

    SELECT array_agg(c.place) INTO duplicates
      FROM unnest(command_ids) WITH ORDINALITY AS c(id, place)
     WHERE (SELECT true FROM event_store.commands k WHERE k.command_id = c.id);

    SELECT array_agg(t.command) INTO conflicts
      FROM unnest(touch_commands, touch_types, touch_ids, touch_expected)
           AS t(command, type, id, expected)
     WHERE t.expected IS NOT NULL
       AND t.expected <> coalesce((
               SELECT e.sequence FROM event_store.events e
                WHERE e.aggregate_type = t.type AND e.aggregate_id = t.id
                ORDER BY e.sequence DESC LIMIT 1), 0);

    IF cardinality(fence_commands) > 0 THEN
        SELECT array_agg(f.command) INTO fenced
          FROM unnest(fence_commands, fence_leases, fence_epochs) AS f(command, lease, epoch)
         WHERE f.epoch IS DISTINCT FROM (
                   SELECT l.epoch FROM event_store.leases l WHERE l.name = f.lease FOR SHARE);
    END IF;

    refused := '{}';
    reasons := '{}';
    IF duplicates IS NOT NULL OR conflicts IS NOT NULL OR fenced IS NOT NULL THEN
        FOR number IN 1 .. cardinality(command_ids) LOOP
            SELECT array_agg(t.type || '/' || t.id) INTO streams
              FROM unnest(touch_commands, touch_types, touch_ids) AS t(command, type, id)
             WHERE t.command = number;
            IF number = ANY (duplicates) THEN
                refused := refused || number;
                reasons := reasons || 'D'::text;
            ELSIF number = ANY (fenced) THEN
                refused := refused || number;
                reasons := reasons || 'F'::text;
            ELSIF number = ANY (conflicts) OR streams && poisoned THEN
                refused := refused || number;
                reasons := reasons || 'C'::text;
            ELSE
                CONTINUE;
            END IF;
            poisoned := poisoned || streams;
        END LOOP;
    END IF;

    INSERT INTO event_store.events (
           position, aggregate_type, aggregate_id, sequence,
           event_type, event_version, payload, metadata, recorded_at)
    SELECT append.head + row_number() OVER (ORDER BY v.place), v.stream, v.id, v.sequence,
           v.type, v.version, v.payload::json, v.metadata::json, append.recorded_at
      FROM unnest(event_commands, event_streams, event_ids, event_sequences, event_types,
                  event_versions, event_payloads, event_metadata)
           WITH ORDINALITY
           AS v(command, stream, id, sequence, type, version, payload, metadata, place)
     WHERE v.command <> ALL (refused);

    -- A command's position is that of its last event, or the highest so far when it made none.
    INSERT INTO event_store.commands (command_id, fingerprint, status, body, position, recorded_at)
    SELECT w.id, w.fingerprint, w.status, w.body, append.head + w.events_so_far, append.recorded_at
      FROM (SELECT c.*, sum(CASE WHEN c.place = ANY (refused) THEN 0 ELSE c.events END)
                            OVER (ORDER BY c.place) AS events_so_far
              FROM unnest(command_ids, fingerprints, statuses, bodies, event_counts)
                   WITH ORDINALITY AS c(id, fingerprint, status, body, events, place)) w
     WHERE w.place <> ALL (refused);
END $$;

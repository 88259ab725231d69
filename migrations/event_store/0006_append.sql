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
--
-- Most batches are small, and then a batch costs what it takes to start things, so: few parameters, since
-- each array is unpacked anew; arrays unpacked in select lists, since a function in FROM goes through a
-- table of its own; plain statements, since one with all checks in it takes longer to start than they do.
CREATE TYPE new_command AS (
    id             uuid,
    fingerprint    bytea,
    status         smallint,
    body           text,
    events_through integer       -- how many events the batch has up to this command's last
);
-- Commands that hold a lease.
CREATE TYPE fence AS (command integer, lease text, epoch bigint);
-- Which command touched which stream. `expected` is the stream's sequence, or NULL when an earlier command
-- of the batch touched it.
CREATE TYPE touch AS (command integer, aggregate_type text, aggregate_id text, expected bigint);
CREATE TYPE new_event AS (
    command        integer,
    aggregate_type text,
    aggregate_id   text,
    sequence       bigint,
    event_type     text,
    event_version  text,
    payload        text,         -- JSON, as metadata
    metadata       text
);

CREATE FUNCTION append(
    commands        new_command[],
    fences          fence[],     -- NULL without any
    touches         touch[],     -- in the order of the commands
    events          new_event[], -- in order
    OUT head        bigint,      -- the highest position before this batch
    OUT recorded_at timestamptz,
    OUT refused     integer[],
    OUT reasons     text[]
) LANGUAGE plpgsql AS $$
DECLARE
    locked     boolean;
    duplicates integer[];
    conflicts  integer[];
    fenced     integer[];
    poisoned   text[] := '{}';
    left_out   integer := 0;      -- events of refused commands so far
    shifts     integer[] := '{}'; -- left_out before each command; empty when none is refused
    number     integer;
    streams    text[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'event_store.append needs READ COMMITTED: an older snapshot would read an old position'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- The key is arbitrary; nothing else in this database takes it. An assignment, since plpgsql evaluates
    -- an expression without tables at no cost.
    locked := pg_advisory_xact_lock(7215046291174) IS NULL;

    SELECT e.position INTO head FROM event_store.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    recorded_at := clock_timestamp();

    SELECT array_agg(c.place) INTO duplicates
      FROM (SELECT (unnest(commands)).id, generate_series(1, cardinality(commands)) AS place) c
     WHERE (SELECT true FROM event_store.commands k WHERE k.command_id = c.id);

    SELECT array_agg((t.touch).command) INTO conflicts
      FROM (SELECT unnest(touches) AS touch) t
     WHERE (t.touch).expected <> coalesce((
               SELECT e.sequence FROM event_store.events e
                WHERE e.aggregate_type = (t.touch).aggregate_type
                  AND e.aggregate_id = (t.touch).aggregate_id
                ORDER BY e.sequence DESC LIMIT 1), 0);

    IF fences IS NOT NULL THEN
        SELECT array_agg(f.command) INTO fenced
          FROM unnest(fences) AS f
         WHERE f.epoch IS DISTINCT FROM (
                   SELECT l.epoch FROM event_store.leases l WHERE l.name = f.lease FOR SHARE);
    END IF;

    refused := '{}';
    reasons := '{}';
    IF duplicates IS NOT NULL OR conflicts IS NOT NULL OR fenced IS NOT NULL THEN
        FOR number IN 1 .. cardinality(commands) LOOP
            shifts := shifts || left_out;
            SELECT array_agg(t.aggregate_type || '/' || t.aggregate_id) INTO streams
              FROM unnest(touches) AS t
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
            left_out := left_out + (SELECT count(*) FROM unnest(events) AS e WHERE e.command = number);
        END LOOP;
    END IF;

    INSERT INTO event_store.events (
           position, aggregate_type, aggregate_id, sequence,
           event_type, event_version, payload, metadata, recorded_at)
    SELECT append.head + e.place - coalesce(shifts[(e.event).command], 0),
           (e.event).aggregate_type, (e.event).aggregate_id, (e.event).sequence,
           (e.event).event_type, (e.event).event_version,
           (e.event).payload::json, (e.event).metadata::json, append.recorded_at
      FROM (SELECT unnest(events) AS event, generate_series(1, cardinality(events)) AS place) e
     WHERE (e.event).command <> ALL (refused);

    -- A command's position is that of its last event, or the highest so far when it made none.
    INSERT INTO event_store.commands (command_id, fingerprint, status, body, position, recorded_at)
    SELECT (c.command).id, (c.command).fingerprint, (c.command).status, (c.command).body,
           append.head + (c.command).events_through - coalesce(shifts[c.place], 0), append.recorded_at
      FROM (SELECT unnest(commands) AS command, generate_series(1, cardinality(commands)) AS place) c
     WHERE c.place <> ALL (refused);
END $$;

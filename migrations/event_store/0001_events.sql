-- The log: every event of the shop, in one total order without gaps.
--
-- The columns up to `metadata` are those of postgres-es 0.5, so that its repository reads this table.
-- `position` is dense (1, 2, 3 …) in commit order: only event_store.append gives it out.
CREATE TABLE events (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id   text COLLATE "C" NOT NULL,
    sequence       bigint NOT NULL CONSTRAINT events_sequence_positive CHECK (sequence > 0),
    event_type     text NOT NULL,
    event_version  text NOT NULL,
    payload        json NOT NULL,
    metadata       json NOT NULL,
    position       bigint NOT NULL CONSTRAINT events_position_positive CHECK (position > 0),
    recorded_at    timestamptz NOT NULL,
    CONSTRAINT events_stream_key PRIMARY KEY (aggregate_type, aggregate_id, sequence),
    CONSTRAINT events_position_key UNIQUE (position)
);

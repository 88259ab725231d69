-- States of long streams, so that a restart reads a tail and not a million events. Columns as in
-- postgres-es 0.5, and the version of the state's shape: another version's snapshot is ignored.
CREATE TABLE snapshots (
    aggregate_type   text COLLATE "C" NOT NULL,
    aggregate_id     text COLLATE "C" NOT NULL,
    last_sequence    bigint NOT NULL,
    current_snapshot bigint NOT NULL DEFAULT 1,
    payload          json NOT NULL,
    state_version    integer NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);

-- What every command came to, written in the transaction of its events: the same command again gets
-- the same bytes, for as long as its events live.
CREATE TABLE commands (
    command_id  uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,       -- SHA-256 of the request: the same id with another one is refused
    status      smallint NOT NULL,    -- as in HTTP
    body        text NOT NULL,        -- the answer, without the position
    position    bigint NOT NULL,      -- the log's position that the command reached
    recorded_at timestamptz NOT NULL
);

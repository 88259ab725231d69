-- How far the ledger has come in the log of events: moved in the transaction of its rows, so that each event
-- counts exactly once. The row is there from the start: moving it is an update that finds the old position or nothing.
CREATE TABLE checkpoints (
    subscriber varchar(50) CONSTRAINT checkpoints_pkey PRIMARY KEY,
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoints_position_not_negative CHECK (position >= 0)
);
INSERT INTO checkpoints (subscriber, position) VALUES ('transactions', 0);

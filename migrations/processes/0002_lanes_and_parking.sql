-- Actions run in lanes, so that one gateway that hangs holds up nobody else: each lane has its own limit,
-- and its due rows are read by themselves. And what cannot be done until a person has looked is parked,
-- in sight, instead of being tried for ever.
--
-- A parked action is tried again after
--   UPDATE processes.actions SET parked_at = NULL, attempts = 0 WHERE action_id = …;
ALTER TABLE actions
    ADD COLUMN lane      text NOT NULL DEFAULT 'commands',
    ADD COLUMN parked_at timestamptz;
DROP INDEX actions_due_at_idx;
CREATE INDEX actions_lane_due_at_idx ON actions (lane, due_at, action_id) WHERE parked_at IS NULL;
CREATE INDEX actions_parked_at_idx ON actions (parked_at) WHERE parked_at IS NOT NULL;

-- Events that the running program cannot read. They are read again each time a runner takes the lease,
-- so that a program that knows them makes up for what was left out.
CREATE TABLE parked_events (
    position  bigint PRIMARY KEY,
    error     text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, DELETE ON parked_events TO commerce_app;
GRANT SELECT ON parked_events TO commerce_read;

-- What the sagas have to do and have not done yet: timers, gateway calls, commands. A row is written
-- in the transaction that moves the runner's checkpoint past its event, and deleted when it is done.
CREATE TABLE actions (
    action_id      uuid PRIMARY KEY,      -- from the event's id and the step's name: a repeat is the same row
    name           text NOT NULL,
    action         jsonb NOT NULL,
    due_at         timestamptz NOT NULL,
    attempts       integer NOT NULL DEFAULT 0,
    last_error     text,
    correlation_id uuid NOT NULL,
    causation_id   uuid NOT NULL,         -- the event's id
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX actions_due_at_idx ON actions (due_at);

GRANT USAGE ON SCHEMA processes TO commerce_app, commerce_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON actions TO commerce_app;
GRANT SELECT ON actions TO commerce_read;

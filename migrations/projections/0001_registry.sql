-- Which generation of each projection answers the queries. A generation is a schema of its own,
-- projection_<name>_<generation>, with its tables and its checkpoint; the views of schema read_model show
-- the live one. The one before it is kept, and goes on being fed, for a way back.
CREATE TABLE generations (
    projection text NOT NULL,
    generation integer NOT NULL,
    version    integer NOT NULL,          -- of the projector that fills it
    state      text NOT NULL CONSTRAINT generations_state_known
               CHECK (state IN ('building', 'live', 'previous', 'retired')),
    position   bigint NOT NULL DEFAULT 0, -- its checkpoint: moves in the transaction of its rows
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, generation)
);
-- At most one live generation a projection.
CREATE UNIQUE INDEX generations_live_key ON generations (projection) WHERE state = 'live';

-- Events that a projector could not take in: only the event's own key waits, the others go on.
CREATE TABLE parked (
    projection text NOT NULL,
    generation integer NOT NULL,
    key        text NOT NULL,             -- the aggregate's stream
    position   bigint NOT NULL,
    error      text NOT NULL,
    attempts   integer NOT NULL DEFAULT 1,
    parked_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, generation, position)
);
CREATE INDEX parked_key_idx ON parked (projection, generation, key, position);

CREATE SCHEMA IF NOT EXISTS read_model;

GRANT USAGE ON SCHEMA projections, read_model TO commerce_app, commerce_read;
GRANT SELECT, INSERT, UPDATE ON generations TO commerce_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON parked TO commerce_app;
GRANT SELECT ON generations, parked TO commerce_read;

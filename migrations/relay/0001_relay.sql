-- How far the log has been sent to Kafka, and what could not be sent. No row is written per event: an
-- event at or below the cursor is SENT unless it is named here as failed; one above it is PENDING.
CREATE TABLE cursor (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT cursor_is_one_row CHECK (only_row),
    position bigint NOT NULL CONSTRAINT cursor_position_not_negative CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO cursor (position) VALUES (0);

CREATE TABLE failures (
    position   bigint PRIMARY KEY,
    topic      text NOT NULL,
    error      text NOT NULL,
    attempts   integer NOT NULL DEFAULT 1,
    resend     boolean NOT NULL DEFAULT false,  -- an operator asked for it to be sent again
    failed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failures_resend_idx ON failures (position) WHERE resend;

GRANT USAGE ON SCHEMA relay TO commerce_app, commerce_read;
GRANT SELECT, UPDATE ON cursor TO commerce_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON failures TO commerce_app;
GRANT SELECT ON cursor, failures TO commerce_read;

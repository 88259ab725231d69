-- How far each subscriber has come. A checkpoint moves in the transaction of the subscriber's own rows.
CREATE TABLE checkpoints (
    subscriber text PRIMARY KEY,
    position   bigint NOT NULL CONSTRAINT checkpoints_position_not_negative CHECK (position >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);

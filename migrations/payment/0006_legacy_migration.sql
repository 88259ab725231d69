-- What `commerce migrate-legacy` remembers of the migration from the legacy database: how far it is, which row
-- became which, what could not be carried over and why, and the definitions that lead back.
CREATE TABLE legacy_steps (
    step        varchar(30) CONSTRAINT legacy_steps_pkey PRIMARY KEY,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,                 -- null: begun, and perhaps interrupted
    details     json
);

-- Moved in the transaction of each batch: after a crash the copy goes on exactly there.
CREATE TABLE legacy_progress (
    subject  varchar(20) CONSTRAINT legacy_progress_pkey PRIMARY KEY,
    last_key bigint NOT NULL,
    carried  bigint NOT NULL DEFAULT 0,
    masked   bigint NOT NULL DEFAULT 0,      -- bodies in which a card number or a security code was cut out
    finished boolean NOT NULL DEFAULT false
);

CREATE TABLE legacy_ids (
    subject   varchar(20) NOT NULL,
    legacy_id bigint NOT NULL,
    id        uuid NOT NULL,
    CONSTRAINT legacy_ids_pkey PRIMARY KEY (subject, legacy_id)
);

CREATE TABLE legacy_rejects (
    subject     varchar(20) NOT NULL,
    legacy_id   bigint NOT NULL,
    reason      varchar(40) NOT NULL,
    detail      text NOT NULL,
    "row"       json NOT NULL,               -- the whole row; card numbers cut to first six and last four
    rejected_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT legacy_rejects_pkey PRIMARY KEY (subject, legacy_id)
);
CREATE INDEX idx_legacy_rejects_reason ON legacy_rejects (reason);

CREATE TABLE legacy_definitions (
    kind       varchar(20) NOT NULL,
    name       varchar(130) NOT NULL,
    table_name varchar(64) NOT NULL,
    definition text NOT NULL,
    CONSTRAINT legacy_definitions_pkey PRIMARY KEY (kind, name)
);

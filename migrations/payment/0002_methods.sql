-- Means of payment that a gateway keeps for us: its key, and as much of the card as may be shown.
CREATE TABLE methods (
    id               uuid CONSTRAINT methods_pkey PRIMARY KEY,
    pg_billing_key   varchar(100) NOT NULL,
    pg_company       varchar(50) NOT NULL,
    method_type      varchar(20) NOT NULL,
    card_company     varchar(50),
    card_last4       varchar(4),
    pg_request_data  json,
    pg_response_data json,
    status           varchar(20) NOT NULL DEFAULT 'ACTIVE',
    registered_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz,
    CONSTRAINT uk_methods_pg_billing_key UNIQUE (pg_billing_key),
    CONSTRAINT methods_type_known CHECK (method_type IN ('CARD', 'ACCOUNT', 'MOBILE')),
    CONSTRAINT methods_status_known CHECK (status IN ('ACTIVE', 'INACTIVE', 'DELETED'))
);
-- The unique constraint is the index on pg_billing_key.
CREATE INDEX idx_methods_status ON methods (status);

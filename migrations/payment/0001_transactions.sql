-- What was asked of a payment gateway, and what became of it: payments, refunds and cancellations, a row each.
-- The schema is the payment service's own; ids of orders and users are not kept here, and no key leads out of it.
CREATE TABLE transactions (
    id                uuid CONSTRAINT transactions_pkey PRIMARY KEY,
    pg_transaction_id varchar(100) NOT NULL,       -- ours until the gateway has given its own
    pg_company        varchar(50) NOT NULL,
    transaction_type  varchar(20) NOT NULL,
    amount            numeric(15, 2) NOT NULL,
    currency          varchar(3) DEFAULT 'KRW',
    status            varchar(20) NOT NULL,        -- an outcome that nobody knows yet stays PENDING
    pg_request_data   json,
    pg_response_data  json,
    requested_at      timestamptz NOT NULL DEFAULT now(),
    completed_at      timestamptz,
    CONSTRAINT uk_transactions_pg_transaction_id UNIQUE (pg_transaction_id),
    CONSTRAINT transactions_type_known CHECK (transaction_type IN ('PAYMENT', 'REFUND', 'CANCEL')),
    CONSTRAINT transactions_status_known CHECK (status IN ('PENDING', 'SUCCESS', 'FAILED')),
    CONSTRAINT transactions_amount_not_negative CHECK (amount >= 0)
);
-- The unique constraint is the index on pg_transaction_id.
CREATE INDEX idx_transactions_status ON transactions (status);
CREATE INDEX idx_transactions_requested_at ON transactions (requested_at);

-- Where refunds of deposits go: a bank account of the buyer's, sealed as billing keys are, until the money is back.
CREATE TABLE refund_accounts (
    refund_id uuid CONSTRAINT refund_accounts_pkey PRIMARY KEY,
    -- Which of the configured keys it is sealed with.
    key_name  varchar(32) NOT NULL,
    -- A nonce of 24 bytes, then XChaCha20-Poly1305, bound to the refund's id.
    sealed    bytea NOT NULL,
    given_at  timestamptz NOT NULL,
    CONSTRAINT refund_accounts_sealed_size CHECK (octet_length(sealed) BETWEEN 41 AND 4096)
);

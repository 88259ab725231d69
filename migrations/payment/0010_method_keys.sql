-- The billing keys themselves, sealed. They are in a table of their own, because what is sealed is longer than
-- methods.pg_billing_key may be, and so that wiping one is deleting a row. For methods that have a row here, or
-- had one, pg_billing_key holds a fingerprint of the key, or 'erased:' and the method's id.
CREATE TABLE method_keys (
    method_id uuid CONSTRAINT method_keys_pkey PRIMARY KEY,
    -- Which of the configured keys it is sealed with.
    key_name  varchar(32) NOT NULL,
    -- A nonce of 24 bytes, then XChaCha20-Poly1305, bound to the method's id and company.
    sealed    bytea NOT NULL,
    CONSTRAINT fk_method_keys_method FOREIGN KEY (method_id) REFERENCES methods (id),
    CONSTRAINT method_keys_sealed_size CHECK (octet_length(sealed) BETWEEN 41 AND 4096)
);

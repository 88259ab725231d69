-- Each change of a transaction's and of a method's status. Keys inside the schema are wanted.
CREATE TABLE transaction_history (
    id              uuid CONSTRAINT transaction_history_pkey PRIMARY KEY,
    transaction_id  uuid NOT NULL,
    previous_status varchar(20),
    current_status  varchar(20) NOT NULL,
    change_reason   varchar(255),
    changed_at      timestamptz NOT NULL,
    CONSTRAINT fk_transaction_history_transaction FOREIGN KEY (transaction_id) REFERENCES transactions (id)
);
CREATE INDEX idx_transaction_history_transaction_id ON transaction_history (transaction_id);
CREATE INDEX idx_transaction_history_changed_at ON transaction_history (changed_at);

CREATE TABLE method_history (
    id              uuid CONSTRAINT method_history_pkey PRIMARY KEY,
    method_id       uuid NOT NULL,
    previous_status varchar(20),
    current_status  varchar(20) NOT NULL,
    change_reason   varchar(255),
    changed_at      timestamptz NOT NULL,
    CONSTRAINT fk_method_history_method FOREIGN KEY (method_id) REFERENCES methods (id)
);
CREATE INDEX idx_method_history_method_id ON method_history (method_id);
CREATE INDEX idx_method_history_changed_at ON method_history (changed_at);

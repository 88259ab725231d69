-- Which transaction an exchange was about: the charge (the payment's id) or a refund (its own). By it the last request
-- and the last answer reach `pg_request_data` and `pg_response_data`. Null as `payment_id` is, and where the exchange
-- was written before there was this column. While the index is made, exchanges wait in the memory of whoever calls
-- gateways (2 000 of them): on a large table, when little is paid.
ALTER TABLE pg_api_logs ADD COLUMN transaction_id uuid;
CREATE INDEX idx_pg_api_logs_transaction_id ON pg_api_logs (transaction_id, id);

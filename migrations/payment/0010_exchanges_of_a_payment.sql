-- Which payment an exchange was about: a person who looks into a payment asks by it. Null where it was about
-- none, such as a page of a day's transactions. The ids are in the order of time: newest first is the index backwards.
ALTER TABLE pg_api_logs ADD COLUMN payment_id uuid;
CREATE INDEX idx_pg_api_logs_payment_id ON pg_api_logs (payment_id, id);

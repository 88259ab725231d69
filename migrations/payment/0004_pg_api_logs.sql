-- Every call of a gateway's API, bodies verbatim: for debugging and monitoring.
CREATE TABLE pg_api_logs (
    id               uuid CONSTRAINT pg_api_logs_pkey PRIMARY KEY,
    pg_company       varchar(50) NOT NULL,
    api_endpoint     varchar(255) NOT NULL,
    http_method      varchar(10) NOT NULL,
    request_headers  json,
    request_body     json,
    response_status  integer,
    response_headers json,
    response_body    json,
    duration_ms      integer,
    success          boolean DEFAULT false,
    error_message    text,
    created_at       timestamptz NOT NULL,
    CONSTRAINT pg_api_logs_duration_not_negative CHECK (duration_ms >= 0)
);
CREATE INDEX idx_pg_api_logs_pg_company ON pg_api_logs (pg_company);
CREATE INDEX idx_pg_api_logs_success ON pg_api_logs (success);
CREATE INDEX idx_pg_api_logs_created_at ON pg_api_logs (created_at);

-- The database says when a row came, whatever the client says.
CREATE FUNCTION set_created_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER pg_api_logs_created_at BEFORE INSERT ON pg_api_logs
    FOR EACH ROW EXECUTE FUNCTION set_created_at();

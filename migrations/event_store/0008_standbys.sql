-- Whether as many standbys as synchronous_standby_names asks for have flushed the WAL up to here. A commit
-- whose wait for them was cancelled is reported as a success with a warning, so success is not enough.
-- With its owner's rights, since others do not see how far a standby is: the owner must be a superuser or a
-- member of pg_read_all_stats.
CREATE FUNCTION is_on_standbys(up_to pg_lsn) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT names = '' OR (
               SELECT count(*) FROM pg_stat_replication s
                WHERE s.sync_state IN ('sync', 'quorum') AND s.flush_lsn >= up_to
           ) >= coalesce(substring(names FROM '^\s*(?:[A-Za-z]+\s+)?(\d+)\s*\(')::integer, 1)
      FROM current_setting('synchronous_standby_names') AS names
$$;

GRANT EXECUTE ON FUNCTION is_on_standbys TO commerce_app;

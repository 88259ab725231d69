-- How far each projection is: GET /projections and the lag metrics read this.
CREATE VIEW read_model.projection_status AS
SELECT g.projection,
       g.generation,
       g.version,
       g.state,                                     -- live, previous (kept for a way back), building
       g.position,
       head.position AS head,
       greatest(head.position - g.position, 0) AS lag_events,
       -- The age of the oldest event that is not in it; 0 when there is none.
       coalesce(greatest(extract(epoch FROM clock_timestamp() - waiting.recorded_at), 0), 0)::double precision
           AS lag_seconds,
       parked.keys AS parked_keys,
       parked.events AS parked_events,
       g.updated_at
  FROM projections.generations g
 CROSS JOIN (SELECT coalesce((SELECT e.position FROM event_store.events e
                               ORDER BY e.position DESC LIMIT 1), 0) AS position) head
  LEFT JOIN event_store.events waiting ON waiting.position = g.position + 1
 CROSS JOIN LATERAL (SELECT count(DISTINCT p.key) AS keys, count(*) AS events
                       FROM projections.parked p
                      WHERE p.projection = g.projection AND p.generation = g.generation) parked
 WHERE g.state <> 'retired';

GRANT SELECT ON read_model.projection_status TO commerce_app, commerce_read;

-- Event triggers that fire while the tracking schema is made: name, function, its source.
SELECT e.evtname::text AS name, p.oid::regprocedure::text AS function, lower(p.prosrc) AS source
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
WHERE e.evtenabled IN ('O', 'A') AND e.evtevent IN ('ddl_command_start', 'ddl_command_end')
  AND (e.evttags IS NULL
       OR e.evttags && '{CREATE SCHEMA,CREATE TABLE,CREATE SEQUENCE,CREATE INDEX,ALTER TABLE,COMMENT,GRANT,REVOKE}'::text[])
ORDER BY 1

DO $flatsplit$ -- whatever stands in its place steps aside
DECLARE
  aside text := '';
BEGIN
  IF to_regclass('flatsplit.ddl') IS NOT NULL THEN
    SELECT 'ddl_' || n INTO aside FROM generate_series(1, 1000) AS n
    WHERE to_regclass('flatsplit.ddl_' || n) IS NULL ORDER BY n LIMIT 1;
    EXECUTE format('ALTER TABLE flatsplit.ddl RENAME TO %I', aside);
  END IF;
  PERFORM set_config('flatsplit.aside', aside, true);
END
$flatsplit$;
CREATE TABLE flatsplit.ddl (
  tag text NOT NULL,
  kind text NOT NULL,
  identity text NOT NULL,
  login text NOT NULL,
  role text NOT NULL,
  client text,
  application text NOT NULL,
  pid integer NOT NULL,
  xid bigint NOT NULL,
  at timestamptz NOT NULL
);
COMMENT ON TABLE flatsplit.ddl IS 'Structural changes that were committed, and who made them; flatsplit who reads it';
DO $flatsplit$ -- whatever default privileges gave away
DECLARE
  who text;
BEGIN
  FOR who IN
    SELECT DISTINCT coalesce(format('%I', r.rolname), 'PUBLIC')
    FROM pg_catalog.pg_class AS c
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE c.oid = 'flatsplit.ddl'::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE 'REVOKE ALL ON TABLE flatsplit.ddl FROM ' || who;
  END LOOP;
END
$flatsplit$;
GRANT SELECT ON TABLE flatsplit.ddl TO PUBLIC;
DO $flatsplit$ -- and its rows come back, as far as reading them runs nobody else's code
DECLARE
  aside text := coalesce(current_setting('flatsplit.aside', true), '');
  listed text := 'tag, kind, identity, login, role, client, application, pid, xid, at';
BEGIN
  IF aside = '' THEN
    RETURN;
  END IF;
  PERFORM set_config('row_security', 'off', true), set_config('constraint_exclusion', 'off', true);
  IF EXISTS (SELECT FROM pg_catalog.pg_class AS c
             WHERE c.oid = to_regclass('flatsplit.' || aside) AND c.relkind = 'r' AND NOT c.relhassubclass
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i
                               WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
               AND 10 = (SELECT count(*) FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_attribute AS b
                           ON b.attname = a.attname AND b.atttypid = a.atttypid
                         WHERE a.attrelid = 'flatsplit.ddl'::regclass AND a.attnum > 0
                           AND b.attrelid = c.oid AND b.attgenerated = '')) THEN
    EXECUTE format('INSERT INTO flatsplit.ddl (%s) SELECT %s FROM flatsplit.%I', listed, listed, aside);
    EXECUTE format('DROP TABLE flatsplit.%I', aside);
    RETURN;
  END IF;
  RAISE WARNING 'what stood in the place of flatsplit.ddl is flatsplit.% now, and who does not read it', aside;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'what stood in the place of flatsplit.ddl is flatsplit.% now, and who does not read it: %', aside, sqlerrm;
END
$flatsplit$;

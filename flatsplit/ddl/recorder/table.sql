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

-- Which of these roles has a say here: an attribute that passes over policies, rights on or ownership of anything in this
-- database, or a role of the server's own.
SELECT r.rolname::text AS name,
       CASE WHEN r.rolsuper THEN 'a superuser' WHEN r.rolbypassrls THEN 'a role with BYPASSRLS'
            WHEN r.rolcreaterole THEN 'a role with CREATEROLE' WHEN r.rolname ~ '^pg_' THEN 'a role of the server''s own'
            WHEN EXISTS (SELECT FROM pg_class AS c WHERE c.relowner = r.oid) THEN 'an owner of tables'
            ELSE 'a role with rights here' END AS what
FROM pg_roles AS r
WHERE r.rolname = ANY (%(names)s)
  AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolname ~ '^pg_' OR EXISTS (
      SELECT FROM pg_shdepend AS d
      WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('a', 'o', 'r')
        AND d.dbid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())))
ORDER BY 1

-- What somebody else did to the tracking schema while it was made: gave a table away, may write it, hung code on it.
WITH home AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = %(schema)s::text::name),
     relation AS (
       SELECT c.* FROM pg_class AS c JOIN home ON c.relnamespace = home.oid WHERE c.relkind IN ('r', 'S')
         AND c.relname <> 'ddl') -- the recorder's, which the catalog reads by itself
SELECT 'owner' AS what, c.relname::text AS name, 'belongs to ' || quote_ident(pg_get_userbyid(c.relowner)) AS said
FROM relation AS c, home WHERE c.relowner <> home.nspowner
UNION ALL
SELECT 'grant', c.relname::text,
       'may be changed by ' || coalesce(quote_ident(pg_get_userbyid(nullif(a.grantee, 0))), 'everybody')
FROM relation AS c, aclexplode(c.relacl) AS a
WHERE a.grantee <> c.relowner AND (a.privilege_type <> 'SELECT' OR a.is_grantable)
UNION ALL
SELECT 'grant', %(schema)s::text,
       'may be filled by ' || coalesce(quote_ident(pg_get_userbyid(nullif(a.grantee, 0))), 'everybody')
FROM home AS n JOIN pg_namespace AS s ON s.oid = n.oid, aclexplode(s.nspacl) AS a
WHERE a.grantee <> n.nspowner AND (a.privilege_type <> 'USAGE' OR a.is_grantable)
UNION ALL
SELECT 'trigger', c.relname::text, 'has a trigger ' || quote_ident(t.tgname)
FROM relation AS c JOIN pg_trigger AS t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', c.relname::text, 'has a rule ' || quote_ident(r.rulename)
FROM relation AS c JOIN pg_rewrite AS r ON r.ev_class = c.oid
UNION ALL
SELECT 'security', c.relname::text, 'has row-level security' FROM relation AS c WHERE c.relrowsecurity
UNION ALL
SELECT 'move', t.name, 'is not there any more' FROM unnest(%(tables)s::text[]) AS t (name)
WHERE NOT EXISTS (SELECT FROM relation AS c WHERE c.relname = t.name)
ORDER BY 1, 2, 3

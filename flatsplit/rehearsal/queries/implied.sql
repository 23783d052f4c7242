-- Routines, not the server's own, that a statement calls without naming them: by operators and, as ::type, by casts. Only
-- operators whose name none of the server's has: a statement does not say the types by which the server tells them apart.
SELECT o.oprname::text, o.oprcode::oid
FROM pg_operator AS o
WHERE o.oprcode >= 16384
  AND NOT EXISTS (SELECT FROM pg_operator AS s WHERE s.oid < 16384 AND s.oprname = o.oprname)
UNION
SELECT '::' || t.typname::text, c.castfunc FROM pg_cast AS c JOIN pg_type AS t ON t.oid = c.casttarget WHERE c.castfunc >= 16384
ORDER BY 1, 2

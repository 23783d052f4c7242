-- Row-level security policies: table, name, command (r, a, w, d, *), permissive, and their expressions as text.
SELECT p.polrelid, p.polname::text, p.polcmd::text, p.polpermissive,
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy AS p

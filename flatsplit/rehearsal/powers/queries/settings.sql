-- Settings that a SECURITY DEFINER routine brings along: they are set with its owner's rights (fmgr_security_definer()).
SELECT p.oid, split_part(s.line, '=', 1)
FROM pg_proc AS p
CROSS JOIN LATERAL unnest(p.proconfig) AS s (line)
WHERE p.prosecdef AND p.oid >= 16384

-- Event triggers that fire: name, and their function as the context of an error may call it (format_procedure() with or
-- without the schema, as the function's own search_path has it; other languages than PL/pgSQL say the bare name).
SELECT e.evtname::text AS name, p.oid::regprocedure::text AS function, quote_ident(p.proname) || '()' AS short,
       p.proname::text AS bare
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
WHERE e.evtenabled IN ('O', 'A')
ORDER BY 1

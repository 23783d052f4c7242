-- What DROP ... IF EXISTS may name besides relations: kind, schema, its own name, the relation that it belongs to.
SELECT 'index', n.nspname::text, c.relname::text, i.indrelid
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast')
UNION ALL
SELECT 'trigger', '', tgname::text, tgrelid FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'rule', '', rulename::text, ev_class FROM pg_rewrite WHERE oid >= 16384
UNION ALL
SELECT 'policy', '', polname::text, polrelid FROM pg_policy
UNION ALL
SELECT 'type', n.nspname::text, t.typname::text, t.typrelid
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.typcategory <> 'A' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
UNION ALL
SELECT 'text_search_parser', n.nspname::text, p.prsname::text, 0
FROM pg_ts_parser AS p JOIN pg_namespace AS n ON n.oid = p.prsnamespace
UNION ALL
SELECT 'text_search_template', n.nspname::text, t.tmplname::text, 0
FROM pg_ts_template AS t JOIN pg_namespace AS n ON n.oid = t.tmplnamespace
UNION ALL
SELECT 'access_method', '', amname::text, 0 FROM pg_am
UNION ALL
SELECT 'cast', '', s.typname::text || ' ' || t.typname::text, 0
FROM pg_cast AS c JOIN pg_type AS s ON s.oid = c.castsource JOIN pg_type AS t ON t.oid = c.casttarget
UNION ALL
SELECT 'transform', '', t.typname::text || ' ' || l.lanname::text, 0
FROM pg_transform AS f JOIN pg_type AS t ON t.oid = f.trftype JOIN pg_language AS l ON l.oid = f.trflang
UNION ALL
SELECT 'system_index', n.nspname::text, c.relname::text, 0
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'i' AND n.nspname = 'pg_catalog' AND c.oid < 16384

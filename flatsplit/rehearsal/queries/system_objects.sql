-- The kinds of the server's own objects of a name, but for relations and types.
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END
FROM pg_proc AS p WHERE p.proname = %s AND p.oid < 16384
UNION SELECT 'operator' FROM pg_operator AS o WHERE o.oprname = %s AND o.oid < 16384
UNION SELECT 'operator_class' FROM pg_opclass AS c WHERE c.opcname = %s AND c.oid < 16384
UNION SELECT 'operator_family' FROM pg_opfamily AS f WHERE f.opfname = %s AND f.oid < 16384
UNION SELECT 'collation' FROM pg_collation AS c WHERE c.collname = %s AND c.oid < 16384
UNION SELECT 'conversion' FROM pg_conversion AS c WHERE c.conname = %s AND c.oid < 16384
UNION SELECT 'text_search_configuration' FROM pg_ts_config AS c WHERE c.cfgname = %s AND c.oid < 16384
UNION SELECT 'text_search_dictionary' FROM pg_ts_dict AS d WHERE d.dictname = %s AND d.oid < 16384
UNION SELECT 'extension' FROM pg_extension AS x WHERE x.extname = %s AND x.oid < 16384

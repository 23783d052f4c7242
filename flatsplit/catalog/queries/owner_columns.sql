-- Where the system catalogs keep an owner: the only trace of what belongs to a pinned role. Not asked of the
-- reader's own list of catalogs, so that a kind of object it does not know shows up.
SELECT a.attrelid::regclass::text, a.attname::text
FROM pg_attribute AS a
JOIN pg_attribute AS o ON o.attrelid = a.attrelid AND o.attname = 'oid'
JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
  AND a.atttypid = 'oid'::regtype AND a.attname ~ '(owner|dba|aclrole)$' AND NOT a.attisdropped
  AND has_column_privilege(a.attrelid, o.attnum, 'SELECT') AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY 1

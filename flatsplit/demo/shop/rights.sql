-- What one role could do to the shop: the rows of the table at the end of the story.
SELECT rolcanlogin AS "may log in",
       rolsuper AS "is superuser",
       EXISTS (SELECT FROM pg_class WHERE pg_has_role(r.oid, relowner, 'USAGE') AND relname = 'payments')
           AS "can drop tables",
       has_schema_privilege(r.oid, 'shop', 'CREATE') AND has_schema_privilege(r.oid, 'shop', 'USAGE')
           AS "can create tables",
       has_table_privilege(r.oid, 'shop.payments', 'TRUNCATE') AND has_schema_privilege(r.oid, 'shop', 'USAGE')
           AS "can empty tables",
       has_table_privilege(r.oid, 'shop.payments', 'INSERT') AND has_schema_privilege(r.oid, 'shop', 'USAGE')
           AS "can write rows",
       has_table_privilege(r.oid, 'shop.payments', 'SELECT') AND has_schema_privilege(r.oid, 'shop', 'USAGE')
           AS "can read rows"
FROM pg_roles r
WHERE rolname = %(role)s

-- Comments by which flatsplit marks roles (steps/marks.py). Others are none of its business, and may be in any encoding.
SELECT d.objoid, d.description
FROM pg_shdescription AS d
WHERE d.classoid = 'pg_authid'::regclass AND d.description LIKE 'made by flatsplit for database "%'

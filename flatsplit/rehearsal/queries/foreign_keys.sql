-- Foreign keys: referenced table, referencing table, what happens there on delete and update (a, r: nothing).
SELECT k.confrelid, k.conrelid, k.confdeltype::text, k.confupdtype::text
FROM pg_constraint AS k
WHERE k.contype = 'f'

-- Triggers that fire in ordinary sessions: table, name, tgtype (bits: 0 row, 1 before, 2 insert, 3 delete, 4 update,
-- 5 truncate, 6 instead; pg_trigger.h), routine. Those behind constraints and foreign keys are the server's own.
SELECT t.tgrelid, t.tgname::text, t.tgtype, t.tgfoid
FROM pg_trigger AS t
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')

-- Names by which routines of triggers know the rows before and after (REFERENCING OLD TABLE).
SELECT t.tgoldtable::text FROM pg_trigger AS t WHERE t.tgoldtable IS NOT NULL
UNION
SELECT t.tgnewtable::text FROM pg_trigger AS t WHERE t.tgnewtable IS NOT NULL

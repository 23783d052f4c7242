-- Triggers behind constraints and those that partitions were given: table, name.
SELECT t.tgrelid, t.tgname::text FROM pg_trigger AS t WHERE t.tgisinternal

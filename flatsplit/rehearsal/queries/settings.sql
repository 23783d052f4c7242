-- Settings that only a superuser may change, or whoever was granted SET on them (15 and later).
SELECT lower(s.name) FROM pg_settings AS s WHERE s.context = 'superuser'

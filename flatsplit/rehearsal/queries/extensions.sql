-- Extensions that are there, those that came with the server too.
SELECT x.extname::text FROM pg_extension AS x

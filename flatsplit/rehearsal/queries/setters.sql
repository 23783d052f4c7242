-- Bodies of routines that may give a setting of the application's own a value.
SELECT p.prosrc FROM pg_proc AS p WHERE p.oid >= 16384 AND p.prosrc ~* '\mset_config\M|\mset\s+\w+\s*[.]'

-- A setting as the configuration files have it, the last line winning. For those who may look into them.
SELECT f.setting
FROM pg_show_all_file_settings() AS f
WHERE f.name = %s AND f.applied
ORDER BY f.seqno DESC
LIMIT 1

-- Installed extensions and their versions.
SELECT extname::text, extversion FROM pg_extension ORDER BY 1

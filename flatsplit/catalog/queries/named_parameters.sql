-- Which of these parameters the server takes privileges on (15 and later): its own, and whatever has a prefix
-- (check_GUC_name_for_parameter_acl in guc.c).
SELECT DISTINCT lower(w.name)
FROM unnest(%s::text[]) AS w (name)
LEFT JOIN pg_settings AS s ON lower(s.name) = lower(w.name)
WHERE s.name IS NOT NULL OR strpos(w.name, '.') > 0

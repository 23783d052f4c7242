-- Whether a setting may be set for other roles: everybody may set most of them, and who was granted it the superuser's
-- (15 and later). What pg_settings does not know is anybody's, like app.tenant, or is never shown, like role.
SELECT coalesce((SELECT s.context = 'user' FROM pg_settings s WHERE s.name = lower(%(name)s::text)), true)
    OR has_parameter_privilege(%(name)s::text, 'SET')

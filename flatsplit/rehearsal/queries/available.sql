-- Extensions that could be installed in their default version: need of a superuser, trusted, what they require.
SELECT v.name::text, v.superuser, v.trusted, coalesce(v.requires::text[], '{}')
FROM pg_available_extension_versions() AS v
JOIN pg_available_extensions() AS x ON x.name = v.name AND x.default_version = v.version

-- Whether a superuser's setting may be set for other roles (15 and later).
SELECT has_parameter_privilege(%(name)s::text, 'SET')

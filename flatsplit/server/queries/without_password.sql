-- The subscription, if it needs no password to connect: PostgreSQL lets only superusers change those. Since 16.
SELECT s.subname::text
FROM pg_subscription AS s
WHERE s.subname = %(name)s AND NOT s.subpasswordrequired
  AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())


DECLARE
  sound boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS c WHERE c.schema_name IS DISTINCT FROM 'pg_temp' AND NOT c.in_extension) THEN
    RETURN;
  END IF;
  SELECT c.relowner = r.oid AND c.relkind = 'r'
         AND NOT c.relhastriggers AND NOT c.relhasrules AND NOT c.relhassubclass
  INTO sound
  FROM pg_class AS c, pg_roles AS r
  WHERE c.oid = to_regclass('flatsplit.ddl') AND r.rolname = current_user;
  IF sound IS NOT TRUE THEN
    RAISE WARNING 'flatsplit recorded nothing of %: flatsplit.ddl is not as it was made', tg_tag;
    RETURN;
  END IF;
  INSERT INTO flatsplit.ddl (tag, kind, identity, login, role, client, application, pid, xid, at)
  SELECT c.command_tag, c.object_type, coalesce(c.object_identity, ''), session_user, current_setting('role'),
         host(inet_client_addr()), current_setting('application_name'), pg_backend_pid(),
         pg_current_xact_id()::text::bigint, clock_timestamp()
  FROM pg_event_trigger_ddl_commands() AS c WHERE c.schema_name IS DISTINCT FROM 'pg_temp' AND NOT c.in_extension;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'flatsplit recorded nothing of %: %', tg_tag, sqlerrm;
END

"""Everything that can be made to depend on a role: one statement for each kind of row that pg_shdepend has.

``{role}`` is the role, quoted; ``{legacy}`` the old one. All is planted by a superuser after the roles exist.
"""

from __future__ import annotations

from typing import NamedTuple


class Plant(NamedTuple):
    """A statement that makes one dependency on a role."""

    sql: str
    clean: str = ""
    """SQL for the end of the test, to remove what is outside the database."""
    since: int = 13


BEFORE = """
CREATE TABLE public.held (a int, b int); CREATE VIEW public.seen AS SELECT a FROM public.held;
CREATE SEQUENCE public.counted; CREATE FUNCTION public.called() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE public.mood AS ENUM ('good'); CREATE DOMAIN public.size AS int;
CREATE SCHEMA other; CREATE TABLE other.thing (a int);
"""
"""As legacy, before the walk."""

_OWNED = {
    "table": "CREATE TABLE public.o_table (a serial PRIMARY KEY); ALTER TABLE public.o_table OWNER TO {role}",
    "view": "CREATE VIEW public.o_view AS SELECT 1 AS a; ALTER VIEW public.o_view OWNER TO {role}",
    "materialized view": "CREATE MATERIALIZED VIEW public.o_mv AS SELECT 1 AS a; "
    "ALTER MATERIALIZED VIEW public.o_mv OWNER TO {role}",
    "sequence": "CREATE SEQUENCE public.o_seq; ALTER SEQUENCE public.o_seq OWNER TO {role}",
    "function": "CREATE FUNCTION public.o_fun() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
    "ALTER FUNCTION public.o_fun() OWNER TO {role}",
    "procedure": "CREATE PROCEDURE public.o_proc() LANGUAGE sql AS 'SELECT 1'; "
    "ALTER PROCEDURE public.o_proc() OWNER TO {role}",
    "aggregate": "CREATE AGGREGATE public.o_agg (int) (sfunc = int4pl, stype = int); "
    "ALTER AGGREGATE public.o_agg (int) OWNER TO {role}",
    "type": "CREATE TYPE public.o_type AS (a int); ALTER TYPE public.o_type OWNER TO {role}",
    "domain": "CREATE DOMAIN public.o_domain AS int; ALTER DOMAIN public.o_domain OWNER TO {role}",
    "schema": "CREATE SCHEMA o_schema AUTHORIZATION {role}",
    "collation": "CREATE COLLATION public.o_coll (locale = 'C'); ALTER COLLATION public.o_coll OWNER TO {role}",
    "conversion": "CREATE CONVERSION public.o_conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; "
    "ALTER CONVERSION public.o_conv OWNER TO {role}",
    "operator": "CREATE OPERATOR public.=== (leftarg = int, rightarg = int, function = int4eq); "
    "ALTER OPERATOR public.=== (int, int) OWNER TO {role}",
    "operator family": "CREATE OPERATOR FAMILY public.o_fam USING btree; "
    "ALTER OPERATOR FAMILY public.o_fam USING btree OWNER TO {role}",
    "operator class": "CREATE OPERATOR CLASS public.o_class FOR TYPE int USING btree AS STORAGE int; "
    "ALTER OPERATOR CLASS public.o_class USING btree OWNER TO {role}",
    "text search configuration": "CREATE TEXT SEARCH CONFIGURATION public.o_cfg (copy = simple); "
    "ALTER TEXT SEARCH CONFIGURATION public.o_cfg OWNER TO {role}",
    "text search dictionary": "CREATE TEXT SEARCH DICTIONARY public.o_dict (template = simple); "
    "ALTER TEXT SEARCH DICTIONARY public.o_dict OWNER TO {role}",
    "statistics": "CREATE STATISTICS public.o_stat ON a, b FROM public.held; "
    "ALTER STATISTICS public.o_stat OWNER TO {role}",
    "large object": "SELECT lo_create(424242); ALTER LARGE OBJECT 424242 OWNER TO {role}",
    "server": "CREATE FOREIGN DATA WRAPPER o_fdw_for_server; "
    "CREATE SERVER o_server FOREIGN DATA WRAPPER o_fdw_for_server; ALTER SERVER o_server OWNER TO {role}",
    "publication": "CREATE PUBLICATION o_pub; ALTER PUBLICATION o_pub OWNER TO {role}",
    "default privileges of its own": "ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON TABLES TO stranger",
    "user mapping": "CREATE FOREIGN DATA WRAPPER o_fdw_for_map; "
    "CREATE SERVER o_mapped FOREIGN DATA WRAPPER o_fdw_for_map; CREATE USER MAPPING FOR {role} SERVER o_mapped",
}
_HELD = {
    "rights on a table": "GRANT SELECT, TRUNCATE ON public.held TO {role} WITH GRANT OPTION",
    "rights on a table elsewhere": "GRANT USAGE ON SCHEMA other TO {role}; GRANT ALL ON other.thing TO {role}",
    "rights on a column": "GRANT UPDATE (b) ON public.held TO {role}",
    "rights on a view": "GRANT TRIGGER ON public.seen TO {role}",
    "rights on a sequence": "GRANT ALL ON SEQUENCE public.counted TO {role}",
    "rights on a function": "GRANT EXECUTE ON FUNCTION public.called() TO {role} WITH GRANT OPTION",
    "rights on a type": "GRANT USAGE ON TYPE public.mood TO {role}",
    "rights on a domain": "GRANT USAGE ON DOMAIN public.size TO {role}",
    "rights on a language": "GRANT USAGE ON LANGUAGE plpgsql TO {role}",
    "rights on a schema": "GRANT CREATE ON SCHEMA public TO {role}",
    "rights on the database": "GRANT CREATE ON DATABASE {database} TO {role}",
    "rights on a wrapper": "CREATE FOREIGN DATA WRAPPER h_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER h_fdw TO {role}",
    "rights on a server": "CREATE FOREIGN DATA WRAPPER h_fdw2; CREATE SERVER h_server FOREIGN DATA WRAPPER h_fdw2; "
    "GRANT USAGE ON FOREIGN SERVER h_server TO {role}",
    "rights on a large object": "SELECT lo_create(424243); GRANT SELECT ON LARGE OBJECT 424243 TO {role}",
    "rights on a system function": "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO {role}",
    "rights on a system table": "GRANT SELECT ON pg_catalog.pg_largeobject TO {role}",
    "rights on a tablespace": "GRANT CREATE ON TABLESPACE pg_default TO {role}",
    "rights passed on": "GRANT REFERENCES ON public.held TO {role} WITH GRANT OPTION; SET ROLE {role}; "
    "GRANT REFERENCES ON public.held TO stranger; RESET ROLE",
    "default privileges for it": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}; "
    "ALTER DEFAULT PRIVILEGES FOR ROLE stranger IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {role}",
    "a policy of its own": "CREATE POLICY mine ON public.held FOR SELECT TO {role} USING (a > 0)",
    "a policy with others": "CREATE POLICY shared ON public.held AS RESTRICTIVE TO stranger, {role} WITH CHECK (b > 0)",
}
_ROLES = {
    "a membership": "GRANT stranger TO {role} WITH ADMIN OPTION",
    "a member": "GRANT {role} TO outsider",
    "a setting": "ALTER ROLE {role} SET work_mem = '5MB'; "
    "ALTER ROLE {role} IN DATABASE {database} SET work_mem = '6MB'",
    "a comment": "COMMENT ON ROLE {role} IS 'ours'",
    "a membership that it gave": "ALTER ROLE {role} CREATEROLE; GRANT stranger TO {role} WITH ADMIN OPTION; "
    "SET ROLE {role}; GRANT stranger TO outsider; RESET ROLE",
}
PLANTS: dict[str, Plant] = {name: Plant(sql) for group in (_OWNED, _HELD, _ROLES) for name, sql in group.items()} | {
    "a parameter": Plant("GRANT SET ON PARAMETER log_statement TO {role}", since=15),
    "an event trigger": Plant(
        "ALTER ROLE {role} SUPERUSER; CREATE FUNCTION public.o_event() RETURNS event_trigger LANGUAGE plpgsql AS "
        "'BEGIN END'; CREATE EVENT TRIGGER o_event ON ddl_command_end WHEN TAG IN ('CREATE CAST') "
        "EXECUTE FUNCTION public.o_event(); ALTER EVENT TRIGGER o_event OWNER TO {role}"
    ),
    "a wrapper": Plant(
        "ALTER ROLE {role} SUPERUSER; CREATE FOREIGN DATA WRAPPER o_fdw; "
        "ALTER FOREIGN DATA WRAPPER o_fdw OWNER TO {role}"
    ),
    "an extension": Plant(
        "ALTER ROLE {role} SUPERUSER; SET ROLE {role}; CREATE EXTENSION pg_trgm SCHEMA public; RESET ROLE"
    ),
    "initial rights": Plant(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT EXECUTE ON FUNCTIONS TO {role}; "
        "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {role}; CREATE EXTENSION citext SCHEMA public",
    ),
}

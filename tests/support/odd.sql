-- What two or three odd things of the field make together, each part as small as it can be. Heads as in field.sql,
-- whose part ``base`` comes before these. A part may build on others: where those were not drawn, it is left out.

-- part chains_of_members by superuser
create role chief; create role deputy; create role clerk login;
grant chief to {legacy} with admin option;
grant {legacy} to deputy with admin option;
grant deputy to clerk;
grant pg_signal_backend, pg_read_all_settings to {legacy} with admin option;

-- part passed_by_member by legacy
grant chief to {newcomer};

-- part member_of_owner by superuser
grant {vendor} to {legacy};
create table f.vendors (id int primary key); alter table f.vendors owner to {vendor};
create view f.of_vendors as select * from f.vendors; alter view f.of_vendors owner to {legacy};
create function f.by_vendor() returns trigger language plpgsql security definer set search_path = f, pg_temp as
    'begin return new; end';
alter function f.by_vendor() owner to {vendor};
create trigger by_vendor before insert on f.t for each row execute function f.by_vendor();

-- part owner_of_member by superuser
grant {legacy} to {reporting};
create table f.reported (id int primary key); alter table f.reported owner to {reporting};
create materialized view f.report as select * from f.t; alter materialized view f.report owner to {reporting};

-- part keys_between by superuser
create table f.keyed_by_vendor (id int primary key, other int references f.t);
alter table f.keyed_by_vendor owner to {vendor};
create table f.keys_vendor (id int references f.keyed_by_vendor); alter table f.keys_vendor owner to {legacy};
grant references, select on f.keyed_by_vendor to {legacy};

-- part views_between by superuser
create view f.over_t as select * from f.t; alter view f.over_t owner to {vendor};
grant select on f.t to {vendor} with grant option;
create view f.over_over as select * from f.over_t; alter view f.over_over owner to {legacy};
grant select on f.over_t to {legacy} with grant option;

-- part passed_through_views by legacy
grant select on f.over_t to {newcomer};

-- part defaults_of_third by superuser
alter default privileges for role {vendor} in schema f grant all on tables to {legacy} with grant option;
alter default privileges for role {vendor} grant usage on schemas to {legacy};
alter default privileges for role {reporting} grant execute on routines to {legacy};
alter default privileges for role {newcomer} revoke execute on routines from public;
alter default privileges for role {newcomer} revoke all on tables from {newcomer};

-- part defaults_odd by legacy
alter default privileges grant select on tables to {legacy};
alter default privileges in schema f grant insert on tables to public;
alter default privileges in schema f grant all on sequences to {legacy} with grant option;
alter default privileges revoke usage on types from public, {legacy};
alter default privileges revoke all on schemas from {legacy};

-- part role_of_legacy by superuser
alter role {legacy} in database {database} set role = {reporting};
grant {reporting} to {legacy};

-- part dropped_grantees by superuser
update pg_class set relacl = coalesce(relacl, acldefault('r', relowner))
    || makeaclitem(99999, relowner, 'SELECT', false)
where oid = 'f.t'::regclass;
update pg_namespace set nspacl = coalesce(nspacl, acldefault('n', nspowner))
    || makeaclitem(99998, nspowner, 'USAGE', true) where nspname = 'f';
update pg_attribute set attacl = array[makeaclitem(99997, 10, 'UPDATE', false)]
where attrelid = 'f.t'::regclass and attname = 'a';

-- part dropped_grantors by superuser
grant select on f.quick to {reporting};
update pg_class set relacl = relacl || makeaclitem('{reporting}'::regrole, 99996, 'INSERT', false)
where oid = 'f.quick'::regclass;

-- part dropped_grantor_of_member by superuser until 15
create role gone; create role left_over;
grant left_over to {legacy};
update pg_auth_members set grantor = 'gone'::regrole
where member = '{legacy}'::regrole and roleid = 'left_over'::regrole;
drop role gone;

-- part members_by_options by superuser since 16
create role may_become; create role may_use; create role may_give;
grant may_become to {legacy} with inherit false, set true;
grant may_use to {legacy} with inherit true, set false;
grant may_give to {legacy} with inherit false, set false, admin true;

-- part languages_closed by superuser
revoke usage on language plpgsql, sql from public; grant usage on language plpgsql, sql to {legacy};

-- part catalogs_closed by superuser
revoke select on pg_catalog.pg_stat_activity, pg_catalog.pg_roles, pg_catalog.pg_user from public;
grant select on pg_catalog.pg_stat_activity to {legacy};
revoke execute on function pg_catalog.pg_sleep(float8) from public;
grant execute on function pg_catalog.pg_sleep(float8) to {legacy}, {reporting};
revoke execute on function pg_catalog.lo_create(oid), pg_catalog.lo_import(text) from public;

-- part restricted by superuser
grant execute on function pg_catalog.pg_read_file(text) to {legacy};
grant select on pg_catalog.pg_authid to {legacy};

-- part no_public by superuser
drop schema if exists public;

-- part public_of_vendor by superuser
alter schema public owner to {vendor}; revoke all on schema public from public;
grant create on schema public to {legacy};

-- part public_of_owner by superuser since 14
alter schema public owner to pg_database_owner;

-- part database_of_third by superuser
alter database {database} owner to {vendor};

-- part database_closed by superuser
revoke all on database {database} from public;
grant connect on database {database} to {legacy}, {vendor}, {reporting}, {newcomer};

-- part legacy_limits by superuser
alter role {legacy} connection limit 3 valid until '2099-01-01';
alter role {legacy} in database {database} set session_replication_role = 'replica';
alter role {legacy} set password_encryption = 'md5';
alter role {legacy} in database {database} set session_preload_libraries = 'auto_explain';
alter role {legacy} in database {database} set default_transaction_read_only = on;

-- part legacy_md5 by superuser
set password_encryption = 'md5'; alter role {legacy} password 'old'; reset password_encryption;

-- part operator_hostile by superuser
alter role {operator} in database {database} set search_path = f, public;
alter role {operator} in database {database} set default_transaction_read_only = on;
alter role {operator} set statement_timeout = '900ms';
alter role {operator} set idle_in_transaction_session_timeout = '700ms';
alter role {operator} set lock_timeout = '10s';
alter role {operator} set row_security = off;
alter role {operator} in database {database} set quote_all_identifiers = on;

-- part operator_odd by superuser
alter role {operator} in database {database} set standard_conforming_strings = off;
alter role {operator} in database {database} set datestyle = 'German, DMY';
alter role {operator} in database {database} set intervalstyle = 'sql_standard';
alter role {operator} in database {database} set transform_null_equals = on;
alter role {operator} in database {database} set array_nulls = off;
alter role {operator} in database {database} set bytea_output = 'escape';
alter role {operator} in database {database} set client_encoding = 'SQL_ASCII';
alter role {operator} in database {database} set default_transaction_isolation = 'serializable';
alter role {operator} in database {database} set default_transaction_deferrable = on;
alter role {operator} in database {database} set check_function_bodies = off;
alter role {operator} in database {database} set client_min_messages = 'error';
alter role {operator} in database {database} set timezone = 'Asia/Kolkata';
alter role {operator} in database {database} set plan_cache_mode = 'force_generic_plan';
alter role {operator} in database {database} set extra_float_digits = -15;
alter role {operator} set password_encryption = 'md5';

-- part operator_replica by superuser
alter role {operator} in database {database} set session_replication_role = 'replica';
alter role {operator} in database {database} set row_security = on;
alter role {operator} in database {database} set enable_seqscan = off;
alter role {operator} in database {database} set default_tablespace = 'pg_default';

-- part database_hostile by superuser
alter database {database} set search_path = '';
alter database {database} set default_transaction_read_only = on;
alter database {database} set statement_timeout = '900ms';
alter database {database} set lock_timeout = '10s';

-- part event_trigger_logs by superuser
create schema watched; create table watched.log (at timestamptz default now(), who text, tag text, what text);
create function watched.note() returns event_trigger language plpgsql security definer set search_path = pg_catalog as
    'begin insert into watched.log (who, tag, what)
     select session_user, tg_tag, object_identity from pg_event_trigger_ddl_commands(); end';
create event trigger watch on ddl_command_end execute function watched.note();

-- part event_trigger_of_legacy by superuser for superuser
create function f.logs() returns event_trigger language plpgsql as 'begin perform 1; end';
alter function f.logs() owner to {legacy};
create event trigger of_legacy on ddl_command_end execute function f.logs();
alter event trigger of_legacy owner to {legacy};

-- part event_trigger_checks_owner by superuser for superuser
create function f.checks() returns event_trigger language plpgsql as
    'begin if current_user like ''app%'' then raise exception ''no DDL of %'', current_user; end if; end';
create event trigger checks_owner on ddl_command_end when tag in ('CREATE TABLE') execute function f.checks();
alter event trigger checks_owner owner to {legacy}; alter function f.checks() owner to {legacy};

-- part publication_of_all by superuser for superuser
create publication everything for all tables; alter publication everything owner to {legacy};

-- part publication_of_schema by superuser since 15
create publication of_schema for tables in schema f;

-- part subscription_of_legacy by superuser
create subscription fed connection 'host=feed.invalid dbname=feed user=feed password=feed'
    publication feed with (connect = false, slot_name = none, enabled = false);

-- part subscription_moved by superuser for superuser
alter subscription fed owner to {legacy};

-- part labelled by superuser
insert into pg_seclabel values ('f.t'::regclass, 'pg_class'::regclass, 0, 'none', 'secret');
insert into pg_shseclabel values ('{legacy}'::regrole, 'pg_authid'::regclass, 'none', 'secret');

-- part app_roles_taken by superuser
create role app_users login; create role dba_team;
grant select on f.t to app_users; grant app_users to {legacy};

-- part views_of_nobody by legacy
create view f.broken as select id, 1 / (id - 1) as x from f.t;
create function f.fails() returns int language plpgsql immutable as 'begin raise exception ''not to be run''; end';
create index on f.t ((id + 1)) where a <> '';
create table f.defaults (id int default f.fails(), at timestamptz default now());

-- part inherited_owners by superuser
create table f.grand (id int); create table f.mid () inherits (f.grand); create table f.low () inherits (f.mid);
alter table f.grand owner to {legacy}; alter table f.mid owner to {vendor}; alter table f.low owner to {legacy};

-- part sequences_moved by legacy
create schema f_moved; create table f.counted (id serial, other bigserial, k int generated always as identity);
create sequence f.shared_seq; create table f.a1 (id int default nextval('f.shared_seq'));
create table f.a2 (id int default nextval('f.shared_seq')); alter sequence f.shared_seq owned by f.a1.id;
alter table f.counted set schema f_moved; alter table f_moved.counted alter k drop identity;
grant usage on sequence f.shared_seq to {reporting} with grant option;

-- part passed_sequences by reporting
grant usage on sequence f.shared_seq to {newcomer}, {vendor} with grant option;

-- part rls_odd by legacy
create table f.guarded (id int, who name default current_user);
alter table f.guarded enable row level security, force row level security;
create policy own on f.guarded using (who = current_user) with check (true);
create policy of_legacy on f.guarded to {legacy} using (true);

-- part rls_of_third by superuser
create table f.locked (id int); alter table f.locked owner to {vendor}; alter table f.locked enable row level security;
grant select, insert on f.locked to {legacy};
create policy lets_legacy on f.locked to {legacy}, {reporting} using (true) with check (id > 0);

-- part grants_of_all by superuser
create table f.full_of_grants (id int); alter table f.full_of_grants owner to {legacy};
grant all on f.full_of_grants to {vendor}, {reporting}, {newcomer}, {team} with grant option;
grant all on f.full_of_grants to public;

-- part transforms by superuser
create extension if not exists hstore schema f;
create type f.shape as (x int); alter type f.shape owner to {legacy};

-- part trusted_extensions by legacy
create schema f_ext; create extension if not exists citext schema f_ext; create extension btree_gist schema f_ext;
create table f.with_extension (x f_ext.citext primary key, exclude using gist (x with =));
revoke execute on function f_ext.citext_eq(f_ext.citext, f_ext.citext) from public;

-- part transforms_of_legacy by superuser
create extension if not exists hstore schema f;
create function f.from_sql(internal) returns internal language internal as 'boolin';
alter function f.from_sql(internal) owner to {legacy};
create transform for hstore language plpgsql (from sql with function f.from_sql(internal));

-- part operator_classes by superuser
create operator family f.fam using btree; alter operator family f.fam using btree owner to {legacy};
create operator class f.cls for type int4 using btree family f.fam as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4);
alter operator class f.cls using btree owner to {legacy};
create table f.by_class (id int); alter table f.by_class owner to {legacy};
create index on f.by_class (id f.cls);

-- part in_system_schemas by superuser
create function pg_catalog.isnumeric(text) returns boolean language sql immutable as 'select $1 ~ ''^[0-9]+$''';
alter function pg_catalog.isnumeric(text) owner to {legacy};
create view information_schema.of_legacy as select 1 as one; alter view information_schema.of_legacy owner to {legacy};
grant select on information_schema.of_legacy to {reporting};

-- part dropped_columns by legacy
create table f.lost (id int, x text, y text); grant select (x), update (x, y) on f.lost to {reporting};
grant select (y) on f.lost to public; alter table f.lost drop column x; alter table f.lost drop column y;

-- part system_columns by legacy
create table f.with_system (id int); grant select (ctid, xmin), select (id) on f.with_system to {reporting} with grant option;
create view f.granted_by_column as select id, a from f.t; grant select (a), update (a) on f.granted_by_column to {vendor};
create sequence f.started; grant select, update on sequence f.started to {reporting} with grant option;
create type f.row as (a int); grant usage on type f.row to {vendor} with grant option; revoke usage on type f.row from public;

-- part many_large_objects by legacy
select count(lo_create(200000 + n)) from generate_series(1, 1500) as n;
grant select on large object 200001, 200002, 201000 to {reporting};
revoke all on large object 200003 from {legacy};

-- part user_schema by legacy
create schema {legacy}; create table {legacy}.mine (id serial primary key);
create view {legacy}.over_mine as select * from {legacy}.mine; grant usage on schema {legacy} to {vendor} with grant option;

-- part legacy_expired by superuser
alter role {legacy} password null valid until '2001-01-01 00:00:00+05:30';
alter role {legacy} connection limit 0;

-- part everybody_hostile by superuser
alter role all set search_path = '';
alter role all set statement_timeout = '950ms';
alter role all in database {database} set default_transaction_read_only = on;

-- part database_acts by superuser
alter database {database} set role = {vendor};

-- part roles_made by legacy
create role made login; create role made_too; grant made_too to made; grant made to {reporting};
comment on role made is 'of legacy';

-- part owners_of_made by superuser
create table f.of_made (id int); alter table f.of_made owner to made; grant select on f.of_made to {legacy} with grant option;
alter default privileges for role made grant select on tables to {legacy};
grant made to {legacy};

-- part passed_database by superuser
grant create, temporary, connect on database {database} to {legacy}, {reporting} with grant option;

-- part passed_database_on by reporting
grant create on database {database} to {vendor}; grant temporary on database {database} to {newcomer} with grant option;

-- part passed_schema by legacy
grant create, usage on schema f to {reporting}, {vendor} with grant option;

-- part passed_schema_on by vendor
grant usage on schema f to {team} with grant option; grant create on schema f to {newcomer};

-- part statistics_on_vendors by superuser
create table f.measured (a int, b int); alter table f.measured owner to {vendor};
create statistics f.of_measured on a, b from f.measured; alter statistics f.of_measured owner to {legacy};
create materialized view f.of_measured_rows as select * from f.measured; alter materialized view f.of_measured_rows owner to {legacy};

-- part depends_on_extension by superuser
create extension if not exists hstore schema f;
create function f.uses_hstore() returns int language sql as 'select 1'; alter function f.uses_hstore() owner to {legacy};
alter function f.uses_hstore() depends on extension hstore;
create index depending on f.t (a); alter index f.depending depends on extension hstore;

-- part rules_and_triggers_of_third by superuser
create table f.audited (id int); alter table f.audited owner to {legacy};
create table f.audit_of_vendor (id int, at timestamptz default now()); alter table f.audit_of_vendor owner to {vendor};
grant insert on f.audit_of_vendor to {legacy};
create rule audits as on insert to f.audited do also insert into f.audit_of_vendor values (new.id);

-- part passed_in_own_schema by superuser
create table f.parent_of_vendor (id int primary key); alter table f.parent_of_vendor owner to {vendor};
grant references on f.parent_of_vendor to {legacy} with grant option;
set role {legacy};
create table f.to_vendor (id int references f.parent_of_vendor on delete cascade deferrable initially deferred);
grant references on f.parent_of_vendor to {reporting};
reset role;

-- part aggregates_closed by legacy
create function f.add(int, int) returns int language sql immutable as 'select $1 + coalesce($2, 0)';
create aggregate f.closed_sum(int) (sfunc = f.add, stype = int);
revoke all on function f.closed_sum(int), f.add(int, int) from public;
grant execute on function f.closed_sum(int) to {reporting} with grant option;

-- part labels_elsewhere by superuser
comment on schema f is 'odd'; comment on database {database} is 'of legacy'; comment on column f.t.a is 'x';
comment on role {vendor} is 'made by hand';

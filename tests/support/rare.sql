-- What is rare in the field, each part as small as it can be. Heads as in field.sql, whose part ``base`` comes before
-- these. They are drawn apart from the others, so that what a number stands for stays when some are added.

-- part newest_tables by legacy since 18
create table f.computed (a int, b int generated always as (a * 2) virtual, c int generated always as (a + 1) stored, d int);
alter table f.computed add constraint d_there not null d not valid;
create table f.temporal (id int4range, valid daterange, primary key (id, valid without overlaps));
create table f.temporal_kid (id int4range, valid daterange,
    foreign key (id, period valid) references f.temporal (id, period valid));
create table f.unenforced (id int, other int references f.t not enforced, constraint c check (id > 0) not enforced);
grant select (b), update (a) on f.computed to {reporting} with grant option;

-- part maintained by superuser since 17
create table f.maintained (id int); alter table f.maintained owner to {legacy};
create table f.maintained_by_legacy (id int); alter table f.maintained_by_legacy owner to {vendor};
grant maintain on f.maintained to {reporting} with grant option;
grant maintain on f.maintained_by_legacy to {legacy} with grant option;
alter default privileges for role {legacy} in schema f grant maintain on tables to {reporting};
alter default privileges for role {vendor} in schema f grant maintain on tables to {legacy};
grant pg_maintain to {legacy};

-- part predefined by superuser since 14
grant pg_read_all_data, pg_write_all_data, pg_monitor, pg_signal_backend, pg_stat_scan_tables, pg_read_all_settings to {legacy};
grant pg_read_all_data to {reporting} with admin option;

-- part predefined_newer by superuser since 16
grant pg_checkpoint, pg_use_reserved_connections, pg_create_subscription to {legacy};

-- part composites by legacy
create type f.pair as (a int, b text);
create domain f.good_pair as f.pair check ((value).a > 0);
create domain f.pairs as f.good_pair[] check (cardinality(value) < 10);
create type f.nest as (one f.good_pair, many f.pairs);
create table f.nested (id int, x f.nest, y f.nest[], z f.pairs default '{{}}');
create type f.text_range as range (subtype = text, collation = "C");
create domain f.some_range as f.text_range;
revoke usage on type f.pair from public; grant usage on type f.good_pair to {vendor} with grant option;

-- part instead_of by legacy
create view f.front with (security_barrier) as select id, a from f.t where b is null with local check option;
create view f.joined as select t.id, u.a from f.t t join f.t u using (id);
create function f.instead_of_it() returns trigger language plpgsql security definer as
    'begin update f.t set a = new.a where id = new.id; return new; end';
create trigger instead instead of update on f.joined for each row execute function f.instead_of_it();
create rule r as on delete to f.joined do instead delete from f.t where id = old.id;
create rule also as on insert to f.front do also notify somebody;
grant insert, update, delete on f.front, f.joined to {reporting};

-- part words by legacy
create schema "select"; create schema "Public"; create schema "pg"; create schema "$user"; create schema "a.b";
create table "select"."user" ("order" int, "current_user" name default "current_user"(), "from" text);
create table "Public"."all" ("*" int); create table "a.b"."c.d" ("e.f" int);
create table pg.table_1 (id serial);
create function "select"."current_user"("in" int) returns int language sql as 'select 1';
create type "select"."table" as enum ('x'); create domain "select"."int" as int;
create table "select"."ééééééééééééééééééééééééééééééé" ("ééééééééééééééééééééééééééééééé" serial);
create schema "sixty-three-bytes-sixty-three-bytes-sixty-three-bytes-sixty-thre";
create table "sixty-three-bytes-sixty-three-bytes-sixty-three-bytes-sixty-thre"."sixty-three-bytes-sixty-three-bytes-sixty-three-bytes-sixty-thre" (id serial);
grant select ("order") on "select"."user" to {reporting};
create table "$user"."public" (id int); grant select on "$user".public to public;

-- part big_signature by legacy
do $$ begin execute 'create function f.hundred(' || (select string_agg(format('"Arg %s, ""x""" f.t', n), ',') from generate_series(1, 100) n) || ') returns int language sql as ''select 1'''; end $$;
create function f.ret() returns table ("a,b" int, "c)" text) language sql as 'select 1, ''x''';
create function f.deflt(x text default 'a)b,c(', y text[] default array['"', ''''], variadic z f.t[] default '{{}}') returns setof f.t language sql as 'select * from f.t';
create function f.poly(anyelement, anyarray, out x anyelement, inout y text default current_user) language sql as 'select $1, $3';
create procedure f.inout(inout x int, y int default 1) language sql as 'select 1';

-- part mat_definer by legacy
create function f.stamped() returns text language plpgsql stable security definer set search_path = f, pg_temp as 'begin return current_user || session_user; end';
create materialized view f.stamps as select id, f.stamped() from f.t; create unique index on f.stamps (id);
create materialized view f.empty as select * from f.stamps with no data;
grant select on f.stamps to public;

-- part temporary_in_function by legacy
create function f.temps() returns int language plpgsql as 'begin create temp table if not exists x (id int) on commit drop; return 1; end';
create unlogged table f.unl (id serial, t text); create sequence f.descending increment -1 minvalue -10 maxvalue -1 cycle cache 20 as smallint;

-- part owned_by_other_column by superuser
create table f.host (id int); alter table f.host owner to {vendor};
create sequence f.guest; alter sequence f.guest owner to {vendor}; alter sequence f.guest owned by f.host.id;
grant usage, select on sequence f.guest to {legacy} with grant option; grant all (id) on f.host to {legacy};

-- part wide by superuser
do $$ begin execute 'create table f.wide (' || (select string_agg(format('c%s text', n), ',') from generate_series(1, 1600) n) || ')'; end $$;
alter table f.wide owner to {legacy};
do $$ begin execute 'grant select (' || (select string_agg('c' || n, ',') from generate_series(1, 800) n) || ') on f.wide to {reporting}'; end $$;

-- part jobs by legacy
create schema agent;
create table agent.job (id serial primary key, run_as name not null default current_user, command text);
create function agent.run(int) returns void language plpgsql security definer set search_path = agent, pg_temp as
    'declare c text; begin select command into c from agent.job where id = $1; execute c; end';
revoke execute on function agent.run(int) from public;
grant execute on function agent.run(int) to {reporting};
create function agent.claim() returns trigger language plpgsql security definer as
    'begin if current_user <> new.run_as then raise exception ''not yours''; end if; return new; end';
create trigger claim before insert on agent.job for each row execute function agent.claim();

-- part foreign_partitions by superuser
create extension if not exists postgres_fdw schema pg_catalog;
create server f_part foreign data wrapper postgres_fdw options (host 'far.invalid'); alter server f_part owner to {legacy};
create user mapping for {legacy} server f_part options (user 'u@%', password 'p%a"ss''word@:/');
create user mapping for {reporting} server f_part options (user 'theirs', password 'theirs%');
create table f.parted (k int, v text) partition by list (k); alter table f.parted owner to {legacy};
create foreign table f.parted_far partition of f.parted for values in (1) server f_part; alter foreign table f.parted_far owner to {legacy};
create foreign table f.parted_vendors partition of f.parted for values in (2) server f_part; alter foreign table f.parted_vendors owner to {vendor};
create table f.parted_rest partition of f.parted default; alter table f.parted_rest owner to {legacy};

-- part expiry by superuser
alter role {legacy} valid until 'infinity'; alter role {vendor} valid until '-infinity'; alter role {reporting} valid until '0044-03-15 BC';

-- part secret_settings by superuser
alter role {legacy} in database {database} set app.jwt_secret = 'hush-hush-of-legacy';
alter role {legacy} set app.api_key = 'hush-hush-everywhere';
alter database {database} set app.settings.token = 'hush-hush-of-database';
create function f.with_secret() returns int language sql set app.password = 'hush-hush-of-function' as 'select 1';
alter function f.with_secret() owner to {legacy};

-- part broken_indexes by superuser
create table f.indexed (id int); create index broken_index on f.indexed (id); alter table f.indexed owner to {legacy};
update pg_index set indisvalid = false, indisready = false where indexrelid = 'f.broken_index'::regclass;
create table f.dropping (id int); create index dropping_i on f.dropping (id); alter table f.dropping owner to {legacy};
update pg_index set indislive = false, indisvalid = false, indisready = false where indexrelid = 'f.dropping_i'::regclass;

-- part information_schema_changed by superuser
revoke select on information_schema.tables, information_schema.columns from public;
grant select on information_schema.tables to {legacy} with grant option;
revoke usage on schema information_schema from public; grant usage on schema information_schema to {legacy}, {reporting};

-- part member_with_all by superuser
create role everything login; grant {legacy}, {vendor}, {reporting}, {newcomer} to everything with admin option;
alter role everything noinherit; grant pg_read_server_files, pg_execute_server_program to {legacy};

-- part half_detached by superuser since 14
create table f.leaving (k int) partition by list (k); create table f.leaving_1 partition of f.leaving for values in (1);
alter table f.leaving owner to {legacy}; alter table f.leaving_1 owner to {legacy};
update pg_inherits set inhdetachpending = true where inhrelid = 'f.leaving_1'::regclass;

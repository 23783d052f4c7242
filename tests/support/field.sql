-- What databases of the field hold beyond the world of traps, each part as small as it can be. A part begins with its
-- name, who makes it, and the first major version that knows it. tests/support/field.py reads this.

-- part base by legacy
create schema f;
create table f.t (id int generated always as identity primary key, a text, b numeric,
    twice numeric generated always as (b * 2) stored);
insert into f.t (a, b) values ('one', 1), ('two', 2);
create unlogged table f.quick (id serial primary key, x text);
grant usage on schema f to {vendor}, {reporting}, {newcomer};

-- part typed by legacy
create type f.thing as (id int, name text);
create table f.things of f.thing (primary key (id));
create table f.more_things of f.thing (name with options not null default 'x');

-- part inheritance by legacy
create table f.parent (id int, at date default now());
create table f.child (extra text) inherits (f.parent);
create table f.both (z int) inherits (f.child, f.t);

-- part ranges by legacy
create function f.gap(int8, int8) returns float8 language sql immutable as 'select ($1 - $2)::float8';
create type f.span as range (subtype = int8, subtype_diff = f.gap);
create table f.spans (s f.span, exclude using gist (s with &&));

-- part multiranges by legacy since 14
create type f.lap as range (subtype = numeric, multirange_type_name = f.laps);
grant usage on type f.lap to public;
create table f.laps_run (l f.laps);

-- part domains by legacy
create function f.good(text) returns boolean language sql immutable as 'select $1 <> ''''';
create domain f.word as text default 'w' constraint good check (f.good(value)) not null;
create domain f.words as f.word[] check (array_length(value, 1) < 9);
create table f.dictionary (w f.word, ws f.words);

-- part base_types by superuser
create type f.shell; alter type f.shell owner to {legacy};
create type f.octet;
create function f.octet_in(cstring) returns f.octet language internal immutable strict as 'charin';
create function f.octet_out(f.octet) returns cstring language internal immutable strict as 'charout';
create type f.octet
    (input = f.octet_in, output = f.octet_out, internallength = 1, passedbyvalue, alignment = char);
alter type f.octet owner to {legacy};
alter function f.octet_in(cstring) owner to {legacy}; alter function f.octet_out(f.octet) owner to {legacy};
create table f.octets (o f.octet); alter table f.octets owner to {legacy};

-- part casts by superuser
create function f.to_thing(int) returns f.thing language sql immutable as 'select row($1, ''n'')::f.thing';
alter function f.to_thing(int) owner to {legacy};
create cast (int as f.thing) with function f.to_thing(int);
create cast (f.thing as text) with inout as assignment;

-- part access_methods by superuser
create access method f_heap type table handler heap_tableam_handler;
create table f.in_another_method (x int) using f_heap; alter table f.in_another_method owner to {legacy};
create access method f_btree type index handler bthandler;

-- part languages by superuser
create function f.handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language f_lang handler f.handler;
alter language f_lang owner to {legacy};
create function f.validate(oid) returns void language c strict as '$libdir/plpgsql', 'plpgsql_validator';
create trusted language f_trusted handler f.handler validator f.validate;
alter language f_trusted owner to {legacy};
grant usage on language f_trusted to {reporting} with grant option;

-- part aggregates by legacy
create function f.plus(numeric, numeric) returns numeric language sql immutable as 'select $1 + coalesce($2, 0)';
create function f.minus(numeric, numeric) returns numeric language sql immutable as 'select $1 - coalesce($2, 0)';
create aggregate f.moving(numeric) (sfunc = f.plus, stype = numeric, initcond = '0', msfunc = f.plus,
    minvfunc = f.minus, mstype = numeric, minitcond = '0', combinefunc = f.plus, parallel = safe);
create function f.last(float8[], float8) returns float8 language sql immutable as 'select $2';
create function f.collect(float8[], float8) returns float8[] language sql immutable as 'select $1 || $2';
create aggregate f.hypothetical(float8 order by float8) (sfunc = f.collect, stype = float8[], finalfunc = f.last);
revoke execute on function f.moving(numeric) from public;

-- part procedures by legacy
create procedure f.batches(inout done int default 0) language plpgsql as
    'begin for i in 1..2 loop update f.t set a = a; commit; done := done + 1; end loop; end';
create procedure f.atomic(x int) language plpgsql set work_mem = '8MB' as 'begin update f.t set b = x; end';
grant execute on procedure f.batches(int) to {reporting};

-- part sql_bodies by legacy since 14
create function f.body(x int) returns bigint language sql begin atomic select count(*) from f.t where id = x; end;
create procedure f.pbody() begin atomic insert into f.t (a) values ('three'); end;

-- part operators by legacy
create function f.eq(f.span, text) returns boolean language sql immutable as 'select $1::text = $2';
create operator f.=~= (leftarg = f.span, rightarg = text, function = f.eq, commutator = operator(f.~=~));
create operator f.%> (rightarg = text, function = pg_catalog.upper);

-- part text_search by superuser
create text search template f.tmpl (init = dsimple_init, lexize = dsimple_lexize);
create text search parser f.prs
    (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
create text search dictionary f.dict (template = f.tmpl); alter text search dictionary f.dict owner to {legacy};
create text search configuration f.conf (parser = f.prs); alter text search configuration f.conf owner to {legacy};
alter text search configuration f.conf add mapping for asciiword with f.dict;
create table f.docs
    (body text, tsv tsvector generated always as (to_tsvector('pg_catalog.simple'::regconfig, body)) stored);
create index on f.docs using gin (to_tsvector('f.conf'::regconfig, body));
alter table f.docs owner to {legacy};

-- part statistics by legacy
create statistics f.on_t (ndistinct, dependencies, mcv) on a, b from f.t;
create statistics f.on_parent (ndistinct) on id, at from f.parent;
alter statistics f.on_t set statistics 500;

-- part statistics_on_expressions by legacy since 14
create statistics f.of_expressions on lower(a), (b + 1) from f.t;
create statistics f.of_one on (b * 3) from f.t;

-- part collations by legacy
create collation f.posix from "POSIX";
create table f.collated (x text collate f.posix);
create domain f.cdom as text collate f.posix;
create default conversion f.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;

-- part views by legacy
create materialized view f.mat as select a, count(*) as n from f.t group by a with no data;
create materialized view f.mat2 as select * from f.t;
create unique index on f.mat2 (id); create index on f.mat2 using brin (b);
create recursive view f.walk (n) as values (1) union all select n + 1 from walk where n < 5;
create function f.secret_rows() returns setof f.t language sql security definer set search_path = f, pg_temp
    as 'select * from f.t';
create view f.over_definer as select * from f.secret_rows();
create view f.checked as select id, a from f.t where a <> '' with cascaded check option;
create rule upd as on update to f.walk do instead update f.t set a = 'x' where id = old.n;
create rule del as on delete to f.walk do instead nothing;
create function f.instead() returns trigger language plpgsql as 'begin return new; end';
create trigger instead instead of insert on f.over_definer for each row execute function f.instead();
create view f."view ""q"" %s" as select 1 as "x%y";

-- part invoker_views by legacy since 15
create view f.invoker with (security_invoker) as select * from f.t;
create view f.over_invoker as select * from f.invoker;

-- part triggers by legacy
create function f.trig() returns trigger language plpgsql as 'begin return null; end';
create constraint trigger deferred after insert on f.dictionary deferrable initially deferred
    for each row execute function f.trig();

-- part partitions by legacy
create table f.p (k int, v text) partition by range (k);
create table f.p1 partition of f.p for values from (0) to (10);
create table f.p2 partition of f.p for values from (10) to (20) partition by hash (k);
create table f.p2a partition of f.p2 for values with (modulus 2, remainder 0);
create table f.p2b partition of f.p2 for values with (modulus 2, remainder 1);
create table f.keyed (k int primary key) partition by list (k);
create table f.keyed_1 partition of f.keyed for values in (1);
create table f.fk (k int references f.keyed);
create index on only f.p (v);

-- part partition_owners by superuser
create table f.p3 partition of f.p for values from (20) to (30); alter table f.p3 owner to {vendor};
alter table f.p2a owner to {reporting};
create table f.of_vendor (k int, v text) partition by list (k); alter table f.of_vendor owner to {vendor};
create table f.of_vendor_1 partition of f.of_vendor for values in (1); alter table f.of_vendor_1 owner to {legacy};
create table f.kid_of_vendor () inherits (f.parent); alter table f.kid_of_vendor owner to {vendor};

-- part policies by legacy
create table f.rows (id int primary key, who name default 'nobody', note text, hidden text);
alter table f.rows enable row level security;
create policy open on f.rows using (true);
create policy narrow on f.rows as restrictive for update using (id > 0) with check (id < 1000);
create policy for_reporting on f.rows for select to {reporting}, {vendor} using (id < 10);
grant select (id, note), update (note) on f.rows to {reporting};
grant insert (id, note) on f.rows to {vendor} with grant option;
revoke update on f.rows from {legacy};
grant update (note) on f.rows to {legacy};

-- part publications by superuser
create publication f_some for table f.t, only f.parent with (publish = 'insert, update');
create publication f_none; alter publication f_none owner to {legacy}; alter publication f_some owner to {legacy};

-- part publications_filtered by superuser since 15
create publication f_filtered for table f.rows (id, note) where (id > 5), f.t (id, a);
alter publication f_filtered owner to {legacy};

-- part foreign by superuser
create extension postgres_fdw schema pg_catalog;
create foreign data wrapper f_own options (debug 'true');
grant usage on foreign data wrapper postgres_fdw, f_own to {legacy} with grant option;

-- part foreign_tables by legacy
create server f_far type 'x' version '1' foreign data wrapper f_own options ("odd ""opt%" 'v''1');
create server f_pg foreign data wrapper postgres_fdw options (host 'far.invalid');
create user mapping for public server f_pg options (user 'x', password 'secret-of-all');
create user mapping for {legacy} server f_far options ("user ""n%" 'a%b');
grant usage on foreign server f_far to {reporting} with grant option;
create foreign table f.far (id int, x text) server f_pg options (table_name 'y');
create foreign table f.far_part partition of f.p for values from (100) to (200) server f_pg;
create foreign table f.far_kid () inherits (f.parent) server f_pg;

-- part event_triggers by superuser
create function f.et() returns event_trigger language plpgsql as 'begin perform 1; end';
-- a superuser's: code of ordinary roles that runs with the operator's rights is a blocker
create event trigger f_start on ddl_command_start execute function f.et();
create event trigger f_drop on sql_drop when tag in ('DROP TABLE') execute function f.et();
create event trigger f_rewrite on table_rewrite execute function f.et();
alter event trigger f_rewrite disable; alter event trigger f_drop enable always;

-- part large_objects by legacy
select lo_from_bytea(777, 'x'), lo_from_bytea(778, 'y');
grant select, update on large object 777 to {reporting} with grant option;
revoke all on large object 778 from {legacy};

-- part exotic_acls by legacy
create table f.chain (id int); create table f.naked (id int); create table f.all_of_it (id int);
grant select, insert on f.chain to {reporting} with grant option;
revoke all on f.naked from {legacy};
revoke all on f.all_of_it from {legacy}; grant select on f.all_of_it to {legacy} with grant option;
create function f.closed() returns int language sql as 'select 1';
revoke all on function f.closed() from public, {legacy};
create type f.closed_type as enum ('x'); revoke all on type f.closed_type from public;
create domain f.closed_domain as int; revoke usage on domain f.closed_domain from public, {legacy};
create sequence f.closed_seq; revoke all on sequence f.closed_seq from {legacy};
create schema f_closed; create table f_closed.t (id int); revoke all on schema f_closed from {legacy};

-- part passed_on by reporting
grant select on f.chain to {newcomer} with grant option; grant insert on f.chain to public;

-- part passed_further by newcomer
grant select on f.chain to {vendor}, {team};

-- part defaults by legacy
alter default privileges revoke all on tables from {legacy};
alter default privileges grant all on schemas to {reporting};
alter default privileges in schema f grant execute on routines to {vendor} with grant option;
alter default privileges revoke execute on routines from public;

-- part defaults_of_large_objects by legacy since 18
alter default privileges grant select on large objects to {reporting} with grant option;

-- part defaults_of_others by superuser
alter default privileges for role {vendor} grant select on tables to {legacy};
alter default privileges for role {vendor} in schema f grant select on tables to {legacy} with grant option;

-- part settings by superuser
alter database {database} set search_path = f, "$user", public;
alter database {database} set f.custom = E'a\nb "quoted"';
alter role {legacy} in database {database} set f.odd = E'it''s 100% %s "x" \\ \t é';
alter role {legacy} in database {database} set temp_tablespaces = '';
alter role {legacy} in database {database} set datestyle = 'German, DMY';
alter role {legacy} in database {database} set timezone = 'Asia/Kolkata';
alter role {legacy} in database {database} set log_statement = 'mod';
alter role {legacy} in database {database} set xmloption = 'document';
alter role {legacy} in database {database} set quote_all_identifiers = 'on';
alter role {legacy} in database {database} set default_transaction_isolation = 'serializable';
alter role {legacy} in database {database} set search_path = f, "odd ""schema""", '$user';
alter role {legacy} set bytea_output = 'escape';
alter role {reporting} in database {database} set f.theirs = 'y';

-- part parameters by superuser since 15
grant set on parameter log_statement to {legacy} with grant option;
grant set on parameter f.custom, work_mem to public;

-- part parameters_passed_on by legacy since 15
grant set on parameter log_statement to {reporting};

-- part extensions by superuser
create extension if not exists hstore schema public; create extension pg_trgm schema f;
create extension pageinspect schema f; create extension pgstattuple;
revoke execute on function public.hstore(text, text) from public;
grant execute on function public.hstore(text, text) to {reporting};
grant execute on function f.get_raw_page(text, {block}) to {reporting};
grant select on pg_catalog.pg_statistic to {reporting};
grant execute on function pg_catalog.pg_ls_waldir() to {reporting};
alter extension hstore add table f.quick;
alter extension pg_trgm drop function f.show_limit();
alter function public.akeys(hstore) owner to {legacy};
alter extension hstore add function f.good(text);
alter function f.show_limit() owner to {legacy};

-- part database_rights by superuser
alter database {database} owner to {legacy};
revoke temporary on database {database} from public;
grant temporary on database {database} to {reporting} with grant option;
alter database {database} connection limit 50;

-- part schema_owners by superuser
create schema f_vendor; alter schema f_vendor owner to {vendor};
create table f_vendor.mine (id serial primary key); alter table f_vendor.mine owner to {legacy};
grant usage on schema f_vendor to {legacy};
alter schema public owner to {legacy};
comment on table f.t is 'x%s:y'; comment on role {legacy} is 'odd '' one';

"""Schemas with tenants as their projects publish them: surveyed against the catalog, walked, proved, and back.

They are no part of this project. ``tenants/NAME.sql`` in the folder of the real schemas is a project's own dump
(``db/structure.sql`` of Rails) or its migrations one after the other (Prisma's, in the order of their names);
``tenants/admin/NAME.sql`` is what a superuser has made before that, such as Supabase's roles.

What the survey asks is answered as an operator would who knows the application: tests/support/tenant_field/NAME.toml.
Where there is none, the first of the printed answers is taken, whatever it is: none that is offered opens anything.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flatsplit.config import parse_name
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_file, shared_tenants
from tests.fixtures.servers import tool
from tests.support import tenant_acts, tenant_others, tenant_rows
from tests.support.walk import Walk, assert_same, toml

DECISIONS = Path(__file__).parents[1] / "support" / "tenant_field"
ROOTS = {
    "airbyte": "public.organization",
    "alfio": "public.organization",
    "boundary": "public.iam_scope",
    "bytebase": "public.workspace",
    "camunda": "public.act_id_tenant",
    "capgo": "public.orgs",
    "chatbotui": "public.workspaces",
    "classroomio": "public.organization",
    "coder": "public.organizations",
    "concourse": "public.teams",
    "coursemology": "public.instances",
    "dify": "public.tenants",
    "dittofeed": 'public."Workspace"',
    "documenso": 'public."Organisation"',
    "documize": "public.dmz_org",
    "dokploy": "public.organization",
    "e2b": "public.teams",
    "evergreen": "actor.org_unit",
    "featbit": "public.workspaces",
    "fider": "public.tenants",
    "formbricks": 'public."Organization"',
    "gisia": "public.projects",
    "gitlab": "public.projects",
    "harness": "public.spaces",
    "hatchet": 'public."Tenant"',
    "hook0": "iam.organization",
    "hoppscotch": 'public."Team"',
    "hydra": "public.networks",
    "hyperswitch": "public.merchant_account",
    "keep": "public.tenant",
    "keto": "public.networks",
    "killbill": "public.tenants",
    "kratos": "public.networks",
    "lago": "public.organizations",
    "langfuse": "public.organizations",
    "langwatch": 'public."Organization"',
    "ledger": "_system.ledgers",
    "lunary": "public.org",
    "maybe": "public.families",
    "meteroid": "public.organization",
    "openfga": "public.store",
    "openinfra": "public.tenants",
    "papermark": 'public."Team"',
    "plane": "public.workspaces",
    "plunk": "public.projects",
    "polar": "public.organizations",
    "redash": "public.organizations",
    "sourcebot": 'public."Org"',
    "stackauth": 'public."Project"',
    "supertokens": "public.apps",
    "teable": "public.space",
    "tesseral": "public.projects",
    "thingsboard": "public.tenant",
    "trigger": 'public."Organization"',
    "typebot": 'public."Workspace"',
    "uaa": "public.identity_zone",
    "umami": "public.website",
    "windmill": "public.workspace",
    "zync": "public.tenants",
}
"""As their sources say."""
SPELLED = {"boundary": "o_123456789{}"}
"""Keys that a domain asks for."""
KEYS = {"uuid": "00000000-0000-4000-8000-00000000000{}", "bigint": "{}", "integer": "{}", "text": "key {}"}

_RANDOM_UUID = """CREATE FUNCTION public.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.gen_random_uuid()'; ALTER FUNCTION public.gen_random_uuid() OWNER TO legacy"""
"""Migrations ask pgcrypto for it, by its schema; without it they make no table, and there is nothing to survey."""

OWN = """
SELECT DISTINCT format('%%I.%%I', n.nspname, c.relname) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (%s)
  AND a.attname = ANY (%s) AND c.oid <> %s::regclass AND NOT a.attisdropped
  AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
"""
"""Tables with a column of the key's name: what can be said of them without a survey. Each is own or asked; or a foreign
key leads from it to a tenant, or it is said that the column has another type.
"""

AROUND = """
SELECT DISTINCT n.nspname FROM pg_constraint AS f JOIN pg_class AS c ON c.oid = f.confrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_class AS r ON r.oid = f.conrelid
WHERE f.contype = 'f' AND r.relnamespace::regnamespace::name = ANY (%(here)s) AND n.nspname <> ALL (%(here)s)
"""
"""Schemas out of scope that foreign keys lead to, such as Supabase's auth."""


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("name", shared_tenants())
def test_surveyed_walked_proved_and_back(make_database: MakeDatabase, invoke_cli: InProcess, name: str) -> None:
    database = loaded(make_database, name)
    walk = Walk(invoke_cli, database).init()
    found = walk("tenants", "--survey", "--json").json
    assert not found["missing"], found["root"]
    if name in ROOTS:
        assert found["root"] == ROOTS[name]
    said_by_the_catalog(walk, found)

    let_in(walk)
    walk.forward()
    kinds = decided(walk, found, DECISIONS / f"{name}.toml")
    spelled = SPELLED.get(name, KEYS[_plain(found["key_type"])])
    keys = [spelled.format(number) for number in (7, 8, 9)]
    around = [name for (name,) in database.admin.execute(AROUND, {"here": walk.schemas()}).fetchall()]
    filled = tenant_rows.fill(database.admin, [*walk.schemas(), *around], found["root"], kinds, keys)
    as_wished(walk, kinds, filled, keys)

    waives = prepared(walk)
    others = tenant_others.Others(database.admin, database.legacy, walk.schemas())
    seen = others.seen(kinds)
    before = walk.snapshot()
    taken(walk, waives)
    roles = {f"tenant_{key}": key for key in keys}
    tenant_acts.apart(database.admin, kinds, roles)
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").json
    theirs = [one["fix"] for one in proof["breaches"] if one["key"] == "policy"]  # by a setting, for everybody
    if theirs:
        database.execute("; ".join(theirs))
        proof = walk("tenants", "--prove", "--all", "--rows", "--json").json
    assert proof["isolated"], (proof["breaches"], proof["failures"])
    assert others.seen(kinds) == seen
    assert proof["tried"] >= len(keys)
    told = {one["table"]: one for one in proof["tables"]}  # a name as people say it, without quotes
    for table, one in kinds.items():
        if one["kind"] in ("own", "through"):
            assert told[".".join(parse_name(table).parts)]["equal"] == proof["tried"], table
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    database.execute("; ".join(fix.partition(" TO ")[0] + " TO public" for fix in theirs))
    assert_same(before, walk.snapshot(), "back")


def loaded(make_database: MakeDatabase, name: str) -> Database:
    """A database with the schema, which legacy owns."""
    path = shared_file("tenants", f"{name}.sql")
    database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant all on schema public to legacy")
    offered = database.admin.execute("SELECT FROM pg_available_extensions WHERE name = 'pgcrypto'").fetchone()
    if offered is None:
        database.execute(_RANDOM_UUID)
    first = path.parent / "admin" / path.name  # roles and schemas that are there before the first migration
    if first.is_file():
        database.psql(first)
    load = [tool("psql"), "-Xq", "-f", str(path), database.conninfo(database.legacy)]
    subprocess.run(load, check=True, capture_output=True)  # an extension that is not there is no reason to stop
    return database


def said_by_the_catalog(walk: Walk, found: Mapping[str, Any]) -> None:
    """What names and types alone say of a table, the survey says, too."""
    kinds = {one["table"]: one for one in found["tables"]}
    open_ = [one["table"] for one in found["undecided"]]
    own = [one for one in kinds.values() if one["kind"] == "own"]
    keys = sorted({one["column"] for one in own})
    ask = walk.database.admin.execute
    called = {name for (name,) in ask(OWN, [walk.schemas(), keys, found["root"]]).fetchall()}
    led = {name for name, one in kinds.items() if one["kind"] == "through" or "and the key is" in one["why"]}
    assert called <= {*open_, *led, *(one["table"] for one in own)}
    assert all(one["way"] for one in kinds.values() if one["kind"] == "through")
    assert not set(open_) & {one["table"] for one in own}


def decided(walk: Walk, found: Mapping[str, Any], answers: Path) -> dict[str, dict[str, Any]]:
    """Write the section [tenants] with every answer into the configuration; returns what each table is."""
    text = f"{walk.config.read_text()}\n{found['toml']}\n"
    if answers.is_file():
        walk.config.write_text(text + answers.read_text())
        survey = walk("tenants", "--survey", "--json").check().json
        assert not survey["undecided"], [one["table"] for one in survey["undecided"]]
    else:
        said: dict[str, dict[str, str]] = {"own": {}, "through": {}}
        hidden: list[str] = []
        survey = found
        walk.config.write_text(text)
        while survey["undecided"]:
            for one in [one for one in survey["undecided"] if not one["after"]] or survey["undecided"]:
                if not one["choices"]:
                    hidden.append(one["table"])
                    continue
                kind, _, rest = one["choices"][0]["toml"].partition(" = ")
                table, _, value = rest.strip("{} ").rpartition(" = ")
                said[kind][table] = value
            lines = [
                f"{kind} = {{ {', '.join(f'{table} = {value}' for table, value in some.items())} }}"
                for kind, some in said.items()
            ]
            walk.config.write_text("\n".join([text, "[tenants.tables]", *lines, f"hidden = {toml(hidden)}", ""]))
            survey = walk("tenants", "--survey", "--json").json
    assert survey["complete"], survey["wrong"]
    return {one["table"]: one for one in survey["tables"]}


def as_wished(walk: Walk, kinds: Mapping[str, Any], filled: tenant_rows.Filled, keys: list[str]) -> None:
    """Of whom rows were made, they are, as the owner asks for them; and nearly each table has some of every tenant."""
    apart = [name for name, one in kinds.items() if one["kind"] in ("root", "own", "through")]
    for name in apart:
        for world, key in enumerate(keys):
            rows = frozenset(walk.database.admin.execute(tenant_rows.whose(kinds, name, key)).fetchall())
            assert rows <= filled.rows[tenant_rows.written(name)][world], name
    assert len(filled.empty) <= len(kinds) // 20, filled.empty


def let_in(walk: Walk) -> None:
    """Let the application in under row-level security of its own, which it passes over as the owner, as doctor says."""
    for one in walk("doctor", "--json").json["findings"]:
        if one["id"] == "rls-zero-rows":
            walk.database.execute("; ".join(one["sql"]))


def prepared(walk: Walk) -> tuple[str, ...]:
    """Do what doctor asks for before the walk; returns what is to be waived: columns of which some rows are NULL."""
    refused = set()
    doctor = walk("doctor", "--json")
    assert doctor.stdout, doctor.stderr
    for one in doctor.json["findings"]:
        for line in one["sql"] if one["id"] in ("tenant-key", "tenant-uncovered") else ():
            try:
                walk.database.execute(line)
            except psycopg.errors.NotNullViolation:
                refused.add("keys")
    return ("--waive", "keys", "--reason", "rows that are nobody's") if refused else ()


def taken(walk: Walk, waives: tuple[str, ...]) -> None:
    """Begin, and take the steps up to the tenants' roles; close what leads around the policies as it is printed."""
    walk("begin", "tenants", "--yes").check()
    call = ("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waives)
    for _ in range(9):
        result = walk(*call)
        if result.exit_code != 3:
            break
        assert "waiting for holes" in result.stdout, result.stdout
        walk.database.execute(
            "; ".join(line.partition("fix: ")[2] for line in result.stdout.splitlines() if "fix: " in line)
        )
    result.check()


def _plain(key_type: str) -> str:
    return key_type if key_type in KEYS else "text"

"""Schemas with tenants as their projects publish them: surveyed against the catalog, walked, proved, and back.

They are no part of this project. ``tenants/NAME.sql`` in the folder of the real schemas is a project's own dump
(``db/structure.sql`` of Rails) or its migrations one after the other (Prisma's, in the order of their names).
"""

from __future__ import annotations

import subprocess

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase, shared_file, shared_tenants
from tests.fixtures.servers import tool
from tests.support.walk import Walk, assert_same

ROOTS = {
    "boundary": "public.iam_scope",
    "bytebase": "public.workspace",
    "camunda": "public.act_id_tenant",
    "classroomio": "public.organization",
    "concourse": "public.teams",
    "dittofeed": 'public."Workspace"',
    "documenso": 'public."Organisation"',
    "documize": "public.dmz_org",
    "dokploy": "public.organization",
    "e2b": "public.teams",
    "featbit": "public.workspaces",
    "fider": "public.tenants",
    "formbricks": 'public."Organization"',
    "gisia": "public.namespaces",
    "harness": "public.spaces",
    "hatchet": 'public."Tenant"',
    "hook0": "iam.organization",
    "hoppscotch": 'public."Team"',
    "hydra": "public.networks",
    "killbill": "public.tenants",
    "kratos": "public.networks",
    "lago": "public.organizations",
    "langfuse": "public.organizations",
    "langwatch": 'public."Organization"',
    "lunary": "public.org",
    "maybe": "public.families",
    "meteroid": "public.organization",
    "openfga": "public.store",
    "openinfra": "public.tenants",
    "papermark": 'public."Team"',
    "plunk": "public.projects",
    "sourcebot": 'public."Org"',
    "stackauth": 'public."Project"',
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


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("name", shared_tenants())
def test_surveyed_walked_proved_and_back(make_database: MakeDatabase, invoke_cli: InProcess, name: str) -> None:
    path = shared_file("tenants", f"{name}.sql")
    database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant all on schema public to legacy")
    offered = database.admin.execute("SELECT FROM pg_available_extensions WHERE name = 'pgcrypto'").fetchone()
    if offered is None:
        database.execute(_RANDOM_UUID)
    load = [tool("psql"), "-Xq", "-f", str(path), database.conninfo(database.legacy)]
    subprocess.run(load, check=True, capture_output=True)  # an extension that is not there is no reason to stop
    walk = Walk(invoke_cli, database).init()
    survey = walk("tenants", "--survey", "--json")
    found = survey.json
    assert not found["missing"], found["root"]
    if name in ROOTS:
        assert found["root"] == ROOTS[name]
    kinds = {one["table"]: one for one in found["tables"]}
    open_ = [one["table"] for one in found["undecided"]]
    own = [one for one in kinds.values() if one["kind"] == "own"]
    keys = sorted({one["column"] for one in own})
    called = {name for (name,) in database.admin.execute(OWN, [walk.schemas(), keys, found["root"]]).fetchall()}
    led = {name for name, one in kinds.items() if one["kind"] == "through" or "and the key is" in one["why"]}
    assert called <= {*open_, *led, *(one["table"] for one in own)}
    assert all(one["way"] for one in kinds.values() if one["kind"] == "through")
    assert not set(open_) & {one["table"] for one in own}

    walk.forward()
    hidden = {*open_, *(one for one, table in kinds.items() if table["kind"] == "hidden")}
    quoted = ", ".join("'" + table + "'" for table in sorted(hidden))
    walk.config.write_text(f"{walk.config.read_text()}\n{found['toml']}\n[tenants.tables]\nhidden = [{quoted}]\n")
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    waived = ("--waive", "keys", "--waive", "holes", "--reason", "as their makers left it")
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived).check()
    spelled = SPELLED.get(name, KEYS[_plain(found["key_type"])])
    made = [spelled.format(number) for number in (8, 9)]  # a migration may have made the first
    walk("tenants", *(word for key in made for word in ("--add", key)), "--yes").check()
    proof = walk("tenants", "--prove", "--all", "--json").json
    theirs = [one["fix"] for one in proof["breaches"] if one["key"] == "policy"]  # by a setting, for everybody
    if theirs:
        database.execute("; ".join(theirs))
        proof = walk("tenants", "--prove", "--all", "--json").json
    assert proof["isolated"], (proof["breaches"], proof["failures"])
    assert proof["tried"] >= len(made)
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    database.execute("; ".join(fix.partition(" TO ")[0] + " TO public" for fix in theirs))
    assert_same(before, walk.snapshot(), "back")


def _plain(key_type: str) -> str:
    return key_type if key_type in KEYS else "text"

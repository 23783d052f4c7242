"""What the application runs, tried as one real tenant: refused, of other rows than its own, slower."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk, configure

CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n[tenants.tables]\nshared = ["public.plans"]\n'
EXPECTED = {
    "select * from orders where id = $1": "allowed",
    "select o.total from orders o join lines l on l.order_id = o.id where o.customer_id = $1": "allowed",
    "insert into customers (account_id, name) values ($1, $2)": "allowed",
    "update orders set total = $1 where id = $2": "allowed",
    "select name from plans": "allowed",
    "select id from customers where name like $1": "allowed",
    "select id from customers where lower(name) = $1": "allowed",
    "select id from customers where id = $1": "allowed",
    "insert into plans values ($1, $2)": "denied",
    "select email from users": "denied",
    "truncate orders": "denied",
    "copy customers from stdin": "denied",
    "select * from drafts": "silent",
}


def before_rls(walk: Walk, file: Path) -> None:
    """As the application, with row security as the next step leaves it: its gate waits for that."""
    configure(walk.config, rehearsal="required")
    for copies, verdict in ((True, "denied"), (False, "allowed")):
        file.write_text(f"{'copy customers from stdin' if copies else 'select * from customers'};\n")
        told = walk("rehearse", "--file", str(file), "--json").check(4 if copies else 0).json["statements"]
        assert [each["verdict"] for each in told] == [verdict]
        if copies:
            waits = walk("next", "--yes", "--walk", "tenants", "--waive", "keys", "--reason", "a test").check(3).stdout
            assert "waiting for rehearsed" in waits
    assert "waiting for rehearsed" not in walk("status", "--walk", "tenants").check().stdout
    configure(walk.config, rehearsal="advised")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_as_a_tenant(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role")
    database.execute("create index by_name on customers (account_id, name text_pattern_ops)")
    database.execute("create index by_lower on customers (lower(name))")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    said = walk("rehearse", "--as", "tenant").check(2)
    assert "no tenant has a role yet" in said.stderr
    walk("begin", "tenants", "--yes").check()
    on = ("next", "--yes", "--walk", "tenants", "--waive", "keys", "--reason", "a test", "--through")
    walk(*on, "tenant-policies").check()
    before_rls(walk, tmp_path / "before.sql")
    walk(*on, "tenant-roles").check()
    database.execute("create policy strange on drafts to public using (id < 5)")
    statements = tmp_path / "statements.sql"
    statements.write_text(";\n".join(EXPECTED) + ";\n")
    for who, role in (("tenant", "tenant_1"), ("tenant_2", "tenant_2")):
        found = walk("rehearse", "--as", who, "--file", str(statements), "--json").check(4).json
        assert (found["role"], found["basis"]) == (role, "role")
        assert {each["query"]: each["verdict"] for each in found["statements"]} == EXPECTED
        assert any("only its own rows" in note for note in found["notes"])
    slower = {each["query"]: each["slower"] for each in found["statements"] if each["slower"]}
    assert slower == {
        "select id from customers where name like $1": [
            "LIKE on public.customers.name is not leakproof: behind a policy public.by_name does not serve it"
        ],
        "select id from customers where lower(name) = $1": [
            "lower() on public.customers.name is not leakproof: behind a policy public.by_lower does not serve it"
        ],
    }
    hidden = next(each for each in found["statements"] if "users" in each["query"])
    assert "it is hidden" in hidden["remedy"]
    copied = next(each for each in found["statements"] if "copy" in each["query"])
    assert copied["remedy"].startswith("INSERT instead of COPY")
    strange = next(each for each in found["statements"] if "drafts" in each["query"])
    assert "flatsplit tenants --prove" in strange["remedy"]
    assert not any(each["sql"] or each["toml"] for each in found["statements"])
    shown = walk("rehearse", "--as", "tenant", "--file", str(statements)).check(4).stdout
    assert "Slower: goes on, and no index serves it (2)" in shown

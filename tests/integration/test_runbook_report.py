"""What a runbook tells besides the plans: who is seen, what was rehearsed, approved, waived, and what happened."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk


def page(walk: Walk, *arguments: str) -> dict[str, str]:
    """The text of each part of index.html by its id, tags taken away."""
    walk("runbook", "--out", "book", *arguments).check()
    text = (walk.run.cwd / "book" / "index.html").read_text()
    parts = re.split(r'<(?:section|header|details class="step") id="([a-z-]+)"', text)
    return {
        name: " ".join(html.unescape(re.sub(r"<[^>]*>", " ", part)).split())
        for name, part in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.majors("two")
def test_before_during_and_after(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table orders (id int primary key); insert into orders values (1)", "legacy")
    database.execute("create function f() returns int language sql as 'select 1'", "legacy")
    walk = Walk(invoke_cli, database).init(soak="7d")
    first = page(walk)
    assert "0 of 9 steps done" in first["summary"]
    assert "1 → before, 0 after: tables, views and sequences it could drop" in first["summary"]
    assert "Nobody has rehearsed yet" in first["rehearsal"]
    assert "Nobody was seen yet" in first["people"]
    assert "No approval is on record" in first["sign"]
    assert re.search(r"alter or drop tables, views and sequences all 1 – – all 1 – all 1", first["radius"])

    names = ("shop-web", "flyway", "metabase", "psql", "")
    others = [
        psycopg.connect(make_conninfo(database.conninfo("legacy"), application_name=name, sslmode="disable"))
        for name in (*names, "shop-web")
    ]
    walk("observe").check()
    for one in others:
        one.close()
    walk.wait_until_gone("legacy")
    (walk.run.cwd / "seen.sql").write_text("SELECT * FROM orders;\nTRUNCATE orders;\n")
    walk("rehearse", "--file", "seen.sql").check(4)
    walk("approve", "--all", "--by", "Jo <b>Doe</b>", "--ticket", "CHG-7").check()
    seen = page(walk)
    for name, role in (("shop-web", "app_user"), ("flyway", "app_migrator"), ("metabase", "app_readonly")):
        assert re.search(rf"{name} local {database.name} legacy {role} ", seen["people"]), seen["people"]
    assert "psql local" in seen["people"]
    assert re.search(r"shop-web .*? taken for the application 2 \d{4}-", seen["people"])
    assert "(no application_name) local" in seen["people"]
    assert "not passed As app_user" in seen["rehearsal"]
    assert "1 allowed" in seen["rehearsal"]
    assert "1 denied" in seen["rehearsal"]
    assert "Jo <b>Doe</b> CHG-7" in seen["sign"]

    walk.forward("enable-login")
    with walk.switched():
        walk.next("--waive", "rehearsed", "--reason", "nobody truncates any more")
    walk.step("verify")
    walk.next("--waive", "soaked", "--reason", "agreed in CHG-8")
    walk.next("--waive", "soaked", "--reason", "agreed in CHG-9")
    last = page(walk)
    assert "9 of 9 steps done. The cutover is complete." in last["summary"]
    assert "1 → before, 0 after: tables, views and sequences it could drop" in last["summary"]
    assert "lock-legacy soaked" in last["findings"]
    assert "agreed in CHG-8" in last["findings"]
    transfer = last["step-transfer-ownership"]
    assert re.search(r"carried out .* UTC to .* UTC \(.*\), postgres", transfer)
    assert re.search(r"approved by Jo <b>Doe</b>, CHG-7", transfer)
    assert re.search(r"[1-9]\d* statements on record, plan [0-9a-f]{16}", transfer)
    for word in ("init", "approved", "started", "waived", "done"):
        assert f" {word} " in last["record"]
    manifest = json.loads((walk.run.cwd / "book" / "manifest.json").read_text())
    assert {step["state"] for step in manifest["steps"]} == {"done"}
    assert manifest["made_at"]
    assert [one["by"] for one in manifest["steps"][3]["approved"]] == ["Jo <b>Doe</b>"]
    assert "digest of the plan carried out" in transfer

    walk.rollback("--through", "verify")
    back = page(walk)
    assert "rolled back 1 time" in back["step-lock-legacy"]
    assert "6 of 9 steps done" in back["summary"]


@pytest.mark.slow
def test_templates_of_the_operators_own(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    database.execute("create table orders (id int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    own = tmp_path / "own"
    own.mkdir()
    (own / "_page.css").write_text("body { color: rebeccapurple }")
    (own / "rollback.sql.j2").write_text("-- ask {{ header.legacy_role|comment }}'s owner first\n")
    walk("runbook", "--out", "book", "--templates", str(own)).check()
    book = walk.run.cwd / "book"
    assert "rebeccapurple" in (book / "index.html").read_text()
    assert (book / "04-transfer-ownership.rollback.sql").read_text() == "-- ask legacy's owner first\n"
    assert json.loads((book / "manifest.json").read_text())["templates"] == ["_page.css", "rollback.sql.j2"]
    before = {path.name: path.read_bytes() for path in book.iterdir()}
    for fault in ("{{ nothing_like_it }}", "{% if %}", "{{ header.target.oops }}"):
        (own / "rollback.sql.j2").write_text(fault)
        said = walk("runbook", "--out", "book", "--templates", str(own)).check(1)
        assert len(said.stderr.splitlines()) == 2, said.stderr
        assert "template" in said.stderr
    assert {path.name: path.read_bytes() for path in book.iterdir()} == before
    assert "no such folder" in walk("runbook", "--templates", "nowhere").check(2).stderr


@pytest.mark.slow
@pytest.mark.parametrize("retire", ["revoke", "repurpose", "drop"])
def test_when_all_is_done_no_script_gives_anything_back(retire: str, database: Database, invoke_cli: InProcess) -> None:
    """What revoke-legacy took away is not what earlier steps lack."""
    database.execute("create table orders (id int primary key)", "legacy")
    walk = Walk(invoke_cli, database, retire=retire).init()
    walk.to_the_end()
    for key in STEP_KEYS:
        assert walk("plan", key, "--json").check().json["actions"] == [], key
    walk("runbook", "--out", "book").check()
    for script in (walk.run.cwd / "book").glob("0?-*.sql"):
        if "rollback" not in script.name:
            assert not re.search(r"^(GRANT|REVOKE|ALTER|CREATE|DROP)", script.read_text(), re.MULTILINE), script.name

    database.execute("revoke select on orders from app_readonly")
    lacking = {key: walk("plan", key, "--json").check().json["actions"] for key in STEP_KEYS}
    assert [key for key, actions in lacking.items() if actions] == ["grant-existing"]

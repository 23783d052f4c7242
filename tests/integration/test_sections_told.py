"""`status` after the split, and `next` with its last step, says which sections of flatsplit.toml nobody has walked, and
what begins each.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from flatsplit.walks.kinds import begun_by_people
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, write_passwords

NIGHT = 'Night: "job" %s'
MADE = """
create table accounts (id int primary key); create table jobs (id int primary key, account_id int references accounts);
"""
SECTIONS = {
    "group": ("[group.app_user]", 'logins = ["web_a", "web_b"]', "flatsplit begin group app_user"),
    "role": (
        '[role."Night: \\"job\\" %s"]',
        '[grants."Night: \\"job\\" %s"]\nselect = ["public.jobs"]',
        f"flatsplit begin role {shlex.quote(NIGHT)}",
    ),
    "trail": ("[trail]", "log = false", "flatsplit begin trail"),
    "tenants": ("[tenants]", 'root = "public.accounts"', "flatsplit begin tenants"),
    "people": ("[people]", '"Jo Böhm" = ["app_readonly"]', "flatsplit people --join"),
}
"""Sections that something has to be begun for: the heading, what stands under it, and the command."""
UNASKED = {"split", "rotate", "leave"}
"""Kinds of walk that no section asks for: a password is old, a person leaves."""


def test_all_kinds_are_here() -> None:
    assert {kind.name for kind in begun_by_people()} - UNASKED == SECTIONS.keys() - {"people"}


def told(walk: Walk, *of: str) -> dict[str, Any]:
    """What `status` names, by heading, after making sure that its text says the same."""
    found = walk("status", *of, "--json").check().json["not_begun"]
    text = walk("status", *of).check().stdout
    assert ("Nothing is left to do" in text) <= (not found), text
    assert re.findall("^(.*) was never begun", text, re.MULTILINE) == [one["section"] for one in found]
    for one in found:
        assert one["fix"] in text
        assert one["stopped"] in text
    return {one["section"]: one for one in found}


def declare(walk: Walk) -> None:
    text = walk.config.read_text()
    walk.config.write_text(text + "".join(f"\n{head}\n{line}\n" for head, line, _ in SECTIONS.values()))
    names = ("web_a", "web_b", NIGHT, "Jo Böhm")
    walk.passwords |= {name: f"password of {number}" for number, name in enumerate(names)}
    write_passwords(walk.password_file, walk.passwords)


def run(walk: Walk, fix: str) -> None:
    """Type what was printed."""
    answers = ("--yes", "--password-file", str(walk.password_file)) if "people" in fix else ("--yes",)
    walk(*shlex.split(fix)[1:], *answers).check()


@pytest.mark.majors("one")
def test_each_section_is_named_until_it_is_walked(database: Database, invoke_cli: InProcess) -> None:
    database.execute(MADE, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("lock-legacy")
    declare(walk)
    assert told(walk) == {}, "the next step comes first"
    last = walk.next("--through", "revoke-legacy", "--waive", "soaked", "--waive", "elsewhere", "--reason", "a test")
    again = walk.next("--json")
    assert again.json["not_begun"] == list(told(walk).values())
    for said in (last.stdout, walk.next().stdout):
        assert "is complete; flatsplit.toml asks for more." in said
        assert re.findall("^(.*) was never begun", said, re.MULTILINE) == list(told(walk))
    left = {head: fix for head, _, fix in SECTIONS.values()}
    tenants = left.pop("[tenants]")
    for head, fix in list(left.items()):
        found = told(walk)
        stopped = found.pop("[tenants]")["stopped"]
        assert {one["section"]: one["fix"] for one in found.values()} == left
        assert not any(one["stopped"] for one in found.values())
        assert bool(stopped) == ("[group.app_user]" not in left), "that walk is about roles that tenants stand on"
        run(walk, fix)
        del left[head]

    (one,) = told(walk).values()
    run(walk, one["fix"].partition("take it back: ")[2])
    found = told(walk)
    assert [one["fix"] for one in found.values()] == [SECTIONS["group"][2], tenants], (
        "taken back, it is asked for again"
    )
    run(walk, tenants)
    assert list(told(walk)) == ["[group.app_user]"]


@pytest.mark.majors("one")
def test_what_speaks_against_it_is_said_with_it(database: Database, invoke_cli: InProcess) -> None:
    """A command that would be refused is no remedy: what is printed instead makes way for it."""
    database.execute(MADE, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    text = walk.config.read_text()
    database.execute('create role "' + NIGHT.replace('"', '""') + '"')
    head, line, begin = SECTIONS["role"]
    walk.config.write_text(f"{text}\n{head}\n{line}\n")
    (one,) = told(walk).values()
    assert "there is a role" in one["stopped"]
    database.execute(one["fix"].rpartition("drop the one that is there: ")[2])
    assert told(walk)[head]["fix"] == begin

    walk.config.write_text(f"{text}\n[group.app_user]\nlogins = []\n[trail]\nlog = false\ntable = false\n")
    (one,) = told(walk).values()
    assert one["stopped"] == "flatsplit.toml does not say who logs in for app_user"
    walk.config.write_text(f"{text}\n[group.app_user]\nlogins = ['web_a', 'web_b']\n")
    # Over the same roles one walk is under way at a time
    walk.config.write_text(walk.config.read_text() + '[role.night]\nlike = "app_user"\n')
    run(walk, "flatsplit begin group app_user")
    (one,) = told(walk, "--walk", "split").values()
    assert one["stopped"] == "group app_user is under way over the same roles (app_user)"
    assert one["fix"].startswith("finish it first")

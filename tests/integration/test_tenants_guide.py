"""runbooks/guide/tenants.md says what is so: its transcripts, played on a shop of three tenants."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT, Database
from tests.support.tenanted import CONFIG
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

PAGE = (ROOT / "runbooks/guide/tenants.md").read_text()
BLOCKS = re.findall(r"<!-- transcript: tenants -->\n+```console\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_transcripts_are_true(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"set role legacy; {SHOP} {ROWS} drop table drafts; reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    assert len(BLOCKS) == 2
    for block in BLOCKS:
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            program, *arguments = shlex.split(command)
            assert program == "flatsplit"
            said = walk(*arguments).stdout.strip()
            if not re.fullmatch(re.escape(shown.strip()).replace("…", r"[^\0]*"), said):
                assert said == shown.strip(), command


def test_the_steps_are_those_of_the_walk() -> None:
    from flatsplit.walks.tenants.kind import TENANTS

    assert tuple(re.findall(r"^\| `(tenant-[a-z]+)` \|", PAGE, re.MULTILINE)) == TENANTS.keys
    for step in TENANTS.steps:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{step.key}`"))
        assert set(re.findall(r"`([a-z-]+)`", row.rpartition("|")[0].rpartition("|")[2])) == set(step.gates), step.key

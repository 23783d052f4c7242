"""The transcript of the guide's page on special roles is what happens: played on the demo's shop, with its worker.

With ``FLATSPLIT_UPDATE_GOLDEN=1`` what the commands say now is written into the page.
"""

from __future__ import annotations

import os
import re
import shlex
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

from flatsplit.demo import flat
from flatsplit.demo.jobs import ENOUGH, JOBS, SECTION, WORKER
from flatsplit.demo.traffic import Traffic
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT
from tests.fixtures.servers import FreshCluster
from tests.support.statistics import require_statements
from tests.support.walk import configure
from tests.test_readme import normal

PAGE = ROOT / "runbooks/guide/roles.md"
BLOCK = re.compile(r"(?<=<!-- played -->\n\n```console\n).*?(?=```)", re.DOTALL)
PASSWORDS = "passwords.toml"
LIMIT = 24
"""Lines of one command; the rest is left out."""


def steady(text: str) -> str:
    """As it is compared: without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", normal(text))
    text = re.sub(r"^(DATE.*|.*\b(seen by|ran \d|session|shop application).*)$", "", text, flags=re.MULTILINE)
    return re.sub(r"\b[\d,]+\b", "N", text)


@pytest.mark.slow
def test_the_transcript_is_true(fresh_cluster: FreshCluster, invoke_cli: InProcess) -> None:
    require_statements()
    shop = flat.build(fresh_cluster(auth="scram"))
    assert flat.keep_statements(shop)
    folder = invoke_cli.cwd

    def run(*arguments: str) -> str:
        done = invoke_cli(*arguments, dsn=shop.conninfo(flat.OPERATOR))
        assert done.exit_code == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    split(folder, run)
    told = BLOCK.search(PAGE.read_text())
    assert told is not None
    played, found, worker = [], "", ExitStack()
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", told[0], re.MULTILINE):
        if "works" in command and "logs in" in command:
            password = tomllib.loads((folder / "worker.toml").read_text())[WORKER]
            traffic = worker.enter_context(
                Traffic(shop.conninfo(WORKER, password), connections=1, pause=0.01, transactions=JOBS)
            )
            while traffic.tally().transactions < ENOUGH and not traffic.tally().failures:
                time.sleep(0.01)
        if "has written" in command:
            path = folder / "flatsplit.toml"
            path.write_text(f"{path.read_text()}\n{found[found.index('[grants') : found.index('Why')]}")
        found = run(*shlex.split(command, comments=True)[1:])
        lines = [line.rstrip() for line in found.strip().splitlines()]
        if len(lines) > LIMIT:
            lines = [*lines[: LIMIT - 4], "…", *lines[-3:]]
        played.append("\n".join([f"$ {command}", *lines, ""]))
        if not os.environ.get("FLATSPLIT_UPDATE_GOLDEN"):
            assert steady("\n".join(lines)) == steady(shown), command
    worker.close()
    assert traffic.tally().failures == ()
    if os.environ.get("FLATSPLIT_UPDATE_GOLDEN"):
        PAGE.write_text(BLOCK.sub(lambda _: "".join(played), PAGE.read_text()))


def split(folder: Path, run: object) -> None:
    """The four roles, and a worker that is to have one of its own."""
    assert callable(run)
    run("init", "--legacy-role", flat.LEGACY, "--yes")
    configure(folder / "flatsplit.toml", drain="0s", soak="0s", rehearsal="off")
    run("next", "--yes", "--through", "enable-login", "--generate-passwords", PASSWORDS)
    waived = [word for gate in ("seen", "drained") for word in ("--waive", gate)]
    run("next", "--yes", "--through", "revoke-legacy", *waived, "--reason", "nobody works here but the worker")
    path = folder / "flatsplit.toml"
    path.write_text(path.read_text() + SECTION)

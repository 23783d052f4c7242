"""The README and the pages of the guide say what is so.

A ``console`` block that follows the comment ``<!-- transcript -->`` is played on the demo's shop: the commands after
``$ `` are run one after the other, all blocks in one folder and on one database, and what they print must be what the
page shows, except for what differs from run to run (see NORMAL). A line of ``…`` stands for any others.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg

from flatsplit.cli.command_names import COMMANDS
from flatsplit.demo import flat
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import environment
from tests.fixtures.databases import ROOT
from tests.fixtures.servers import FreshCluster

README = (ROOT / "README.md").read_text()
PAGES = (README, *(page.read_text() for page in sorted((ROOT / "runbooks/guide").glob("*.md"))))
BLOCKS = [
    block for page in PAGES for block in re.findall(r"<!-- transcript -->\n+```console\n(.*?)```", page, re.DOTALL)
]

# What differs from run to run, and what is compared instead
NORMAL = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?|Z)?", "TIME"),
    (r"\b[0-9a-f]{12,}\b", "DIGEST"),
    (r"\b((\d+[hm]( (?=\d))?)+(\d+s)?|\d+(\.\d+)? ?(ms|s))\b( ago\b)?", "DURATION"),
    (r" {2,}", "  "),
    (r"/\S+/flatsplit-\w+", "FOLDER"),
    (r"pid \d+", "pid N"),
    (r"\d+ large object|large object \d+", "LARGE OBJECT"),
)


def normal(text: str) -> str:
    for pattern, instead in NORMAL:
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_transcripts_are_true(fresh_cluster: FreshCluster, tmp_path: Path) -> None:
    shop = flat.build(fresh_cluster(auth="scram"))
    assert BLOCKS
    play(BLOCKS, shop.conninfo(flat.OPERATOR), tmp_path)


def play(blocks: Sequence[str], dsn: str, folder: Path) -> None:
    """Run each command and compare."""
    variables = environment(dsn, {"PYTHONUNBUFFERED": "1"})
    for block in blocks:
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            program, *arguments = shlex.split(command, comments=True)
            assert program == "flatsplit", command
            done = subprocess.run(
                [sys.executable, "-m", "flatsplit", *arguments],
                env=variables,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            said, expected = normal(done.stdout), normal(shown)
            if not re.fullmatch(re.escape(expected).replace("…", r"[^\0]+"), said):
                assert said == expected, command  # shows where they differ


def test_commands_make_their_own_environment() -> None:
    lines = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert len(lines) == 2
    assert [line.split()[-1] for line in lines[:1]] == ["demo"]
    assert "pytest" in lines[1]


def test_steps_are_in_order() -> None:
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|$", README, re.MULTILINE)[-len(STEP_KEYS) :]) == STEP_KEYS


def test_commands_exist() -> None:
    for page in PAGES:
        assert set(re.findall(r"(?:^|\$ |`|bin/)flatsplit ([a-z-]+)", _code(page), re.MULTILINE)) <= set(COMMANDS)


def test_shop_is_as_large_as_it_says(fresh_cluster: FreshCluster) -> None:
    with psycopg.connect(flat.build(fresh_cluster()).conninfo(flat.OPERATOR)) as conn:
        count = sum(number for _, number in flat.census(conn))
    assert f"a shop of {count} objects" in README


def _code(text: str) -> str:
    """What stands in code, in blocks and in lines."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))

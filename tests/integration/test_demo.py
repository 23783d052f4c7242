"""The demo tells its story, leaves nothing behind, and with --keep exactly what it says."""

from __future__ import annotations

import io
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from flatsplit.cli.output import Printer
from flatsplit.demo import flat, kept_server
from flatsplit.demo.chapters import CHAPTERS
from flatsplit.demo.command import abridged, shortened, wrapped
from flatsplit.demo.injection import attack
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import Process
from tests.fixtures.servers import FreshCluster
from tests.support.patience import PATIENCE

WHO = """\
import psycopg, sys
print(psycopg.connect(sys.argv[1]).execute("SELECT session_user, count(*) FROM shop.orders").fetchone())
"""


def test_every_step_has_a_chapter() -> None:
    assert tuple(CHAPTERS) == STEP_KEYS


def test_long_output_is_cut_in_the_middle_and_says_so() -> None:
    lines = [f"line {letter}" for letter in "abcdefghij"]
    assert abridged(lines, 9) == lines
    assert abridged(lines, 8) == [*lines[:5], "  … 2 more lines …", *lines[7:]]
    assert abridged(lines, 3) == ["line a", "line b", "  … 7 more lines …", "line j"]


def test_what_the_next_line_says_again_is_left_out() -> None:
    assert abridged(["  verify: done", "verify: done (2 statements)", "", "Next"], 9) == [
        "verify: done (2 statements)",
        "",
        "Next",
    ]


def test_long_statement_keeps_its_end() -> None:
    names = ", ".join(f'"shop"."table_{number}"' for number in range(20))
    text = shortened(f'GRANT SELECT\n ON TABLE {names} TO "app_user";')
    assert len(text) <= 106
    assert text.startswith('GRANT SELECT ON TABLE "shop"."table_0", ')
    assert text.endswith(', … TO "app_user";')
    assert shortened("SELECT  1;") == "SELECT 1;"


def test_wrapped_lines_keep_their_margin() -> None:
    assert wrapped("    one two three", 12) == "    one two\n      three"
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("") == ""


def test_injection_drops_the_owners_table_and_takes_it_back(fresh_cluster: FreshCluster) -> None:
    shop = flat.build(fresh_cluster(auth="scram"))
    for _ in range(2):
        assert attack(shop.conninfo(flat.LEGACY)).dropped
    with psycopg.connect(shop.conninfo(flat.OPERATOR), autocommit=True) as conn:
        conn.execute("CREATE ROLE visitor LOGIN PASSWORD 'secret' IN ROLE pg_read_all_data")
        conn.execute("ALTER ROLE visitor SET search_path = shop")
    refused = attack(shop.conninfo("visitor", "secret"))
    assert not refused.dropped
    assert refused.answer == "ERROR: must be owner of table payments"


def test_kept_server_is_flat_and_its_stop_command_removes_it(tmp_path: Path) -> None:
    told = io.StringIO()
    kept_server.leave_a_server(Printer(told))
    lines = [line.strip() for line in told.getvalue().splitlines()]
    (stop,) = (line for line in lines if line.startswith("sh "))
    folder = Path(stop.removeprefix("sh ")).parent
    try:
        exports = "\n".join(line for line in lines if line.startswith("export "))
        (psql,) = (line.removesuffix("psql") for line in lines if line.endswith("psql"))
        for typed, dsn, role in (("", "", "operator"), ("", "$FLATSPLIT_DSN", "operator"), (psql, "", "shop")):
            said = subprocess.run(
                ["sh", "-c", f'{exports}\n{typed} exec "$0" -W ignore -c "$1" "{dsn}"', sys.executable, WHO],
                capture_output=True,
                text=True,
                cwd=tmp_path,
            )
            assert said.stdout == f"('{role}', 61)\n", said.stderr
        assert folder.stat().st_mode & 0o077 == 0
        (init,) = (line for line in lines if line.startswith("flatsplit init"))
        program = f"{shlex.quote(sys.executable)} -m flatsplit"
        commands = f"{exports}\n{init.replace('flatsplit', program, 1)} --yes && {program} rehearse"
        said = subprocess.run(["sh", "-c", commands], capture_output=True, text=True, cwd=tmp_path)
        assert said.returncode == 4, said.stderr
        assert "REFRESH MATERIALIZED VIEW CONCURRENTLY sales" in said.stdout
        assert "[grants.app_user] maintain" in said.stdout or "app_migrator" in said.stdout
    finally:
        subprocess.run(["sh", "-c", stop], check=True, timeout=PATIENCE)
    assert not folder.exists()


def test_story_ends_with_four_roles_and_no_failed_statement(run_cli: Process) -> None:
    told = run_cli("demo").check().stdout
    assert re.search(r"^ +0 failed$", told, re.MULTILINE)
    assert "ERROR: must be owner of table payments" in told
    assert "app_user from local (says it is 'shop application')  DROP TABLE payments:" in told
    assert "1 act: 1 suspicious" in told
    assert 'remedy: [grants.app_user] maintain = ["shop.sales"]' in told
    assert re.search(r"^ +\d+ allowed, 0 denied, 0 silent, 0 migrator, 0 unknown$", told, re.MULTILINE)
    assert "The nightly job refreshed its materialized view as app_user." in told
    assert all(f"Step {number} of 9, {key}:" in told for number, key in enumerate(STEP_KEYS, start=1))
    folder = re.search(r"runs in (\S+),", told)
    assert folder
    assert not Path(folder[1]).exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_nothing_behind(run_cli: Process, how: signal.Signals) -> None:
    process = run_cli.spawn("demo", env={"PYTHONUNBUFFERED": "1"})
    assert process.stdout
    folder = None
    for line in process.stdout:
        if found := re.search(r"runs in (\S+),", line):
            folder = Path(found[1])
        if line.startswith("From here on"):
            break
    assert folder
    assert folder.exists()
    process.send_signal(how)
    process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert not folder.exists()

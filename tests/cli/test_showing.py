"""What commands print, from plain values: JSON that stays valid, text that a hostile name cannot bend."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit import ddl
from flatsplit.cli.output import Output, Printer, one_line, visible
from flatsplit.cli.views import init as init_view
from flatsplit.cli.views import plan as plan_view
from flatsplit.cli.views import status as status_view
from flatsplit.cli.views import verify as verify_view
from flatsplit.cli.views.findings import show_findings
from flatsplit.cli.views.question import show_question
from flatsplit.cli.views.statements import folded, summarise, verb
from flatsplit.config import Config
from flatsplit.cutover.status import CutoverView, Status, StepView
from flatsplit.cutover.survey import InitRequest, Proposal
from flatsplit.cutover.verify import VerifyReport
from flatsplit.model import SPLIT, Check, Finding, GateResult, Plan, Statement, Target, WalkName
from flatsplit.render.hazards import render_findings
from flatsplit.words import ago

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def statement(name: str, number: int = 1) -> Statement:
    quoted = '"' + name.replace('"', '""') + '"'
    return Statement(
        f"move table {number} {name} to app_migrator",
        f"ALTER TABLE {quoted} OWNER TO app_migrator",
        f"ALTER TABLE {quoted} OWNER TO shop",
        "ACCESS EXCLUSIVE",
    )


def a_status(name: str = "shop", *gates: GateResult) -> Status:
    roles = (("app_user", name), ("app_migrator", "m"), ("app_readonly", "r"), ("dba", "d"))
    return Status(
        CutoverView(name, "active", name, name, NOW, "revoke", roles),
        (
            StepView("create-roles", "The four roles", "done", (), (), NOW, NOW, by_hand=True),
            StepView("switch-connections", "People switch", "waiting", gates),
        ),
        "switch-connections",
        (statement(name),),
        0,
    )


GATE = GateResult("drained", open=False, reason="shop was seen 5m ago", fix="move its sessions")


@given(st.text())
def test_json_is_valid_whatever_a_name_holds(name: str) -> None:
    survey = Proposal(
        InitRequest(name, Path("flatsplit.toml")),
        Target("", name, 1, 180000, name, True, "postgres"),
        Config(name, name, (name,)),
        ((name, 1),),
        (name,),
        (Finding("x", "note", name, name, name, (name,)),),
        existing=False,
    )
    report = VerifyReport((Check(name, name, True, 1, (name,), 1),), (statement(name),), ("create-roles",), 1)
    for value in (
        plan_view.shape(Plan("create-roles", "digest", (statement(name),), (statement(name, 2),))),
        status_view.shape(a_status(name, GATE)),
        init_view.shape(survey),
        verify_view.shape(report),
    ):
        with redirect_stdout(io.StringIO()) as stdout:
            Output(json=True).data(value)
        assert stdout.getvalue().isascii()
        assert json.loads(stdout.getvalue()) == value


def test_the_shapes_that_scripts_rely_on() -> None:
    status = status_view.shape(a_status("shop", GATE))
    assert {"name", "state", "legacy_role"} <= status["cutover"].keys()
    assert status["next"] == "switch-connections"
    first, second = status["steps"]
    assert (first["key"], first["state"], first["blocked_by"]) == ("create-roles", "done", [])
    assert second["blocked_by"] == ["drained"]
    assert second["gates"][0]["reason"] == "shop was seen 5m ago"
    plan = plan_view.shape(Plan("create-roles", "abc", (statement("a"),), (statement("b", 2),)))
    assert (plan["step"], plan["digest"]) == ("create-roles", "abc")
    assert [action["sql"][13] for action in plan["actions"]] == ["a", "b"]
    assert all({"description", "sql", "undo", "lock"} <= action.keys() for action in plan["actions"])


def test_a_stream_is_a_list_however_long() -> None:
    def shown(values: Iterator[object]) -> object:
        with redirect_stdout(io.StringIO()) as stdout:
            Output(json=True).data_stream(values)
        return json.loads(stdout.getvalue())

    for length in range(4):
        assert shown({"n": n} for n in range(length)) == [{"n": n} for n in range(length)]


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_a_plan_is_a_script_in_which_names_stay_names(names: list[str]) -> None:
    plan = Plan("transfer-ownership", "abc", (), tuple(statement(name, n) for n, name in enumerate(names, 1)))
    stream = io.StringIO()
    plan_view.show(Printer(stream), plan)
    rest = stream.getvalue()
    for found in plan.statements:
        before, there, rest = rest.partition(f"\n{found.sql};\n")
        assert there
        assert all(line.startswith("--") or not line for line in before.split("\n"))
    assert all(line.startswith("--") or not line for line in rest.split("\n"))


@given(st.text())
def test_on_a_terminal_nothing_moves_the_cursor(name: str) -> None:
    stream = Terminal()
    printer = Printer(stream)
    printer.colour = False
    plan = Plan("create-roles", name, (statement(name),), (statement(name),), (Finding("x", "note", name, name, name),))
    plan_view.show(printer, plan)
    show_question(printer, plan, "next", SPLIT.typed)
    status_view.show(printer, a_status(name, GATE))
    printer.heading(name)
    printer.code(name)
    assert all(char.isprintable() or char in "\n\t" for char in stream.getvalue())


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1), min_size=1, max_size=5, unique=True))
def test_what_to_do_can_be_copied_wherever_it_is_printed(names: list[str]) -> None:
    """Each statement is a line of its own in doctor, in a plan and on the runbook's page, and stands there once."""
    given = tuple(f"{statement(name).sql};" for name in names)
    found = Finding("x", "note", "title", "why", "\n".join(("Run:", *given)), given, sql=given)
    doctor, plan = io.StringIO(), io.StringIO()
    show_findings(Printer(doctor), (found,))
    plan_view.show(Printer(plan), Plan("create-roles", "digest", (), (), (found,)))
    assert [line.strip() for line in doctor.getvalue().splitlines() if "ALTER" in line] == [*given]
    assert [line.removeprefix("--").strip() for line in plan.getvalue().splitlines() if "ALTER" in line] == [*given]
    page = render_findings((found,), {}).splitlines()
    assert [line.strip() for line in page if line.strip().startswith("ALTER")] == [*given]


def test_escapes() -> None:
    assert visible("a\x1b[1m\u202e\n") == "a\\x1b[1m\\u202e\\n"
    assert visible("größe €") == "größe €"
    assert visible("\ud800") == "\\ud800"
    assert one_line("a\n  b") == "a b"


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    stream = Terminal()
    Printer(stream).say("x", "red")
    assert ("\x1b" in stream.getvalue()) is coloured
    piped = io.StringIO()
    Printer(piped).say("x", "red")
    assert piped.getvalue() == "x\n"


def test_tables_in_a_pipe_are_one_line_per_row() -> None:
    stream = io.StringIO()
    Printer(stream).table("", ("role", "objects"), [("app_user", 3), ("a\nb", "x" * 300)])
    assert stream.getvalue() == f"role      objects\napp_user  3\na\\nb      {'x' * 300}\n"


def test_a_table_on_a_terminal_wraps_and_keeps_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Printer(stream).table("Title", ("role", "what"), [("[bold]x[/]", ":smile: " + "y" * 100)])
    text = stream.getvalue()
    assert text.count("y") == 100
    assert "[bold]x[/]" in text
    assert ":smile:" in text


def test_a_question_counts_first_and_shows_a_few_of_many() -> None:
    stream = io.StringIO()
    plan = Plan("transfer-ownership", "abc", (), tuple(statement(f"t{n}", n) for n in range(1000)))
    question = show_question(Printer(stream), plan, "next", WalkName("rotate", "a b").typed)
    assert question == "Run these 1,000 statements?"
    lines = stream.getvalue().splitlines()
    assert lines[1] == "Next step: transfer-ownership"
    assert lines[2] == "   1,000 × ALTER TABLE  (lock: ACCESS EXCLUSIVE)"
    assert lines[3].strip() == 'ALTER TABLE "t0" OWNER TO app_migrator;'
    assert lines[6].strip() == "… and 997 more"
    assert lines[7].strip() == "all of it, with undo: flatsplit plan --walk 'rotate:a b'; digest abc"
    assert len(lines) == 8


def test_verbs() -> None:
    assert verb('ALTER TABLE "x" OWNER TO y') == "ALTER TABLE"
    assert verb('GRANT SELECT, INSERT ON TABLE "a ON SCHEMA b" TO y') == "GRANT … ON TABLE"
    assert verb('REVOKE USAGE ON FOREIGN DATA WRAPPER "x" FROM y') == "REVOKE … ON FOREIGN DATA WRAPPER"
    assert verb('GRANT "a ON TABLE b" TO "c"') == "GRANT"
    assert verb('GRANT SELECT ("a )""b", "c") ON TABLE "x" TO y') == "GRANT … (columns) ON TABLE"
    assert verb('REVOKE GRANT OPTION FOR UPDATE ("a"), SELECT ("b") ON TABLE t FROM y') == "REVOKE … (columns) ON TABLE"
    assert verb('ALTER DEFAULT PRIVILEGES FOR ROLE "x" GRANT') == "ALTER DEFAULT PRIVILEGES FOR"
    assert verb("do $$ $$") == "statement"
    lock = 'LOCK TABLE ONLY "a; MODE; GRANT", ONLY "b""c" IN ACCESS SHARE MODE; '
    assert verb(lock + 'GRANT SELECT ON TABLE "a" TO "b"') == "GRANT … ON TABLE"
    block = "DO $flatsplit$\nBEGIN\n  EXECUTE 'COMMENT';\nEND\n$flatsplit$; "
    assert verb(lock + block + 'REVOKE SELECT ON TABLE "a" FROM "b"') == "REVOKE … ON TABLE"
    assert verb(lock.strip()) == "LOCK TABLE ONLY"


def test_a_long_block_does_not_hide_the_other_statements() -> None:
    """REASSIGN OWNED is one line between sixty that keep other databases' owners; plan and --json have them."""
    moves = ddl.reassign_owned("old", "new", ())
    assert len(moves.splitlines()) > 50
    assert len(folded(moves).splitlines()) == 1
    assert ' REASSIGN OWNED BY "old" TO "new"; ' in folded(moves)
    stream = io.StringIO()
    summarise(Printer(stream), [Statement("it moves", moves, "", "")])
    assert len(stream.getvalue().splitlines()) == 2
    short = "DO $flatsplit$\nBEGIN\n  EXECUTE 'COMMENT';\nEND\n$flatsplit$; GRANT x TO y"
    assert folded(short) == short


def test_status_names_the_next_thing_to_type() -> None:
    stream = io.StringIO()
    status_view.show(Printer(stream), a_status("shop", GATE))
    text = stream.getvalue()
    assert "1 of 2 steps done" in text
    assert "blocked by drained: shop was seen 5m ago" in text
    assert "fix: move its sessions" in text
    assert 'flatsplit next --waive drained --reason "…"' in text
    assert "`flatsplit repair`" in text


@pytest.mark.parametrize(
    ("passed", "text"),
    [(0, "0s ago"), (59, "59s ago"), (60, "1m ago"), (3661, "1h 1m ago"), (90000, "1d 1h ago"), (-5, "0s ago")],
)
def test_ago(passed: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=passed), NOW) == text
    assert ago(None) == ""

"""What is said while statements run."""

from __future__ import annotations

import io

import pytest

from flatsplit.cli.output import Output, Printer
from flatsplit.cli.progress import Asking, Narration
from flatsplit.model import GateResult, Plan
from flatsplit.server.locks import Holder
from tests.cli.test_showing import Terminal, statement

HOLDER = Holder(42, "report\x1bing", "psql", "10.0.0.1", "idle in transaction", "1m 12s", "SELECT\n1" + "x" * 200)


def narration(stream: io.StringIO) -> Narration:
    output = Output()
    output.err = Printer(stream)
    return Narration(output)


def a_walk(told: Narration) -> None:
    with told:
        told.gate(GateResult("no-blockers", open=True, reason="none found"))
        told.gate(GateResult("seen", open=False, reason="app_user was not seen"))
        told.gate(GateResult("drained", open=False, reason="shop was seen", waived="I know why"))
        told.step_started("transfer-ownership", "Move everything", 3)
        told.batch_done("move table 1", 2, 3)
        for waited in (0.2, 5.0, 70.0):
            told.waiting_for("move table 3", (HOLDER,), waited, 600.0)
        told.note("table 9 is gone")
        told.batch_done("move table 3", 3, 3)
        told.step_finished("transfer-ownership", "done")


def test_one_line_per_batch_without_a_terminal() -> None:
    stream = io.StringIO()
    a_walk(narration(stream))
    query = "SELECT 1" + "x" * 91 + "…"
    holder = f"    held by pid 42, report\\x1bing (psql) from 10.0.0.1, idle in transaction for 1m 12s: {query}"
    assert stream.getvalue().splitlines() == [
        "  gate no-blockers: open, none found",
        "  gate drained: waived (I know why), although shop was seen",
        "[4/9] transfer-ownership: Move everything (3 statements)",
        "  2/3 move table 1",
        "  waiting for a lock (0s of 10m 00s): move table 3",
        holder,
        "  waiting for a lock (1m 10s of 10m 00s): move table 3",
        holder,
        "  table 9 is gone",
        "  3/3 move table 3",
        "  transfer-ownership: done",
    ]


def test_a_bar_on_a_terminal_that_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    a_walk(narration(stream))
    text = stream.getvalue()
    assert "3/3" in text
    assert "held by pid 42, report\\x1bing" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor comes back
    assert text.rstrip("\x1b[0m\n").endswith("transfer-ownership: done")


@pytest.mark.parametrize("answer", [True, False])
def test_asking_shows_the_plan_first(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    stream = io.StringIO()
    told = narration(stream)
    shown = []

    def ask(question: str) -> bool:
        shown.append((question, stream.getvalue()))
        return answer

    monkeypatch.setattr(told.output, "ask", ask)
    asking = Asking(told, yes=False)
    plan = Plan("transfer-ownership", "abc", (), (statement("t"),))
    assert asking(plan, "next") is answer
    assert asking.refused is not answer
    ((question, before),) = shown
    assert question == "Run this 1 statement?"
    assert 'ALTER TABLE "t" OWNER TO app_migrator;' in before


def test_yes_is_the_answer_beforehand() -> None:
    stream = io.StringIO()
    asking = Asking(narration(stream), yes=True)
    assert asking(Plan("verify", "abc", (), ()), "next") is True
    assert stream.getvalue() == ""

"""EXECUTE in PL/pgSQL: the statement that is judged, as far as its text can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from flatsplit.rehearsal.grammar import HOLE, Parsed
from flatsplit.rehearsal.plpgsql_execute import Known, problems
from flatsplit.rehearsal.set_role import of
from flatsplit.rehearsal.values import Heard, Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging

DROP = Problem("migrator", f"DROP TABLE is for the owner of s.{HOLE}", f"s.{HOLE}")
ANY = Problem("denied", f"no USAGE on {HOLE}.t", f"{HOLE}.t")


class Listening:
    """Hears the statements, and has the same problems with each of them."""

    def __init__(self, *found: Problem) -> None:
        self.found = found
        self.heard: list[str] = []

    def statement(self, parsed: Parsed, path: tuple[str, ...] | None = None) -> list[Problem]:
        self.heard.append(parsed.text.strip())
        return list(self.found)


def judged(expression: str, *found: Problem, known: Known | None = None) -> tuple[list[str], list[Problem]]:
    judge = Listening(*found)
    said = problems(cast("Judging", judge), expression, None, known or Known({}, {}))
    return judge.heard, said


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("'drop table ' || quote_ident('a b')", 'drop table "a b"'),
        ("format('drop table %I.%I', 'S', 'a b')", 'drop table "S"."a b"'),
        ("format('drop table %I', t)", f'drop table "{HOLE}"'),
        ("format('drop table %I', 'p_' || t)", f'drop table "{HOLE}"'),
        ("format('insert into t values (%L)', 'x')", "insert into t values (NULL)"),
        ("format('select %2$s, %1$s', 'a', 'b')", "select b, a"),
        ("format('select %s, %s', 'a', 'b')", "select a, b"),
        ("format('select 100 %% 3')", "select 100 % 3"),
        ("v::text", "drop table t"),
        ("p", "truncate t"),
    ],
)
def test_names_that_are_fixed_are_told(expression: str, statement: str) -> None:
    known = Known({"v": "'drop table ' || w", "w": "'t'", "loop": "loop || 'x'"}, {"p": "truncate t"})
    assert judged(expression, known=known)[0] == [statement]


@pytest.mark.parametrize("expression", ["t", "t || ' from x'", "lower('DROP TABLE t')", "loop", "twice", "'no SQL'"])
def test_a_text_that_cannot_be_told_is_unknown(expression: str) -> None:
    heard, said = judged(expression, known=Known({"loop": "loop || 'x'", "twice": None}, {}))
    assert heard == []
    assert [each.outcome for each in said] == ["unknown"]


def test_in_the_middle_of_a_statement_nothing_is_the_migration_tools_work() -> None:
    work = Problem("migrator", "DROP TABLE is for the owner of s.t", "s.t")
    assert judged("'drop table s.t'", work)[1] == [work._replace(outcome="denied")]


def test_what_holds_for_any_name_is_said_without_it() -> None:
    """The role owns nothing in that schema; whether it may use a schema that is not known cannot be told."""
    (said,) = judged("format('drop table s.%I', t)", DROP)[1]
    assert (said.outcome, said.object, said.reason) == ("denied", "", "DROP TABLE is for the owner of s.…")
    (said,) = judged("format('drop table %I.t', t)", ANY)[1]
    assert said.outcome == "unknown"


def test_statements_of_roles_that_act_as_legacy_are_counted_together() -> None:
    heard = [
        Heard("a", 1, top=False),
        Heard("a", 2, top=True, role="acts"),
        Heard("a", 4, role="became"),
        Heard("b", 9),
    ]
    assert of(heard, ["acts"]) == [Heard("b", 9), Heard("a", 4, role="became"), Heard("a", 3, top=True)]

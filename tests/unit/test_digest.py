"""The digest by which a plan is approved: it changes with what the plan would do and where, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flatsplit.model import Change, Target, WalkName
from flatsplit.planning.difference import Difference, difference, only_new
from flatsplit.planning.digest import digest
from tests.support.tracked import TARGET, statement

GRANTED = Change("+", "privilege", "table public.a", "app_user=r/owner")
TAKEN = Change("-", "privilege", "table public.b", "app_user=r/owner")
GIVEN = Change("+", "owner", "table public.a", "app_migrator")


def of(
    *changes: Change,
    target: Target = TARGET,
    legacy: str = "legacy",
    oid: int = 16384,
    step: str = "grant-existing",
    walk: WalkName | None = None,
) -> str:
    statements = [statement(f"SELECT {number}", change) for number, change in enumerate(changes or (GRANTED, TAKEN))]
    return digest(target, legacy, oid, step, statements, *([walk] if walk else []))


OTHERS: dict[str, Callable[[], str]] = {
    "another cluster": lambda: of(target=replace(TARGET, system_identifier="8")),
    "another database": lambda: of(target=replace(TARGET, database_oid=6)),
    "a renamed database": lambda: of(target=replace(TARGET, database="crm")),
    "another role": lambda: of(legacy="flat"),
    "a new role of that name": lambda: of(oid=16385),
    "another step": lambda: of(step="default-privileges"),
    "another walk": lambda: of(walk=WalkName("group", "app_user")),
    "a walk of another role": lambda: of(walk=WalkName("group", "app_migrator")),
    "less": lambda: of(GRANTED),
    "more": lambda: of(GRANTED, TAKEN, GIVEN),
    "taken instead of granted": lambda: of(GRANTED._replace(side="-"), TAKEN),
    "another right": lambda: of(GRANTED._replace(detail="app_user=rw/owner"), TAKEN),
    "another kind of fact": lambda: of(GRANTED._replace(fact="column_privilege"), TAKEN),
    "another object": lambda: of(GRANTED._replace(subject="table public.c"), TAKEN),
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_would_be_done_otherwise_is_another_plan(other: str) -> None:
    assert OTHERS[other]() != of()


def test_no_two_of_them_are_the_same() -> None:
    assert len({make() for make in OTHERS.values()}) == len(OTHERS)


def test_how_the_statements_are_cut_and_which_server_version_runs_them_is_no_matter() -> None:
    together = [statement("SELECT 3", TAKEN, GRANTED)]
    assert digest(TARGET, "legacy", 16384, "grant-existing", together) == of() == of(TAKEN, GRANTED)
    assert of(target=replace(TARGET, operator="other", version=170000, operator_superuser=False)) == of()


def test_what_a_rule_allows_is_about_new_objects_alone() -> None:
    new = frozenset({"table public.a"})
    assert only_new([GRANTED, GIVEN], new)
    assert not only_new([GRANTED, TAKEN], new)
    assert not only_new([GRANTED._replace(fact="policy")], new), "no right and no owner"
    assert difference([GRANTED, TAKEN], [GRANTED, GIVEN]) == Difference(frozenset({GIVEN}), frozenset({TAKEN}))

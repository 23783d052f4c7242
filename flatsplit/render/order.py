"""By what a script sees that it is not its turn: one fact that another step changes, asked of the catalog. Pure.

Not every step has such a fact that can be asked in one line. What is asked is always the state that speaks against the
script, so that what has vanished since, or was never there, stops nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from flatsplit import privileges
from flatsplit.ddl import literal
from flatsplit.model import RELATIONS, Change, Statement, alike
from flatsplit.render.facts import StepFacts


class Sign(NamedTuple):
    """Conditions in SQL."""

    before: str
    """True as long as the step has not run."""
    after: str
    """True once it has."""


class Turn(NamedTuple):
    """What has to be settled before a script may run."""

    step: str
    file: str
    """The script that settles it."""
    against: str
    """True where it is not."""


def turns(steps: Sequence[StepFacts], stems: Sequence[str]) -> list[tuple[Turn | None, Turn | None]]:
    """For each step the nearest one before it that can be seen not to have run, and the nearest one after it that can
    be seen to have run.
    """
    signs = list(map(sign, steps))

    def before(place: int) -> Turn | None:
        for at in range(place - 1, -1, -1):
            if (found := signs[at]) is not None:
                return Turn(steps[at].key, f"{stems[at]}.sql", found.before)
        return None

    def after(place: int) -> Turn | None:
        for at in range(place + 1, len(steps)):
            if (found := signs[at]) is not None:
                return Turn(steps[at].key, f"{stems[at]}.rollback.sql", found.after)
        return None

    return [(before(place), after(place)) for place in range(len(steps))]


_LOOKED_AT = 100
"""Statements of a step that are looked at: the first, and the last ones of its rollback, which are about the same. With
thousands of objects they would all have to be rendered for the sake of one.
"""


def sign(step: StepFacts) -> Sign | None:
    """A fact that the step changes and that its rollback changes back; None where there is none to ask for. Privileges
    come last: a hand can change one of them without having run the step.
    """
    for kind in (_of, _granted):
        there, again = _facts(kind, step.plan.statements[:_LOOKED_AT]), _facts(kind, step.rollback[-_LOOKED_AT:])
        turned = [(was, now) for now, was in again]
        if step.plan.statements:  # it has not run
            turned = [fact for fact in there if fact in turned or not step.rollback]
        if turned:
            return _strict(*turned[0])
    return None


def _strict(before: str, after: str) -> Sign:
    """A role that is not there cannot log in either."""
    return Sign(f"NOT {after}" if after.endswith(_MAY) else before, after)


_Facts = Iterator[tuple[str, str]]
"""(before, after) in SQL for what can be asked for."""


def _facts(kind: Callable[[Statement], _Facts], statements: Iterable[Statement]) -> list[tuple[str, str]]:
    """The cheapest first."""
    return sorted({fact for one in statements for fact in kind(one)}, key=lambda fact: (len(fact[0]), fact))


def _of(statement: Statement) -> _Facts:
    changes = list(statement.changes) if len(statement.changes) <= _FEW else []
    for role in (change for change in changes if change.fact == "role"):
        there = f"EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role.subject)})"
        yield (f"NOT {there}", there) if role.side == "+" else (there, f"NOT {there}")
    for gone, come in pairwise(changes):
        if (gone.side, come.side, gone.fact) == ("-", "+", come.fact) and gone.subject == come.subject:
            if gone.fact == "attribute" and (gone.detail, come.detail) in _LOGIN:
                yield _login(gone.subject, gone), _login(come.subject, come)
            elif gone.fact == "owner" and len(statement.objects) == 1 and statement.objects[0].kind in RELATIONS:
                ref = statement.objects[0]
                yield _owned(ref.schema, ref.name, gone.detail), _owned(ref.schema, ref.name, come.detail)


def _granted(statement: Statement) -> _Facts:
    """One privilege on a relation. Where that is gone nothing speaks against a script; a role that is gone has none."""
    changes = list(alike(statement.changes))
    if len(changes) != 1 or changes[0].fact != "privilege" or not statement.objects:
        return
    item = _ITEM.fullmatch(changes[0].detail)
    for ref in {statement.objects[0], statement.objects[-1]}:
        if item is None or ref.kind not in RELATIONS:
            continue
        there = (
            "EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = {literal(ref.schema)} AND c.relname = {literal(ref.name)} AND "
        )
        granted = (
            "EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) AS a "
            "JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee "
            f"WHERE r.rolname = {literal(item['grantee'])} "
            f"AND a.privilege_type = {literal(privileges.names(item['letter']))})"
        )
        has, lacks = f"{there}{granted})", f"{there}NOT {granted})"
        yield (lacks, has) if changes[0].side == "+" else (has, lacks)


_ITEM = re.compile(r"(?P<grantee>[^=/]+)=(?P<letter>[a-zA-Z])[a-zA-Z]*/[^=/]+")
"""An aclitem, but for names in which it could end elsewhere, and but for one that is only about the grant option."""
_MAY = "AND rolcanlogin)"
_FEW = 8
"""Changes of a statement that is looked at; one about thousands of objects is none that names a single fact."""
_LOGIN = {("login=False", "login=True"), ("login=True", "login=False")}


def _login(role: str, change: Change) -> str:
    may = _MAY if change.detail == "login=True" else "AND NOT rolcanlogin)"
    return f"EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role)} {may}"


def _owned(schema: str, name: str, owner: str) -> str:
    return (
        "EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        f"WHERE n.nspname = {literal(schema)} AND c.relname = {literal(name)} "
        f"AND pg_catalog.pg_get_userbyid(c.relowner) = {literal(owner)})"
    )

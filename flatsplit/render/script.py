"""Statements as a script for psql."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from flatsplit.config import Retire, RoleNames
from flatsplit.connection import pins
from flatsplit.ddl import join_role, leave_role, rejoin_role, verifier_variable
from flatsplit.model import Statement, Target
from flatsplit.planning.batches import OBJECT_BATCH, holds
from flatsplit.render.engine import environment, of_step
from flatsplit.render.order import Turn
from flatsplit.render.summary import blocks_readers

BATCH = 100
"""Statements in one transaction, to have few commits. The locks it holds are limited as in flatsplit's own
transactions.
"""

_HELD_SHARE = 20
"""The part of the lock budget for which a transaction may wait for a lock while it holds others."""

_PSQL_NAME = re.compile(r"[A-Za-z0-9_]+")

Direction = Literal["forward", "rollback"]


@dataclass(frozen=True, slots=True)
class Header:
    """What a script says about itself and checks when it runs."""

    target: Target
    generated_by: str
    lock_timeout: timedelta
    legacy_role: str
    roles: RoleNames = field(default_factory=RoleNames)
    retire: Retire = "revoke"
    kind: str = "split"
    """The kind of walk."""
    title: str = ""
    purpose: str = ""
    digest: str = ""
    file: str = ""
    """The name of the step's forward script without ``.sql``; the key of the step where the script stands alone."""
    point_of_no_return: bool = False
    overrides: Path | None = None
    """A folder of templates that replace flatsplit's."""
    forward: Turn | None = None
    """What has to have run before the step."""
    back: Turn | None = None
    """What has to have been taken back before the rollback."""

    @property
    def held_timeout(self) -> timedelta:
        """How long to wait for a lock while holding others, behind which the application waits."""
        return min(self.lock_timeout, max(self.lock_timeout / _HELD_SHARE, timedelta(milliseconds=5)))


@dataclass(frozen=True, slots=True)
class Join:
    """A membership of the operator's for one transaction, where it has none."""

    number: int
    role: str
    join: str
    again: str
    """Restores the options of a membership that the operator had given itself, in psql variables (16+)."""
    leave: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction of a script."""

    number: int
    heading: str
    statements: Sequence[Statement]
    target: Target | None = None
    """Set where the operator is no superuser and has to act as other roles."""

    @property
    def joins(self) -> list[Join]:
        """The roles as which the operator has to act."""
        if self.target is None:
            return []
        roles = sorted({role for statement in self.statements for role in statement.acts if role})
        version = self.target.version
        return [
            Join(
                number,
                role,
                join_role(role, version),
                rejoin_role(role, f":flatsplit_inherit_{number}", f":flatsplit_set_{number}"),
                leave_role(role, version),
            )
            for number, role in enumerate(roles, start=1)
        ]

    @property
    def holds(self) -> bool:
        """Whether it waits for locks while holding others that keep readers out."""
        return len(self.statements) > 1 and any(map(blocks_readers, self.statements))


def batches(
    parts: Sequence[tuple[str, Sequence[Statement]]], size: int = BATCH, target: Target | None = None
) -> list[Batch]:
    """Transactions of up to ``size`` statements and as many objects as may be locked; statements that stand alone by
    themselves.

    With ``target``, for an operator that is no superuser, none drops a role that it has to leave at its end.
    """
    if target is not None and target.operator_superuser:
        target = None

    def lone(statement: Statement) -> bool:
        drops = target is not None and any(each.fact == "role" and each.side == "-" for each in statement.changes)
        return statement.alone or drops

    found: list[Batch] = []
    for heading, statements in parts:
        start, first = 0, heading
        while start < len(statements):
            end, held = start + 1, holds(statements[start])
            while end < len(statements) and end - start < size and not lone(statements[start]):
                held += holds(statements[end])
                if held > OBJECT_BATCH or lone(statements[end]):
                    break
                end += 1
            found.append(Batch(len(found) + 1, first, statements[start:end], target))
            start, first = end, ""
    return found


def verifiers(statements: Sequence[Statement]) -> list[tuple[str, str]]:
    """(role, psql variable) for every password verifier that the statements need, sorted."""
    roles = sorted({role for statement in statements for role in statement.secrets})
    found = [(role, verifier_variable(role)) for role in roles]
    for role, variable in found:
        if not _PSQL_NAME.fullmatch(variable):
            raise ValueError(f"{variable!r} for role {role!r} is no name for a psql variable")
    return found


def stream_sql(
    step: str,
    statements: Sequence[Statement],
    *,
    header: Header,
    catch_up: Sequence[Statement] = (),
    direction: Direction = "forward",
) -> Iterator[str]:
    """The script in pieces, so that a long one is never in memory as a whole."""
    parts = [("", statements)]
    if catch_up:
        parts = [
            ("Catch-up: what earlier steps want for objects that appeared since", catch_up),
            ("The step itself", statements),
        ]
    name, suffix = ("rollback.sql.j2", ".rollback.sql") if direction == "rollback" else ("step.sql.j2", ".sql")
    template = environment(header.overrides).get_template(name)
    stream = template.stream(
        step=step,
        own=of_step(header.kind, step, "sql", header.overrides),
        header=header,
        turn=header.back if direction == "rollback" else header.forward,
        direction=direction,
        file=f"{header.file or step}{suffix}",
        count=len(catch_up) + len(statements),
        batches=batches(parts, target=header.target),
        pins=pins.of_statements(header.target.version),
        verifiers=verifiers([*catch_up, *statements]),
    )
    stream.enable_buffering(500)
    return iter(stream)

"""Statements as a script for plain psql."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from flatsplit.config import Retire, RoleNames
from flatsplit.ddl import join_role, leave_role, rejoin_role, verifier_variable
from flatsplit.model import Statement, Target
from flatsplit.planning.batches import OBJECT_BATCH, holds
from flatsplit.render.engine import environment, of_step
from flatsplit.render.summary import blocks_readers

BATCH = 100
"""Statements in one transaction: a hundredth of the commits. What they hold is bounded as in what flatsplit runs."""

_HELD_SHARE = 20
"""Part of the lock budget that a transaction may wait for one more lock while it holds others."""

_PSQL_NAME = re.compile(r"[A-Za-z0-9_]+")

Direction = Literal["forward", "rollback"]


@dataclass(frozen=True, slots=True)
class Header:
    """What a script says about itself, and what it is bound to."""

    target: Target
    generated_by: str
    lock_timeout: timedelta
    legacy_role: str
    roles: RoleNames = field(default_factory=RoleNames)
    retire: Retire = "revoke"
    kind: str = "split"
    """Of walk."""
    title: str = ""
    purpose: str = ""
    digest: str = ""
    file: str = ""
    """Name of the step's forward script without ``.sql``; the step's key where it stands alone."""
    point_of_no_return: bool = False
    overrides: Path | None = None
    """Folder of templates that stand in for ours."""

    @property
    def held_timeout(self) -> timedelta:
        """How long to wait for a lock while holding others: the application waits behind those."""
        return min(self.lock_timeout, max(self.lock_timeout / _HELD_SHARE, timedelta(milliseconds=5)))


@dataclass(frozen=True, slots=True)
class Join:
    """A membership of the operator's for one transaction, where it has not got it anyway."""

    number: int
    role: str
    join: str
    again: str
    """With the options of a membership that the operator had given itself, in psql variables (16+)."""
    leave: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction of a script."""

    number: int
    heading: str
    statements: Sequence[Statement]
    target: Target | None = None
    """Where an operator without a superuser's rights has to act as others; None for a superuser."""

    @property
    def joins(self) -> list[Join]:
        """Whom the operator has to act as."""
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
    """Transactions of up to ``size`` statements and as many objects as may be held, lone statements by themselves.

    With ``target``, where the operator is no superuser, none that drops a role it has to leave at the end.
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
    """(role, psql variable) of every password verifier that the statements need, sorted."""
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
        file=f"{header.file or step}{suffix}",
        count=len(catch_up) + len(statements),
        batches=batches(parts, target=header.target),
        verifiers=verifiers([*catch_up, *statements]),
    )
    stream.enable_buffering(500)
    return iter(stream)


def render_sql(
    step: str,
    statements: Sequence[Statement],
    *,
    header: Header,
    catch_up: Sequence[Statement] = (),
    direction: Direction = "forward",
) -> str:
    """A psql script of these statements: bound to its database, in short transactions, the same every time."""
    return "".join(stream_sql(step, statements, header=header, catch_up=catch_up, direction=direction))

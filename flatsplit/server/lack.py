"""What the operator may not do, as :mod:`flatsplit.server.dry_run` finds it."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit.model import Statement
from flatsplit.rights.receiving import Needed


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the operator may not do."""

    step: str
    statement: Statement
    """The statement that would fail; for a role that cannot be acted as, the first of them."""
    reason: str
    """What the server said."""
    role: str = ""
    """The role that the operator cannot act as; "" where the statement itself is refused."""
    count: int = 1
    """Statements that would fail for want of this role."""
    back: bool = False
    """Whether only the undo of the statement fails."""
    right: str = ""
    """The right that is missing in the database, for example ``CREATE``."""
    needed: Needed | None = None
    """What the new owner of an object lacks and somebody else has to grant."""
    statements: tuple[Statement, ...] = ()
    """The first of the statements that would fail."""
    wrong: bool = False
    """Whether nobody could run it, because it is wrong."""
    follows: bool = False
    """Whether it could not be tried, since a role that it names could not be created before."""

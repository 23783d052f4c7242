"""The sessions of a role that logs in no more. Pure.

NOLOGIN stops new sessions only (manual, "Role Attributes"); those that are open go on until somebody ends them. That
has no undo: whoever is let in again connects again.
"""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import Statement


def last_sessions(role: str, description: str = "", *, everywhere: bool = False) -> tuple[Statement, ...]:
    """What a step adds to end them: those in this database, or ``everywhere`` in the cluster."""
    return (
        Statement(
            description=description or f"end the last sessions of {role} in this database",
            sql=ddl.terminate_sessions(role, everywhere=everywhere),
            undo="",
            lock="",
            alone=True,
            acts=(role,),
        ),
    )

"""The last sessions of a role that may not log in any more. Pure.

NOLOGIN stops new sessions only (manual, "Role Attributes"); open ones go on until they are ended. That has no undo:
after a rollback their owners connect again.
"""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import Statement


def last_sessions(role: str, description: str = "", *, everywhere: bool = False) -> tuple[Statement, ...]:
    """Statements that end the sessions of a role in this database, or ``everywhere`` in the cluster."""
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

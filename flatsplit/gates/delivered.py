"""delivered: the new password logs in and acts as the role, so that applications can have it."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.connection import connect_as
from flatsplit.errors import FlatsplitError
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.rotate.context import Context

EVENT = "proved"
"""The kind of event: a role has logged in with its new password."""


def judge(asked: Asked[Context]) -> GateResult:
    """Tried where the password is at hand; otherwise open where the journal has a successful trial."""
    context = asked.context
    coming, wanted = context.coming, context.role if context.as_group else context.coming
    password = asked.passwords.get(coming)
    if password is None:
        since = asked.before.started_at
        told = [event for event in asked.journal.events(EVENT, asked.step) if since is None or event.at >= since]
        if told:
            return GateResult("delivered", True, told[-1].message)
        return GateResult(
            "delivered",
            False,
            f"nobody has tried the new password of {coming} yet",
            f"{asked.typed('next')} tries it, with the store of [rotation] or with --password-file FILE",
        )
    try:
        with connect_as(asked.session, coming, password) as conn:
            row = conn.execute("SELECT current_user::text, pg_has_role(%s::name, 'USAGE')", [context.role]).fetchone()
            asks = conn.pgconn.used_password
    except FlatsplitError as error:
        return GateResult("delivered", False, f"{coming} cannot log in with its new password: {error.what}", error.fix)
    acts_as, usable = row or ("", False)
    if acts_as != wanted or not usable:
        return GateResult(
            "delivered",
            False,
            f"{coming} logs in and acts as {acts_as}, not with the rights of {context.role}",
            ddl.set_setting(coming, asked.state.target.database, "role", context.role)
            if context.as_group
            else f"GRANT {ddl.ident(context.role)} TO {ddl.ident(coming)};",
        )
    if not asks:
        return GateResult(
            "delivered",
            True,
            f"{coming} was let in from here without being asked for a password",
            "try the password from where the clients are: pg_hba.conf trusts whoever connects from here",
            notice=True,
        )
    acts = f"acts as {wanted}" if context.as_group else f"has the rights of {context.role}"
    return GateResult("delivered", True, f"{coming} logged in with its new password and {acts}")


GATE = Gate(
    "delivered",
    judge,
    "the password that applications are about to get has been tried: it logs in and acts as the role",
)

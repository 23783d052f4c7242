"""What speaks against rotating a role's password now, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Collection

from flatsplit import blueprint, ddl
from flatsplit.errors import UsageError
from flatsplit.walks import rotate
from flatsplit.walks.kind import Moment

Objection = tuple[str, str]
"""What is wrong, and what to do."""

LEAKED, INPLACE = "leaked", "in-place"
"""How ``begin`` may be told to go about it."""


def picks(moment: Moment, options: Collection[str]) -> tuple[str, ...]:
    """The steps of a walk that begins now. Raises UsageError for ways that exclude each other, or are not to be had."""
    role = moment.subject
    if LEAKED in options and INPLACE in options:
        raise UsageError(
            "--leaked and --in-place exclude each other",
            "in place the former password is dead at once anyway: give --in-place",
        )
    if INPLACE not in options and role != blueprint.owner(moment.config):
        raise UsageError(
            f"whoever connects as {role} with the former password is refused once it is changed in place",
            f"say that this is meant: flatsplit begin rotate {ddl.ident(role)} --in-place",
        )
    return rotate.IN_PLACE


def refuses(moment: Moment) -> Objection | None:
    """The first objection to the walk; before it begins."""
    config, role = moment.config, moment.subject
    if role not in moment.live.roles:
        named = str(getattr(config.roles, role, "")) if role in config.roles.__slots__ else ""
        fix = f"flatsplit begin rotate {ddl.ident(named)}" if named else r"psql's \du lists the roles of the cluster"
        return f"there is no role {role!r}", fix
    facts = moment.live.roles[role]
    if facts.expired:
        options = "VALID UNTIL 'infinity'"
        return f"{role} may not log in since {facts.valid_until} (VALID UNTIL)", ddl.alter_role(role, options)
    if role == config.legacy_role:
        return f"{role} is the role that is to be replaced", "retire it instead: flatsplit next"
    if config.auth == "external":
        return (
            f'[roles] auth = "external": nobody logs in as {role} with a password of the server\'s',
            "rotate it where it is kept",
        )
    if not facts.login:
        return f"{role} does not log in, so it has no password to rotate", "name one that does: \\du in psql"
    if moment.live.target.operator_superuser and not facts.password:
        return f"{role} has no password", r"give it its first one with psql's \password"
    return None

"""What speaks against rotating a password now, with what to do about it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from flatsplit import blueprint, ddl
from flatsplit.config import Config
from flatsplit.errors import UsageError
from flatsplit.model import SPLIT
from flatsplit.walks import rotate
from flatsplit.walks.kind import Moment

Objection = tuple[str, str]
"""What is wrong, and what to do."""

LEAKED, INPLACE = "leaked", "in-place"
"""The options of ``begin`` for a rotation."""


def picks(moment: Moment, options: Collection[str]) -> tuple[str, ...]:
    """The steps of a walk that begins now. Raises UsageError for options that exclude each other or are not possible
    here.
    """
    config, role = moment.config, moment.subject
    if LEAKED in options and INPLACE in options:
        raise UsageError(
            "--leaked and --in-place exclude each other",
            "in place the former password is dead at once anyway: give --in-place",
        )
    if INPLACE in options or role not in moment.live.roles:
        return rotate.IN_PLACE
    if len(config.logins(role) or ()) == 2:
        return rotate.LEAKED if LEAKED in options else rotate.TWINS
    if _alone(config, role) and not options:
        return rotate.IN_PLACE
    raise UsageError(*_no_twins(moment))


def typed(config: Config, role: str) -> str:
    """The command that gives this role another password; for a login of a pair, that of its group."""
    group = _twins_of(config, role)
    way = "" if group or _alone(config, role) else " --in-place"
    return f"flatsplit begin rotate {shlex.quote(group or role)}{way}"


def _twins_of(config: Config, role: str) -> str:
    """The group of which this role is one of two logins; "" where there is none."""
    group = next((name for name in config.roles.new if role in (config.logins(name) or ())), "")
    return group if group and len(config.logins(group) or ()) == 2 else ""


def _alone(config: Config, role: str) -> bool:
    """Whether ``--in-place`` is the default: the migration tool has few clients and one login."""
    return role == blueprint.owner(config) and config.logins(role) is None


def _no_twins(moment: Moment) -> Objection:
    config, role = moment.config, moment.subject
    in_place = f"flatsplit begin rotate {shlex.quote(role)} --in-place"
    if group := _twins_of(config, role):
        return f"{role} is one of the two logins of {group}", typed(config, role)
    purpose = config.roles.purpose(role)
    if not purpose or config.logins(role):
        what = f"{role} has no twin: whoever connects with the former password is refused once it is changed in place"
        if config.logins(role):
            what = f"[group.{purpose}] names {len(config.logins(role) or ())} logins of {role}; twins are two"
            in_place = "flatsplit begin rotate LOGIN --in-place, for each of them"
        return what, f"say that this is meant: {in_place}"
    make = f"flatsplit begin group {shlex.quote(role)}"
    fix = f'write [group.{purpose}] and under it logins = ["{purpose}_a", "{purpose}_b"], then {make}'
    return (
        f"{role} has no twins, between which its password could be rotated without an outage",
        f"{fix}; or change it under its clients: {in_place}",
    )


def refuses(moment: Moment) -> Objection | None:
    """The first objection to beginning the walk; None where there is none."""
    config, role = moment.config, moment.subject
    if role not in moment.live.roles:
        named = str(getattr(config.roles, role, "")) if role in config.roles.__slots__ else ""
        fix = f"flatsplit begin rotate {shlex.quote(named)}" if named else r"psql's \du lists the roles of the cluster"
        return f"there is no role {role!r}", fix
    if config.auth == "external":
        return (
            f'[roles] auth = "external": nobody logs in as {role} with a password of the server\'s',
            "rotate it where it is kept",
        )
    return _of_twins(moment) if rotate.PREPARE in moment.states else _in_place(moment)


def _in_place(moment: Moment) -> Objection | None:
    config, role = moment.config, moment.subject
    facts = moment.live.roles[role]
    if role == config.legacy_role:
        return f"{role} is the role that is to be replaced", f"retire it instead: {SPLIT.typed('next', several=True)}"
    if not facts.login:
        return f"{role} does not log in, so it has no password to rotate", "name one that does: \\du in psql"
    if facts.expired:
        options = "VALID UNTIL 'infinity'"
        return f"{role} may not log in since {facts.valid_until} (VALID UNTIL)", ddl.alter_role(role, options)
    if moment.live.target.operator_superuser and not facts.password:
        return f"{role} has no password", r"give it its first one with psql's \password"
    return None


def _of_twins(moment: Moment) -> Objection | None:
    config, role, live = moment.config, moment.subject, moment.live
    twins = config.logins(role) or ()
    group = f"flatsplit begin group {shlex.quote(role)}"
    if missing := [name for name in twins if name not in live.roles]:
        return f"there is no role {missing[0]!r}, the login of {role}", f"{group} makes the logins"
    if live.roles[role].login:
        return f"{role} still logs in itself, with a password of its own", f"{group} ends that"
    able = [name for name in twins if live.roles[name].login]
    if len(able) != 1:
        rests = twins[-1]
        which = "both may log in, so none of them rests" if able else "none of them may log in"
        fix = (
            f"close the one that nobody uses: {ddl.alter_role(rests, 'NOLOGIN PASSWORD NULL')}"
            if able
            else f"let one in, and give it a password: {ddl.alter_role(twins[0], 'LOGIN')}"
        )
        return f"{twins[0]} and {twins[1]}: {which}", fix
    (resting,) = {*twins} - {*able}
    if live.target.operator_superuser and live.roles[resting].password:
        return f"{resting} rests and has a password all the same", ddl.alter_role(resting, "PASSWORD NULL")
    return None

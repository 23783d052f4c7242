"""acts: a session of a group's login acts as the group, with its settings. Tried where a password is at hand.

Where the setting ``role`` cannot be applied, the login still succeeds, as itself: it then owns what it creates, and
nobody notices. Releases 15.9, 16.5 and 17.1 (13.17, 14.14) did not apply ``role`` at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flatsplit import ddl, membership
from flatsplit.connection import connect_as
from flatsplit.errors import FlatsplitError
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult, SettingKey, State
from flatsplit.walks.group.context import (
    Context,
    as_themselves,
    here_and_newer,
    ignores_role_setting,
    let_inherit,
)


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first thing that a session of a login would do differently from one of the group."""
    context, state = asked.context, asked.state
    for login in context.opened:
        for reason, fix in _by_catalog(state, context, login):
            return GateResult("acts", False, reason, fix)
    tried = [login for login in context.opened if login in asked.passwords]
    for login in tried:
        for reason, fix in _tried(asked, login):
            return GateResult("acts", False, reason, fix)
    if tried:
        return GateResult("acts", True, f"{' and '.join(tried)} logged in and {_acted(context)}")
    if context.group.as_group and ignores_role_setting(state.target.version):
        return GateResult("acts", False, *_ignored(context, state.target.version))
    return GateResult(
        "acts",
        True,
        f"by the catalog {' and '.join(context.opened)} {_acted(context)}; not tried: no password at hand",
        f"{asked.typed('next')} --password-file FILE tries it",
        notice=True,
    )


def _acted(context: Context) -> str:
    return f"acted as {context.role}" if context.group.as_group else f"had the rights of {context.role}"


def _by_catalog(state: State, context: Context, login: str) -> Iterator[tuple[str, str]]:
    """What is wrong by the catalog alone, each with a fix."""
    role, database = context.role, state.target.database
    if login not in state.roles or not state.roles[login].login:
        yield f"{login} may not log in", "flatsplit repair"
        return
    mine = [(key, options) for key, options in state.members.items() if key[:2] == (role, login)]
    if not any(membership.may_set(options) for _, options in mine):
        options = state.target.membership_options
        plain = f"GRANT {ddl.ident(role)} TO {ddl.ident(login)};"
        yield f"{login} may not become {role}", let_inherit(state, role, login) if options else plain
    elif not context.group.as_group and not any(membership.inherits(state, key, options) for key, options in mine):
        yield f"{login} has none of the rights of {role} without SET ROLE", let_inherit(state, role, login)
    starts = _starts_with(state, login)
    for name, value in sorted(context.settings(state).items()):
        if not ddl.same_setting(name, starts.get(name), value):
            now = f"with {name} = {starts[name]}" if name in starts else f"without {name}"
            yield f"{login} starts {now}, {role} with {value}", ddl.set_setting(login, database, name, value)


def _starts_with(state: State, login: str) -> Mapping[str, str]:
    keys = (SettingKey(login, ""), SettingKey(login, state.target.database))
    return {name: value for key in keys for name, value in state.settings.get(key, ())}


def _tried(asked: Asked[Context], login: str) -> Iterator[tuple[str, str]]:
    """What is wrong by a session of the login, each with a fix."""
    context, version = asked.context, asked.state.target.version
    wanted = context.role if context.group.as_group else login
    try:
        with connect_as(asked.session, login, asked.passwords[login]) as conn:
            asking = "SELECT current_user::text, pg_catalog.pg_has_role(%s::name, 'USAGE')"
            acts_as, usable = conn.execute(asking, [context.role]).fetchone() or ("", False)
    except FlatsplitError as error:
        yield f"{login} was tried: {error.what}", error.fix
        return
    if acts_as != wanted:
        if context.group.as_group and ignores_role_setting(version):
            yield _ignored(context, version)
        else:
            yield (
                f"{login} was tried and acts as {acts_as}, not as {wanted}",
                "look into the server's log for a WARNING at its login",
            )
    elif not usable:
        yield f"{login} was tried and has none of the rights of {context.role}", "flatsplit verify says what changed"


def _ignored(context: Context, version: int) -> tuple[str, str]:
    here, newer = here_and_newer(version)
    return (
        f"PostgreSQL {here} ignores a login's role setting: its sessions would not act as {context.role}",
        f"update the server to {newer} or later{as_themselves(context.group)}",
    )


GATE = Gate("acts", judge, "whoever logs in for the group acts as the group, with its settings")

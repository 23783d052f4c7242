"""The only role that can log in is the old one: which single command, run as that role, makes an operator.

The image of a container makes the application's role and no other. Which command helps depends on what that role may do
and, if it has CREATEROLE, on the server: up to 15 it may grant any role that is no superuser, even to itself; from 16
on that takes ADMIN OPTION, which no role has on itself (manual, "Role Membership").
"""

from __future__ import annotations

import shlex

import psycopg

from flatsplit import ddl
from flatsplit.errors import UsageError
from flatsplit.model import State

NAME = "flatsplit_operator"


def refuse_legacy(operator: str, login: str, legacy: str) -> None:
    """Raise UsageError where the operator is the role that is to be replaced: it would lock itself out half-way.

    ``login`` is the role that connected, ``operator`` the one that the session acts as.
    """
    if operator == legacy and login != legacy:
        raise UsageError(
            f"a setting makes every session of {login} act as {legacy}, the role that is to be replaced",
            f"add options='-c role=none' to the connection string, or reset role for {login} or the database",
        )
    if legacy in (operator, login):
        raise UsageError(
            f"you are connected as {legacy}, the role that is to be replaced",
            "connect as another role: a superuser, or one with CREATEROLE that may act as the application's role",
        )


def as_legacy(state: State, legacy: str, info: psycopg.ConnectionInfo) -> UsageError:
    """The error for an operator who is connected as the old role."""
    facts = state.roles[legacy]
    name = _free(state)
    operator = ddl.ident(name)
    what = f"you are connected as {legacy}, the role that is to be replaced"
    then = f"then run flatsplit with user={name}; in the end, after flatsplit forget, dba runs DROP ROLE {operator};"
    if facts.superuser:
        made = _psql(info, legacy, f"CREATE ROLE {operator} SUPERUSER LOGIN", rf"\password {operator}")
        return UsageError(what, f"make an operator: {made}; {then}")
    database = ddl.ident(state.target.database)
    statements = (
        f"CREATE ROLE {operator} LOGIN CREATEROLE CREATEDB",
        f"GRANT {ddl.ident(legacy)} TO {operator} WITH ADMIN OPTION",
        f"GRANT CREATE ON DATABASE {database} TO {operator}",
    )
    if facts.createrole and not state.target.membership_options:
        made = _psql(info, legacy, *statements, rf"\password {operator}")
        return UsageError(what, f"make an operator: {made}; {then} flatsplit doctor names what else it needs")
    return UsageError(
        what,
        f"{legacy} cannot make an operator; have a superuser run: {'; '.join(statements)}; "
        rf"and \password {operator} in psql; {then} flatsplit doctor names what else it needs",
    )


def _free(state: State) -> str:
    """A name that no role has yet."""
    names = (NAME, *(f"{NAME}_{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in state.roles)


def _psql(info: psycopg.ConnectionInfo, legacy: str, *commands: str) -> str:
    """A psql command for the shell that connects as now, without a password in it."""
    place = ["psql", "-h", info.host, "-p", str(info.port), "-U", legacy, "-d", info.dbname]
    return shlex.join([*(part for part in place if part), *(part for each in commands for part in ("-c", each))])

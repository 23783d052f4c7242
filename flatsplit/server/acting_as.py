"""Makes an operator that is no superuser a member of a role for the length of a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from flatsplit import ddl
from flatsplit.model import MemberOptions, State, versions
from flatsplit.server.asking import Row, ask

REFUSALS = (
    errors.InsufficientPrivilege,
    errors.FeatureNotSupported,
    errors.InvalidGrantOperation,
    errors.InvalidParameterValue,
    errors.ReservedName,
)
"""Errors that mean that the operator may not. Others (a lock, an existing name) say nothing about rights."""


@contextmanager
def acting(conn: psycopg.Connection[Any], roles: Collection[str]) -> Iterator[None]:
    """Inside the open transaction the operator has the rights of ``roles``; before its end it loses them again.

    Since 16 the creator of a role may make itself a member but is none; before, CREATEROLE is enough (manual, "Role
    Attributes"). If the transaction fails, the membership is rolled back with it. Raises the server's error where the
    operator may not administer a role.
    """
    version = conn.info.server_version
    missing = join(conn, roles)
    yield
    for role, admin, inherit, set_ in missing:
        before = (
            None
            if admin is None or versions.major_of(version) < versions.MEMBER_OPTIONS
            else MemberOptions(admin, inherit, set_)
        )
        conn.execute(ddl.leave_role(role, version, before).encode())


def join(conn: psycopg.Connection[Any], roles: Collection[str]) -> list[Row]:
    """The same to the end of a transaction that is rolled back; returns the roles of which the operator was no full
    member, with the options it had: ADMIN, INHERIT and SET.
    """
    version = conn.info.server_version
    mode = "SET" if versions.major_of(version) >= versions.MEMBER_OPTIONS else "MEMBER"
    missing = ask(conn, "operator_acting", {"roles": sorted(roles), "mode": mode}) if roles else []
    for role, *_ in missing:
        conn.execute(ddl.join_role(role, version).encode())
    return missing


def why_not(conn: psycopg.Connection[Any], state: State, role: str) -> str:
    """The server's error when the operator, who is no superuser, acts as the role, which is undone at once; "" where it
    works, or where the error says nothing about rights.
    """
    facts = state.roles.get(role)
    if facts is not None and facts.superuser:
        return f"{role} is a superuser"
    try:
        with conn.transaction(force_rollback=True), acting(conn, [role]):
            row = conn.execute("SELECT pg_has_role(current_user, %s, 'USAGE')", (role,)).fetchone()
            return "" if row and row[0] else f"{state.target.operator} does not inherit what {role} may"
    except REFUSALS as error:
        return (error.diag.message_primary or str(error)).splitlines()[0]
    except psycopg.DatabaseError:
        return ""

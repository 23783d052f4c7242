"""Acts that no ordinary owner may do: becoming another role, and using files and programs of the server.

Each is refused before anything happens. Where one is not refused nothing happens either: the statement with the program
or file names a column that does not exist, and a call is explained and not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from flatsplit import blueprint, ddl, privileges
from flatsplit.evidence.trial import PROBE, TrialAct, sample
from flatsplit.model import PUBLIC, ObjectRef, State
from flatsplit.rights.exposure import FILES, SUPERUSERS
from flatsplit.rights.matrix import Rights
from flatsplit.server.asking import ask
from flatsplit.walks.split import grants, restricted
from flatsplit.walks.split.context import Context

CALLS = 24
"""At most so many functions that an extension or the system keeps from PUBLIC; explaining a call is cheap."""

# DoCopy() in copy.c checks the right before it looks for the table or reads the query
_SERVER = (
    ("pg_read_server_files", "read files of", f"COPY pg_catalog.{PROBE} FROM 'PG_VERSION'", "42P01"),
    ("pg_write_server_files", "write files of", f"COPY (SELECT {PROBE}) TO '/dev/null'", "42703"),
    ("pg_execute_server_program", "run programs on", f"COPY (SELECT {PROBE}) TO PROGRAM 'true'", "42703"),
)


def beyond_acts(conn: psycopg.Connection[Any], state: State, context: Context, role: str) -> list[TrialAct]:
    """Acts that must be refused, without those that the configuration allows; none for an adopted role, which keeps its
    own rights.
    """
    if role in context.adopted:
        return []
    given = _given(state, context, role)
    acts = [TrialAct(act, "the server", False, text, past=past) for of, act, text, past in _SERVER if of not in given]
    acts += _becoming(state, context, role, given)
    if not given:
        acts += _calls(conn, state, context, role)
    return acts


def _given(state: State, context: Context, role: str) -> frozenset[str]:
    """Roles of which the configuration makes it a member, and those that these are members of."""
    roles = context.config.roles
    names = {of for who, of in restricted.configured(context) if who == role}
    names.update(of for who, names in context.config.become if getattr(roles, who) == role for of in names)
    return frozenset(names).union(*(state.member_of(name) for name in names))


def _becoming(state: State, context: Context, role: str, given: frozenset[str]) -> Iterator[TrialAct]:
    """Becoming roles that may do more: PostgreSQL lets nobody give a function of its own to a role that it may not
    become.

    The new owner must have CREATE in the function's schema too, which for pg_temp is TEMPORARY on the database: without
    it a refusal would prove nothing.
    """
    roles, database = context.config.roles, state.objects.get(ObjectRef("database", "", state.target.database))
    who = blueprint.who(context.config)
    superusers = sorted(name for name, facts in state.roles.items() if facts.superuser and name not in roles.new)
    others = dict.fromkeys((who.administrator, who.owner, context.legacy, *superusers[:1]))
    for name in others:
        if name == role or name not in state.roles or name in given or name in context.adopted:
            continue
        itself = sql.Identifier(name)
        rights = Rights(state, name)
        proves = database is not None and "T" in rights.letters(database)
        owner = sql.SQL("ALTER FUNCTION pg_temp.flatsplit_try(text[]) OWNER TO {}").format(itself).as_string(None)
        session = sql.SQL("SET LOCAL ROLE {}").format(itself).as_string(None)
        yield TrialAct("become", f"role {name}", False, owner if proves else "", login=session)


def _calls(conn: psycopg.Connection[Any], state: State, context: Context, role: str) -> list[TrialAct]:
    given = {ref for who, letter, refs in grants.extras(state, context) if (who, letter) == (role, "X") for ref in refs}
    kept = list(_kept(state, role, given))
    chosen: Sequence[ObjectRef] = sample([ref for ref in kept if ref.name in SUPERUSERS | FILES] or kept, CALLS)
    parameters = {
        "schemas": [ref.schema for ref in chosen],
        "names": [ref.name for ref in chosen],
        "args": [ref.args for ref in chosen],
    }
    return [
        TrialAct("call", ddl.label(chosen[place - 1]), False, text)
        for place, text in (ask(conn, "trial_calls", parameters) if chosen else ())
    ]


def _kept(state: State, role: str, given: set[ObjectRef]) -> Iterator[ObjectRef]:
    """Functions that neither PUBLIC nor this role may call."""
    for group in state.groups:
        facts = group.facts
        own = facts.owner == role and facts.note != "system"
        if group.kind != "function" or not facts.kept or own or "X" in privileges.letters(facts.acl, PUBLIC):
            continue
        if "X" in restricted.letters(group.refs[0], facts):
            yield from (ref for ref in group.refs if ref not in given)

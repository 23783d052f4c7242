"""Known traps during or after the walk, each looked for before it does harm."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg

from flatsplit.config import PURPOSES, Config, format_name
from flatsplit.errors import ConfigError
from flatsplit.hazards import (  # noqa: F401 (each enters its hazards into the registry)
    by_name,
    event_triggers,
    foreign,
    full_acls,
    gained_powers,
    group_conversion,
    group_logins,
    identity,
    legacy,
    managed_services,
    members,
    new_roles,
    objects,
    operator,
    own_rights,
    owner_powers,
    owners,
    passwords,
    pg_hba,
    policy_identity,
    public,
    reader_rights,
    replication,
    routines,
    row_security,
    scope,
    server,
    sessions,
    set_role,
    special_roles,
    tenant_policies,
    tenant_pool,
    tenant_walk,
    tenants,
)
from flatsplit.hazards.lookups import READABLE, Looking, relations_that_ask, tables_in_question
from flatsplit.hazards.registry import ORDER, REGISTRY, Found, Hazard, Seen, hazard, silent
from flatsplit.model import NOT_SEEN, Finding, State
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.words import count

__all__ = [
    "REGISTRY",
    "Hazard",
    "check_accepted",
    "find",
    "is_blocker",
    "of_step",
    "relations_that_ask",
    "tables_in_question",
]

hazard(
    NOT_SEEN,
    "note",
    split.CREATE_ROLES,
    looks_at="what the operator's role may read",
    why="The operator may not read what these checks look at, so they say nothing either way.",
    fix="Have an administrator grant what is missing, or run doctor once as a superuser.",
    manual="predefined-roles.html",
)(silent)


def is_blocker(wanted: Hazard) -> bool:
    """For ``find``: only hazards that could keep the walk from beginning."""
    return wanted.severity == "blocker"


def of_step(key: str) -> Callable[[Hazard], bool]:
    """For ``find``: only hazards that have to be read before this step."""
    return lambda wanted: wanted.step in (None, key)


def find(
    conn: psycopg.Connection[Any],
    state: State,
    context: Context,
    wanted: Callable[[Hazard], bool] = lambda _: True,
) -> tuple[Finding, ...]:
    """The hazards of this database, blockers first. Reads only catalogs and takes no lock above ACCESS SHARE.

    Only those that are ``wanted`` are looked for. What the operator may not see is one note.
    """
    looking = Looking(conn, state, context)
    chosen = [one for one in REGISTRY.values() if wanted(one) and looking.applies(one)]
    hidden = {one.id: needs for one in chosen if (needs := looking.hidden(one))}
    readable = [one for one in chosen if one.id not in hidden]
    seen = Seen(
        state,
        context,
        looking.answers(readable),
        looking.lacks(readable),
        looking.powers(readable),
        looking.refusals(readable),
        looking.alike(readable),
        looking.held(readable),
        looking.unloadable(readable),
    )
    accepted = dict(context.config.accept)
    found = [
        _in_their_names(one, one.finding(each, accepted.get(one.id, "")), context.config)
        for one in readable
        for each in one.judge(seen)
    ]
    if hidden:
        found.append(_not_seen(hidden, state, accepted))
    return tuple(sorted(found, key=lambda finding: (ORDER[finding.severity], finding.id)))


_PURPOSE = re.compile(rf"(?<![\w.\"\[-])(?:{'|'.join(PURPOSES)}|[Ll]egacy)(?![\w\"-])")


def _in_their_names(told: Hazard, finding: Finding, config: Config) -> Finding:
    """The finding with the names that legacy, app_user and the others have here, in the registry's texts.

    A role that is called app_user may belong to another application. Texts by the judge already have the right names.
    """
    names = {"legacy": config.legacy_role, **{key: str(getattr(config.roles, key)) for key in PURPOSES}}

    def named(text: str) -> str:
        return _PURPOSE.sub(lambda match: names.get(match.group().lower()) or match.group(), text)

    return replace(
        finding,
        why=named(finding.why) if finding.why == told.why else finding.why,
        fix=finding.fix.replace(told.fix, named(told.fix)),
    )


def _not_seen(hidden: dict[str, tuple[str, ...]], state: State, accepted: dict[str, str]) -> Finding:
    missing = dict.fromkeys(need for needs in hidden.values() for need in needs)
    name = format_name(state.target.operator)
    grants = [READABLE[need].format(operator=name) for need in missing if READABLE[need]]
    other = ", or have an administrator run what of these the service allows:" if grants else "."
    said = Found(
        f"{count(len(hidden), 'check')} could not look",
        tuple(sorted(hidden)),
        fix="\n".join((f"Run doctor once as a superuser{other}", *grants)),
    )
    return REGISTRY[NOT_SEEN].finding(said, accepted.get(NOT_SEEN, ""))


def check_accepted(config: Config, source: str) -> None:
    """Raise ConfigError, with the nearest name, where [hazards.accept] has a hazard that does not exist."""
    for id_, _ in config.accept:
        if id_ not in REGISTRY:
            near = difflib.get_close_matches(id_, REGISTRY, 1)
            fix = f'did you mean "{near[0]}"?' if near else "`flatsplit doctor` and runbooks/hazards.md name them all"
            raise ConfigError(f"{source}: [hazards.accept] {id_}: there is no such hazard", fix)

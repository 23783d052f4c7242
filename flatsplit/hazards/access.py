"""Hazards in pg_hba.conf: who is let in, from where, how. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit.hazards.hba import Client, Rule, Unsure, first_match
from flatsplit.hazards.registry import Found, Seen, hazard, number

_BY_PASSWORD = frozenset({"trust", "password", "md5", "scram-sha-256"})
_MANUAL = "auth-pg-hba-conf.html"


def _rules(seen: Seen) -> list[Rule]:
    """The lines without errors."""
    return [
        Rule(line, kind, tuple(databases or ()), tuple(users or ()), address, netmask, method)
        for line, kind, databases, users, address, netmask, method, error in seen.rows("hba")
        if error is None
    ]


@hazard(
    "hba-app-user",
    "blocker",
    "switch-connections",
    looks_at="pg_hba_file_rules(), its first match tried for app_user from every address that legacy is connected "
    "from now",
    why="pg_hba.conf decides by role, database and address, and the first line that matches wins. Where legacy comes "
    "in, "
    "app_user would be turned away: no pg_hba.conf entry.",
    fix="Add app_user to the lines that let legacy in (before any that rejects), then SELECT pg_reload_conf().",
    manual=_MANUAL,
    questions=("hba", "clients"),
    needs=("hba", "activity"),
)
def hba_app_user(seen: Seen) -> Iterator[Found]:
    """Would app_user get in?"""
    user, database = seen.context.config.roles.app_user, seen.state.target.database
    if seen.context.config.retire == "repurpose":
        return
    rules, groups = _rules(seen), seen.state.member_of(user)
    shut, other = [], []
    for address, ssl, gss in seen.rows("clients"):
        client = Client(address, ssl, gss)
        match = first_match(rules, user, groups, database, client)
        if isinstance(match, Unsure):
            continue
        if match is None or match.method == "reject":
            shut.append(f"{user} from {client}: {'no line matches' if match is None else match}")
        elif match.method not in _BY_PASSWORD and seen.context.config.auth == "password":
            other.append(f"{user} from {client}: {match}")
    if shut:
        yield Found(f"pg_hba.conf would turn {user} away", (*shut, *other))
    elif other:
        yield Found(
            f"pg_hba.conf would ask {user} for something else than a password",
            tuple(other),
            severity="warning",
            why="The line that would decide wants an operating system's user, a certificate or another service to "
            "vouch for "
            "the role, and that knows of legacy only.",
            fix="Map app_user there too (pg_ident.conf, the certificate's name, the directory), or add a line for "
            "passwords.",
        )


@hazard(
    "hba-names-legacy",
    "warning",
    "switch-connections",
    looks_at="pg_hba_file_rules().user_name",
    why="Lines for legacy do not hold for the new roles: what was allowed is not, and what was rejected may be "
    "allowed by a "
    "later line.",
    fix="Write the same lines for app_user, and those for the migration tool's hosts for app_migrator; "
    "remove legacy's after revoke-legacy.",
    manual=_MANUAL,
    questions=("hba",),
    needs=("hba",),
)
def hba_names_legacy(seen: Seen) -> Iterator[Found]:
    """Lines about legacy by name."""
    found = tuple(str(rule) for rule in _rules(seen) if {seen.legacy, f"+{seen.legacy}"} & set(rule.users))
    if found:
        yield Found(
            f"{number(len(found), 'line')} of pg_hba.conf name{'s' if len(found) == 1 else ''} {seen.legacy}", found
        )


@hazard(
    "hba-errors",
    "warning",
    "switch-connections",
    looks_at="pg_hba_file_rules().error",
    why="A file with an error is not taken over by a reload, and the server does not start with it: lines added for "
    "the new "
    "roles have no effect.",
    fix="Correct the lines, SELECT pg_reload_conf(), and look at the server's log.",
    manual=_MANUAL,
    questions=("hba",),
    needs=("hba",),
)
def hba_errors(seen: Seen) -> Iterator[Found]:
    """Lines that the server does not understand."""
    found = tuple(f"line {row[0]}: {row[7]}" for row in seen.rows("hba") if row[7] is not None)
    if found:
        yield Found(f"{number(len(found), 'line')} of pg_hba.conf with an error", found)

"""Hazards in pg_hba.conf: who may log in, from where, and how. Pure.

A line for +group holds for its direct and indirect members, whatever the options of the membership; a line that names
the group itself does not hold for them (check_role() in hba.c).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import blueprint
from flatsplit.hazards.hba_match import Client, Rule, Unsure, about, by_its_name, entry, first_match, word
from flatsplit.hazards.registry import Found, Seen, below, few, hazard
from flatsplit.model import State
from flatsplit.walks import split
from flatsplit.walks.split.kind import through
from flatsplit.walks.split.members import members_of_legacy
from flatsplit.words import count, listed

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
    split.SWITCH_CONNECTIONS,
    looks_at="pg_hba_file_rules(), its first match tried for app_user, or the logins of its group, from every address "
    "that legacy or a member of it is connected from now",
    why="pg_hba.conf decides by role, database and address, and the first line that matches wins. Where legacy comes "
    "in, app_user would be turned away: no pg_hba.conf entry.",
    fix="Add app_user to the lines that let legacy in (before any that rejects), then SELECT pg_reload_conf().",
    manual=_MANUAL,
    questions=("hba", "clients"),
    needs=("hba", "activity"),
)
def hba_app_user(seen: Seen) -> Iterator[Found]:
    """Whether app_user could log in."""
    user, database = blueprint.application(seen.context.config), seen.state.target.database
    if seen.context.config.retire == "repurpose":
        return
    rules = _rules(seen)
    logins = seen.context.config.logins(user)
    entering = (user,) if logins is None else logins
    then = _then(seen, split.SWITCH_CONNECTIONS, rules)
    shut: dict[str, list[str]] = {}
    other: dict[str, list[str]] = {}
    for client in sorted({Client(*row[:3]) for row in seen.rows("clients")}, key=str):
        for role in entering:
            match = first_match(rules, role, then.member_of(role), database, client)
            if isinstance(match, Unsure):
                continue
            if match is None or match.method == "reject":
                shut.setdefault(role, []).append(_line(role, client, match))
            elif match.method not in _BY_PASSWORD and seen.context.config.auth == "password":
                other.setdefault(role, []).append(_line(role, client, match))
    asked = [line for lines in other.values() for line in lines]
    fix = ""
    if logins is not None:
        fix = (
            f"Add {', '.join(map(word, shut))} to the lines that let {seen.legacy} in (before any that rejects), then "
        )
        fix += f"SELECT pg_reload_conf(). +{word(user)} there means every member of it; {word(user)} alone means none."
    if shut:
        lines = [line for lines in shut.values() for line in lines]
        fix = _as_it_is_called(seen, rules, map(word, shut)) or fix
        yield Found(f"pg_hba.conf would turn {few(list(shut))} away", (*lines, *asked), fix=fix)
    elif other:
        yield Found(
            f"pg_hba.conf would ask {few(list(other))} for something else than a password",
            tuple(asked),
            severity="warning",
            why="The line that would decide wants an operating system's user, a certificate or another service to "
            "vouch for the role, and that knows of legacy only.",
            fix="Map app_user there too (pg_ident.conf, the certificate's name, the directory), or add a line for "
            "passwords.",
        )


def _as_it_is_called(seen: Seen, rules: list[Rule], users: Iterable[str]) -> str:
    """What to write where legacy or a member of it comes in because the database is called like it; "" elsewhere.

    Another role in such a line changes nothing.
    """
    database, words = seen.state.target.database, list(users)
    entries: dict[str, int] = {}
    called = False
    for address, ssl, gss, role in seen.rows("clients"):
        groups = seen.state.member_of(role)
        match = first_match(rules, role, groups, database, Client(address, ssl, gss))
        if isinstance(match, Rule) and match.method != "reject":
            called |= by_its_name(match, role, groups, database)
            entries[entry(match, words, database)] = match.line
    if not called:
        return ""
    said = (
        f"Line {listed(sorted(set(entries.values())))} of pg_hba.conf lets {seen.legacy} in with sameuser or samerole: "
        "only who is called like this database, or a member of it. Write at the top of the file, with the same "
        "options, and then SELECT pg_reload_conf():"
    )
    return below(said, sorted(entries, key=lambda each: entries[each]))


def _line(role: str, client: Client, match: Rule | None) -> str:
    return f"{role} from {client}: {'no line matches' if match is None else match}"


def _then(seen: Seen, step: split.StepKey, rules: list[Rule]) -> State:
    """The State with the memberships after a step; the present one where no line asks for a group."""
    asks = any(
        word.startswith("+") or word in ("samerole", "samegroup")
        for one in rules
        for word in (*one.users, *one.databases)
    )
    return through(seen.state, seen.context, step) if asks else seen.state


@hazard(
    "hba-members",
    "blocker",
    split.REVOKE_LEGACY,
    looks_at="pg_hba_file_rules(), its first match tried for each member of legacy from where it is connected now: "
    "with its memberships as they are, and as revoke-legacy leaves them",
    why="A line for +legacy lets members of legacy in. revoke-legacy makes them members of app_user instead, and their "
    "next login would be decided by another line.",
    fix="Add +app_user beside +legacy in the lines that let them in (before any that rejects), then SELECT "
    "pg_reload_conf().",
    manual=_MANUAL,
    questions=("hba", "clients"),
    needs=("hba", "activity"),
)
def hba_members(seen: Seen) -> Iterator[Found]:
    """Members of legacy that may log in because they are members."""
    members = {key.member for key in members_of_legacy(seen.state, seen.context)}
    rules = _rules(seen)
    then = _then(seen, split.REVOKE_LEGACY, rules) if members else seen.state
    if then is seen.state:
        return
    found: dict[str, list[str]] = {}
    for address, ssl, gss, role in seen.rows("clients"):
        client = Client(address, ssl, gss)
        before, after = (
            first_match(rules, role, state.member_of(role), seen.state.target.database, client)
            for state in (seen.state, then)
        )
        if not isinstance(before, Rule) or before.method == "reject" or before == after or isinstance(after, Unsure):
            continue
        if after is None or after.method != before.method:
            found.setdefault(role, []).append(f"{_line(role, client, before)}; then {after or 'no line matches'}")
    if found:
        who = blueprint.who(seen.context.config)
        heirs = (who.application, who.owner)
        groups = sorted({f"+{word(role)}" for name in found for role in heirs if role in then.member_of(name)})
        names = sorted(found)
        yield Found(
            f"pg_hba.conf lets {few(names)} in as {'a member' if len(names) == 1 else 'members'} of {seen.legacy}",
            tuple(line for lines in found.values() for line in lines),
            fix=_as_it_is_called(seen, rules, groups or map(word, names))
            or f"Add {', '.join(groups or map(word, names))} to the lines that let them in today (before any that "
            "rejects), then SELECT pg_reload_conf().",
        )


@hazard(
    "hba-names-legacy",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_hba_file_rules(): lines that are for legacy in this database, by its name, a pattern, a group, "
    "sameuser or samerole, and would not be for app_user",
    why="Lines for legacy do not hold for the new roles: what was allowed is not, and what was rejected may be "
    "allowed by a later line.",
    fix="Write the same lines for app_user, and those for the migration tool's hosts for app_migrator; "
    "remove legacy's after revoke-legacy.",
    manual=_MANUAL,
    questions=("hba",),
    needs=("hba",),
)
def hba_names_legacy(seen: Seen) -> Iterator[Found]:
    """Lines that are for legacy because of who it is."""
    config, database, rules = seen.context.config, seen.state.target.database, _rules(seen)
    who = blueprint.who(config)
    heir = who.owner if config.retire == "repurpose" else who.application
    entering = config.logins(heir) or (heir,)
    then = _then(seen, split.SWITCH_CONNECTIONS, rules)
    found = tuple(
        str(rule)
        for rule in rules
        if about(rule, seen.legacy, seen.state.member_of(seen.legacy), database)
        and not all(about(rule, role, then.member_of(role), database) for role in entering)
    )
    if found:
        named = [
            entry(rule, map(word, entering), database)
            for rule in rules
            if str(rule) in found and by_its_name(rule, seen.legacy, seen.state.member_of(seen.legacy), database)
        ]
        said = (
            f"Write the same lines for {heir}, and those for the migration tool's hosts for {who.owner}; remove "
            f"{seen.legacy}'s after revoke-legacy. Where a line is for databases called like the role, in its place:"
        )
        title = f"{count(len(found), 'line')} of pg_hba.conf for {seen.legacy} would not be for {heir}"
        yield Found(title, found, fix=below(said, named) if named else "")


@hazard(
    "hba-errors",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_hba_file_rules().error",
    why="A file with an error is not taken over by a reload, and the server does not start with it: lines added for "
    "the new roles have no effect.",
    fix="Correct the lines, SELECT pg_reload_conf(), and look at the server's log.",
    manual=_MANUAL,
    questions=("hba",),
    needs=("hba",),
)
def hba_errors(seen: Seen) -> Iterator[Found]:
    """Lines that the server does not understand."""
    found = tuple(f"line {row[0]}: {row[7]}" for row in seen.rows("hba") if row[7] is not None)
    if found:
        yield Found(f"{count(len(found), 'line')} of pg_hba.conf with an error", found)

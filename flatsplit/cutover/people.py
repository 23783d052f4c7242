"""``people``: who is a member of the new roles, and joining people whom the configuration names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from flatsplit import blueprint, ddl, membership
from flatsplit.catalog import read_state
from flatsplit.cutover.dry_run import require_rights
from flatsplit.cutover.interaction import Passwords, Reporter
from flatsplit.cutover.leavers import back_again, leavers
from flatsplit.cutover.role_names import Renamed, find_renamed, refuse_renamed
from flatsplit.differ import diff
from flatsplit.errors import UsageError
from flatsplit.evidence import memory
from flatsplit.model import SPLIT, Member, MemberOptions, RoleFacts, State, Statement, WalkName
from flatsplit.planning import machine
from flatsplit.server.sessions import read_sessions
from flatsplit.walks import leave
from flatsplit.walks.draft import Draft
from flatsplit.walks.leave.preconditions import team

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.walk import Walk

EVENT = "joined"
"""Kind of the journal event that says who was joined, with the statements and what undoes them."""


@dataclass(frozen=True, slots=True)
class InGroup:
    """A membership in one of the new roles."""

    role: str
    since: datetime | None
    """When flatsplit granted it; None where somebody else did, as the catalog records no time."""
    inherits: bool
    """Whether the member has the role's rights without SET ROLE."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference between the database and [people]."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a new role who is no part of the cutover, or somebody whom the configuration names."""

    name: str
    groups: tuple[InGroup, ...]
    login: bool
    """Whether the role may log in; False also where there is no such role."""
    connected: int
    """How many sessions there are now, in all databases; of a group its logins' sessions, and so below."""
    last_seen: datetime | None
    """When `observe` last recorded a session; None where it never did."""
    differs: tuple[Deviation, ...]
    through: tuple[str, ...] = ()
    """Who logs in and acts as it, where it is a group that may not log in itself."""


@dataclass(frozen=True, slots=True)
class People:
    """All people, and the statements that would join those who are missing."""

    persons: tuple[Person, ...]
    joining: tuple[Statement, ...] = ()
    joined: int = 0
    """How many statements were run."""
    renamed: tuple[Renamed, ...] = ()
    """Roles of persons and of walks that have other names than when the last step ended."""


def people(walk: Walk) -> People:
    """All people, with what differs from [people] for each. Changes nothing.

    No statements to join anybody are given where a role was renamed.
    """
    live = walk.look().live
    renamed = (*walk.renamed, *_renamed(walk, live))
    joins = () if renamed else tuple(joining(live, _staying(walk)))
    return People(tuple(_persons(walk, live)), joins, renamed=renamed)


def missing(walk: Walk, live: State) -> bool:
    """Whether somebody whom the configuration names is not there or lacks a membership. Not who is leaving, nor who has
    left and is still named: nobody asks to let these in again. False where a role was renamed: that comes first.
    """
    if _renamed(walk, live):
        return False
    gone = leavers(walk)
    people = tuple(one for one in walk.config.people if one[0] not in gone)
    return next(joining(live, replace(walk.config, people=people)), None) is not None


def join(walk: Walk, *, reporter: Reporter, confirm: Callable[[People], bool], passwords: Passwords) -> People:
    """Create the people whom the configuration names and who are missing, with their memberships.

    Memberships that it does not name stay: somebody has to decide to end them. Who is leaving is not joined; who has
    left may come back.

    Raises Refused where a person's role was renamed, UsageError where the roles to join do not exist yet, and
    MissingRights where the operator may not grant them.
    """
    situation = walk.situation().turned(SPLIT)
    live, config = situation.live, _staying(walk)
    refuse_renamed(_renamed(walk, live))
    step = machine.last_step(situation.states)
    lacking = sorted({role for _, roles in _wanted(config) for role in roles} - live.roles.keys())
    if lacking or step is None:
        what = lacking[0] if lacking else blueprint.application(config)
        raise UsageError(f"there is no role {what} to join yet", "let the split be done first: flatsplit status")
    found = People(tuple(_persons(walk, live)), tuple(joining(live, config)))
    if not found.joining:
        return found
    require_rights(walk.session, live, let_in(live, config))
    if not confirm(found):
        return found
    verifiers = walk.verifiers(found.joining, passwords)
    with walk.session.transaction():
        back_again(walk, [name for name, _ in _new(live, config)])
        walk.journal.event(
            EVENT,
            None,
            ", ".join(each.description for each in found.joining),
            {
                "people": [{"name": name, "roles": list(roles)} for name, roles in _new(live, config)],
                "statements": [{"sql": each.sql, "undo": each.undo} for each in found.joining],
            },
        )
    count = walk.executor(situation, reporter, verifiers).run(step, "repair", found.joining)
    with walk.session.transaction():
        oids = memory.oids(walk.session.driver)
        theirs = {name: oids[name] for name, _ in config.people if name in oids}
        walk.journal.number_more(memory.cluster(live.target), theirs)
    return People(tuple(_persons(walk, read_state(walk.session.driver))), (), count)


def _renamed(walk: Walk, live: State) -> tuple[Renamed, ...]:
    """Persons of the configuration whose role has another name now."""
    missing = {name for name, _ in walk.config.people} - live.roles.keys()
    return find_renamed(walk.journal, live, dict.fromkeys(missing, "[people]"))


def joining(live: State, config: Config) -> Iterator[Statement]:
    """Statements that create missing people and their memberships, each with its undo. Pure.

    A reader's membership is inherited. An administrator has to use SET ROLE: from 16 on that membership is granted
    without INHERIT; before, privileges are inherited, but attributes such as SUPERUSER are not.
    """
    yield from diff(live, let_in(live, config))


def let_in(live: State, config: Config) -> State:
    """The State in which everybody whom the configuration names exists and has the memberships."""
    draft = Draft(live)
    for name, roles in _wanted(config):
        draft.new_role(name, RoleFacts(login=True, password=config.auth == "password"))
        for role in roles:
            if role in draft.roles:
                draft.member(role, name, inherit=role != blueprint.administrator(config))
    return draft.state()


def _staying(walk: Walk) -> Config:
    """The configuration without the people who are leaving."""
    leaving = {name for name, under_way in leavers(walk).items() if under_way}
    return replace(walk.config, people=tuple(one for one in walk.config.people if one[0] not in leaving))


def _wanted(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, purposes in config.people:
        yield name, tuple(role for purpose in purposes if (role := blueprint.named(config, purpose)))


def _new(live: State, config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Pairs of a name and its roles, for the memberships that are missing."""
    have = {key[:2] for key in live.members}
    for name, roles in _wanted(config):
        if more := tuple(role for role in roles if (role, name) not in have):
            yield name, more


def _persons(walk: Walk, live: State) -> Iterator[Person]:
    config = walk.config
    wanted = dict(_wanted(config))
    names = sorted({*wanted, *_members(live, config)})
    since, leaving = _since(walk), leavers(walk)
    logins = {name: team(live, name) or (name,) for name in names}
    sessions = read_sessions(walk.session.driver, {one: (one,) for some in logins.values() for one in some}, "")
    for name in names:
        inside = tuple(
            InGroup(role, since.get((name, role)), any(_inherits(live, key, options) for key, options in granted))
            for role, granted in sorted(_granted(live, name).items())
            if role in config.roles.new
        )
        facts = live.roles.get(name)
        differs = tuple(_leaves(live, name, leaving)) or _differs(live, config, name, wanted.get(name))
        yield Person(
            name,
            inside,
            facts is not None and facts.login,
            sum(one.role in logins[name] for one in sessions),
            max(filter(None, map(walk.journal.last_login, logins[name])), default=None),
            tuple(differs) if config.people else (),
            team(live, name),
        )


def _members(live: State, config: Config) -> Iterator[str]:
    """Members of a new role that are not roles of the cutover, logins of a group, or the operator."""
    logins = {login for group in config.groups for login in group.logins}
    apart = {*config.roles.new, config.legacy_role, *(config.owners or ()), *logins, live.target.operator}
    for key in live.members:
        if key.role in config.roles.new and key.member not in apart and key.member in live.roles:
            yield key.member


def _granted(live: State, name: str) -> dict[str, list[tuple[Member, MemberOptions]]]:
    """The memberships of a person by role: since 16 there may be one from each grantor."""
    found: defaultdict[str, list[tuple[Member, MemberOptions]]] = defaultdict(list)
    for key, options in sorted(live.members.items()):
        if key.member == name:
            found[key.role].append((key, options))
    return found


def _inherits(live: State, key: Member, options: MemberOptions) -> bool:
    if options.inherit is not None:
        return options.inherit
    return live.roles[key.member].inherit


def _since(walk: Walk) -> dict[tuple[str, str], datetime]:
    """When flatsplit last gave each (role, member) the membership."""
    found: dict[tuple[str, str], datetime] = {}
    for event in walk.journal_of(SPLIT).events(EVENT):
        for one in event.details.get("people", ()):
            found |= {(one["name"], role): event.at for role in one["roles"]}
    return found


def _leaves(live: State, name: str, leaving: Mapping[str, bool]) -> Iterator[Deviation]:
    walk = WalkName(leave.NAME, name)
    if leaving.get(name):
        stay = f"{walk.typed('rollback')} --all"
        yield Deviation("is leaving", f"{walk.typed('next')}; the person stays after all: {stay}")
    elif name in leaving and name not in live.roles:
        yield Deviation("has left", "take the name out of [people]; the person comes back: flatsplit people --join")


def _differs(live: State, config: Config, name: str, wanted: tuple[str, ...] | None) -> Iterator[Deviation]:
    who, goes = ddl.ident(name), WalkName(leave.NAME, name).begins
    facts = live.roles.get(name)
    if facts is None:
        yield Deviation("is not there", "flatsplit people --join")
        return
    if wanted is None:
        yield Deviation("is not in [people]", f"write it down there, or: {goes}")
        return
    if not facts.login and not team(live, name):
        yield Deviation("may not log in", f"{goes}, or: ALTER ROLE {who} LOGIN;")
    if facts.superuser:
        yield Deviation("is a superuser all the time", _no_superuser(live, name))
    begins = live.setting_of(name, "role")
    if begins is not None and begins[1] == blueprint.administrator(config):
        yield Deviation(f"begins every session as {begins[1]}", ddl.reset_setting(*begins[0], "role"))
    have = _granted(live, name)
    for role in wanted:
        if role not in have:
            yield Deviation(f"is not in {role}", "flatsplit people --join")
        elif role != blueprint.administrator(config):
            yield from _not_inherited(live, config, name, role)
    for role, granted in sorted(have.items()):
        inheriting = [(key, options) for key, options in granted if options.inherit]
        if role in config.roles.new and role not in wanted:
            fix = ddl.end_membership(live, role, name)
            # A session that has done SET ROLE keeps that role: the server checks membership only at SET ROLE
            if any(membership.may_set(options) for _, options in granted):
                fix += f" {ddl.terminate_sessions(name, everywhere=True)}"
            yield Deviation(f"is in {role}, which [people] does not say", fix)
        elif role == blueprint.administrator(config) and inheriting:
            by = live.target.membership_options
            changed = (ddl.grant_member(key, options._replace(inherit=False), by=by) for key, options in inheriting)
            yield Deviation(f"has the rights of {role} without SET ROLE", " ".join(changed))


def _not_inherited(live: State, config: Config, name: str, role: str) -> Iterator[Deviation]:
    """A membership that does nothing before SET ROLE. Before 16 a person inherits from all roles or from none, and one
    of the administrators may have chosen none.
    """
    granted = _granted(live, name)
    if any(_inherits(live, key, options) for key, options in granted[role]):
        return
    if live.target.membership_options:
        key, options = granted[role][0]
        fix = ddl.grant_member(key, options._replace(inherit=True), by=True)
    elif blueprint.administrator(config) in granted:
        return
    else:
        fix = f"ALTER ROLE {ddl.ident(name)} INHERIT;"
    yield Deviation(f"has the rights of {role} only by SET ROLE", fix)


def _no_superuser(live: State, name: str) -> str:
    """How the person stops being one."""
    if name == live.target.bootstrap:
        return "give the person a login of their own: the server's first superuser always is one"
    alter = f"ALTER ROLE {ddl.ident(name)} NOSUPERUSER; SET ROLE makes one when needed"
    return f"as another superuser, for this one runs flatsplit: {alter}" if name == live.target.operator else alter

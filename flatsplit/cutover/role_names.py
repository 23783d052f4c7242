"""Checks that a name means the same role from the beginning of a walk to its end.

Three changes would break that. A role that somebody else creates under one of the configured names would be taken for
flatsplit's own, and a rollback would drop it. Where a name is changed in the configuration after its role was created,
that role would be left behind with all its rights. A role that is renamed in the database keeps its rights, but under
its old name flatsplit would find no role, or another one.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import psycopg

from flatsplit import config as configuration
from flatsplit import ddl
from flatsplit.config import PURPOSES, Config, RoleNames
from flatsplit.config.text import quote
from flatsplit.connection import Session
from flatsplit.cutover import which_walk
from flatsplit.errors import ConfigError, Refused
from flatsplit.evidence import memory
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.journal.layout import HEAD
from flatsplit.model import SPLIT, State, WalkName
from flatsplit.planning import machine
from flatsplit.rights.gifts import POWERS
from flatsplit.walks import marks
from flatsplit.words import listed


def recorded(record: CutoverRecord) -> RoleNames:
    """The names of the new roles by the configuration that the journal recorded."""
    return configuration.parse(record.config, "the journal").roles


def check(config: Config, known: RoleNames, *, live: Collection[str], first_seen: Collection[str], begun: bool) -> None:
    """Raise ConfigError where a name in the configuration was changed too late, or to that of somebody else's role.

    ``known`` are the recorded names, ``live`` the roles there are, ``first_seen`` those of the baseline. ``begun``: a
    step of the split was taken.
    """
    for purpose in PURPOSES:
        was, now = str(getattr(known, purpose)), str(getattr(config.roles, purpose))
        if was == now:
            continue
        if begun and was and was in live:
            raise ConfigError(
                f"flatsplit.toml: [roles] {purpose} = {quote(now)}, but this walk began with {quote(was)}",
                f"write {purpose} = {quote(was)} again; only before create-roles, or after "
                f"`{SPLIT.typed('rollback', several=True)} --all`, another name will do",
            )
        if now in live and now not in first_seen:
            raise taken("flatsplit.toml", config, [now])


def refuse_strangers(config: Config, live: State, first_seen: Collection[str], journal: Journal) -> None:
    """Raise ConfigError for a role with a configured name that was created since ``init`` and belongs to another
    database's walk, or is in use in another database.

    Such a role was not created by hand from this walk's runbook. With ``init --adopt`` it may be shared.
    """
    strange = [
        name
        for name in config.roles.new
        if name in live.roles
        and name not in first_seen
        and (marks.others(live, name) or (live.roles[name].elsewhere and not marks.whose(live, name)))
    ]
    if strange and not any(event.details.get("adopt") for event in journal.events()):
        raise taken("flatsplit.toml", config, strange)


def refuse_made_meanwhile(names: Iterable[str], live: State, first_seen: Collection[str]) -> None:
    """Raise Refused for a role that a walk is about to make, and that somebody made since it began with powers that
    none has which flatsplit makes. A plain one may have been made from the runbook, or by another database's walk.
    """
    for name in names:
        facts = live.roles.get(name)
        powers = [power.upper() for power in (*POWERS, "bypassrls") if facts is not None and getattr(facts, power)]
        if powers and name not in first_seen:
            raise Refused(
                f"somebody made a role {name} since this walk began, and it has {listed(powers)}",
                f"give it another name: ALTER ROLE {ddl.ident(name)} RENAME TO …; or drop it: {ddl.drop_role(name)}",
            )


@dataclass(frozen=True, slots=True)
class Renamed:
    """A role that somebody renamed, found by its oid."""

    was: str
    now: str
    whose: str
    """What refers to it by its former name, for use in a sentence: "walk group app_user"."""
    taken: bool
    """Whether another role has the former name now."""

    @property
    def what(self) -> str:
        """What happened, in words."""
        other = f", and {self.was} is another role now" if self.taken else ""
        return f"role {self.was} of {self.whose} has been renamed to {self.now}{other}"

    @property
    def fix(self) -> str:
        """How to undo it, in words."""
        back = f"rename it back: ALTER ROLE {ddl.ident(self.now)} RENAME TO {ddl.ident(self.was)};"
        return f"give that one another name, then {back}" if self.taken else back


def find_renamed(journal: Journal, live: State, whose: Mapping[str, str], *, ever: bool = False) -> tuple[Renamed, ...]:
    """Which of these roles have another name now than when the last step of any walk ended.

    ``whose`` says for each role what refers to it by name. With ``ever``, only roles that do not exist by their names
    are looked for, and by their names at the end of any step.
    """
    asked = [role for role in whose if role not in live.roles] if ever else list(whose)
    if not asked:
        return ()
    found = (journal.called_now if ever else journal.renamed)(memory.cluster(live.target), asked)
    return _renamed(found, whose, live)


def _renamed(found: Mapping[str, str], whose: Mapping[str, str], live: State) -> tuple[Renamed, ...]:
    changed = ((was, now) for was, now in sorted(found.items()) if was in whose)
    return tuple(Renamed(was, now, whose[was], was in live.roles) for was, now in changed)


def asked_about(config: Config, journal: Journal, kept: Iterable[CutoverRecord]) -> dict[str, str]:
    """The roles that the configuration and the kept walks name, for ``whose`` of :func:`find_renamed`.

    Without persons, whose new name ``people`` tells, and without the old role once the split is done with it.
    """
    named = {record.walk.subject for record in kept} - {""} | {*config.named} - {name for name, _ in config.people}
    for record in kept:
        if record.walk == SPLIT and machine.next_step(which_walk.states(journal, record, config)) is not None:
            named.add(config.legacy_role)
    return dict.fromkeys(named, "the configuration")


def renamed_at_a_glance(session: Session, config: Config, people: State) -> tuple[Renamed, ...]:
    """Which roles have another name now, for commands that look at no walk. ``people``: roles and memberships.

    Roles of tenants are among them, known by their membership in the tenants' group. Empty where there is no journal of
    this version, or where the operator may not read it.
    """
    journal = Journal(session)
    try:
        if journal.revision() != HEAD:
            return ()
        kept = journal.walks()
        whose = asked_about(config, journal, kept)
        group = config.tenants.group if config.tenants is not None else None
        tenants = {key.member for key in people.members if key.role == group}
        changed = journal.renamed(memory.cluster(people.target), None)
    except psycopg.errors.InsufficientPrivilege:
        return ()
    whose |= {was: "the tenants" for was, now in changed.items() if now in tenants}
    return _renamed(changed, whose, people)


def known_to(name: WalkName, roles: Iterable[str]) -> dict[str, str]:
    """These roles as ones that a walk refers to by name, for ``whose`` of :func:`find_renamed`."""
    return dict.fromkeys(roles, f"walk {name.words}")


def refuse_renamed(found: Iterable[Renamed]) -> None:
    """Raise Refused for the first of these, if there is one."""
    for one in found:
        raise Refused(one.what, f"{one.fix} then run the same command again")


def taken(source: str, config: Config, names: Iterable[str]) -> ConfigError:
    """The error that roles with configured names exist and may not be taken over. ``source``: where the names are
    from.
    """
    name = sorted(names)[0]
    return ConfigError(
        f"{source}: [roles] {config.roles.purpose(name)} = {quote(name)} is a role that exists already",
        "choose a free name, or have it taken over as it is: "
        f"flatsplit init --legacy-role {shlex.quote(config.legacy_role)} --adopt",
    )


def keep(journal: Journal, record: CutoverRecord, config: Config) -> str:
    """Record the configuration's names of the new roles, if they differ from the recorded ones. Returns the text of the
    configuration that is on record then.

    Called inside the transaction that begins to use the names.
    """
    if recorded(record).new == config.roles.new:
        return record.config
    text = configuration.render(config)
    journal.replace_config(record.id, text)
    journal.event(
        "renamed", None, f"the new roles are {', '.join(config.roles.new)}", {"roles": list(config.roles.new)}
    )
    return text

"""The names of roles, from the beginning of a walk to its end: whose role a name means must not change on the way.

A role that exists and is neither in the baseline nor made by a step would be taken for flatsplit's own, and a rollback
would drop it. A name that is changed in the configuration after its role was made would leave that role behind, with
all it holds. A role that is given another name in the database keeps what it has, and nobody watches it: its old name
would be taken for a role that is gone, or for the one that has the name now.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from flatsplit import config as configuration
from flatsplit import ddl
from flatsplit.config import PURPOSES, Config, RoleNames
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError, Refused
from flatsplit.evidence import memory
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.model import State, WalkName
from flatsplit.walks import marks


def recorded(record: CutoverRecord) -> RoleNames:
    """The names as the journal knows them."""
    return configuration.parse(record.config, "the journal").roles


def check(config: Config, known: RoleNames, *, live: Collection[str], first_seen: Collection[str], begun: bool) -> None:
    """Raise ConfigError where a name was changed to that of somebody else's role, or too late."""
    for purpose in PURPOSES:
        was, now = str(getattr(known, purpose)), str(getattr(config.roles, purpose))
        if was == now:
            continue
        if begun and was and was in live:
            raise ConfigError(
                f"flatsplit.toml: [roles] {purpose} = {quote(now)}, but this walk began with {quote(was)}",
                f"write {purpose} = {quote(was)} again; only before create-roles, or after `flatsplit rollback --all`, "
                "another name will do",
            )
        if now in live and now not in first_seen:
            raise taken("flatsplit.toml", config, [now])


def refuse_strangers(config: Config, live: State, first_seen: Collection[str], journal: Journal) -> None:
    """Raise ConfigError for a new role that came since ``init`` and is another walk's, or in use elsewhere.

    It was not made by hand from this walk's runbook: whoever means to share it says so, as at ``init``.
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


@dataclass(frozen=True, slots=True)
class Renamed:
    """A role that somebody gave another name: it is known by its oid."""

    was: str
    now: str
    whose: str
    """What knows it by its former name, as in a sentence: "walk group app_user"."""
    taken: bool
    """Another role has the former name."""

    @property
    def what(self) -> str:
        """What happened."""
        other = f", and {self.was} is another role now" if self.taken else ""
        return f"role {self.was} of {self.whose} has been renamed to {self.now}{other}"

    @property
    def fix(self) -> str:
        """What takes it back."""
        back = f"rename it back: ALTER ROLE {ddl.ident(self.now)} RENAME TO {ddl.ident(self.was)};"
        return f"give that one another name, then {back}" if self.taken else back


def find_renamed(journal: Journal, live: State, whose: Mapping[str, str], *, ever: bool = False) -> tuple[Renamed, ...]:
    """Which of these roles were called otherwise when the last step of any walk ended.

    ``whose``: what knows each of them by its name.
    ``ever``: those that are not there by their names, than when any step ended.
    """
    asked = [role for role in whose if role not in live.roles] if ever else list(whose)
    if not asked:
        return ()
    found = (journal.called_now if ever else journal.renamed)(memory.cluster(live.target), asked)
    return tuple(Renamed(was, now, whose[was], was in live.roles) for was, now in sorted(found.items()))


def known_to(name: WalkName, roles: Iterable[str]) -> dict[str, str]:
    """These roles as what a walk knows by name."""
    return dict.fromkeys(roles, f"walk {name.words}")


def refuse_renamed(found: Iterable[Renamed]) -> None:
    """Raise Refused for the first of them."""
    for one in found:
        raise Refused(one.what, f"{one.fix} Then run the same command again")


def taken(source: str, config: Config, names: Iterable[str]) -> ConfigError:
    """These roles exist, and nobody said that they are to be taken over."""
    name = sorted(names)[0]
    return ConfigError(
        f"{source}: [roles] {config.roles.purpose(name)} = {quote(name)} is a role that exists already",
        "choose a free name, or have it taken over as it is: "
        f"flatsplit init --legacy-role {shlex.quote(config.legacy_role)} --adopt",
    )


def keep(journal: Journal, record: CutoverRecord, config: Config) -> str:
    """Make the names those of this walk, in the transaction that begins to work with them; the text now on record."""
    if recorded(record).new == config.roles.new:
        return record.config
    text = configuration.render(config)
    journal.replace_config(record.id, text)
    journal.event(
        "renamed", None, f"the new roles are {', '.join(config.roles.new)}", {"roles": list(config.roles.new)}
    )
    return text

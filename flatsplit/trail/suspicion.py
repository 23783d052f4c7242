"""Judges who did something, by role and address only, since a client chooses the application's name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flatsplit import blueprint
from flatsplit.connection import APPLICATION_NAME, OwnSession
from flatsplit.trail.acts import Kind
from flatsplit.trail.times import moment
from flatsplit.trail.values import Deed, Judgement

_ALARMING: Mapping[Kind, str] = {
    "structure": "changes the structure",
    "rights": "gives or takes rights",
    "role": "changes roles",
    "become": "tries to be another role",
    "server": "reaches for the server's own programs, files or secrets",
}
"""Acts that no application should do."""
_SECOND = timedelta(seconds=1)
"""log_line_prefix may have whole seconds only."""
_VERIFY = "`flatsplit verify --password-file`, which tries such things,"


@dataclass(frozen=True)
class Cast:
    """The known logins and addresses."""

    purposes: Mapping[str, tuple[str, ...]]
    """By login, the new roles that it acts as, by purpose; a special role counts as ``special``."""
    people: frozenset[str] = frozenset()
    """Logins of persons: dba and its members, operators."""
    legacy: frozenset[str] = frozenset()
    """The old role, and roles that act as it."""
    existing: frozenset[str] | None = None
    """The roles that exist; None where that is not known."""
    addresses: frozenset[str] = frozenset()
    """The addresses from which the migration tool was seen."""
    become: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By purpose, the roles that it may become."""
    truncate: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By purpose, the tables that it may empty, as SQL names them."""
    watched: bool = True
    """Whether any addresses are known."""
    trials: Collection[OwnSession] = ()
    """Trials of flatsplit itself as other roles, from the journal."""

    def tried(self, deed: Deed) -> bool:
        """Whether a session of flatsplit's own did it, by its process and time: a name can be imitated, a process
        cannot.
        """
        when = moment(deed.at) if deed.at else None
        return when is not None and any(
            one.login == deed.login and one.pid == deed.pid and one.began - _SECOND <= when <= one.ended + _SECOND
            for one in self.trials
        )


def judge(deed: Deed, cast: Cast) -> tuple[Judgement, str]:
    """The judgement on a deed, and the reason."""
    if not deed.login:
        return _unnamed(deed, cast)
    if deed.doubtful:
        return "suspicious", f"something in the line imitates the log, so it may not have been {deed.login}"
    if cast.tried(deed):
        return "legitimate", f"flatsplit's own trial, logged in as {deed.login} (flatsplit history)"
    judgement, why = _of(deed, deed.login, cast)
    if judgement == "suspicious" and deed.application == APPLICATION_NAME:
        why += f"; or {_VERIFY} ran then and from there"  # it says so itself, which anybody can
    return judgement, why


def _of(deed: Deed, login: str, cast: Cast) -> tuple[Judgement, str]:
    purposes = cast.purposes.get(login, ())
    if login in cast.legacy:
        return "look", f"{login} is the old role, which was the application and the migration tool at once"
    if login in cast.people or blueprint.ADMINISTRATOR.key in purposes:
        return "person", f"{login} is a person"
    if blueprint.OWNER.key in purposes:
        return _migrator(deed, login, cast)
    for purpose in (blueprint.APPLICATION.key, "special", blueprint.READER.key):
        if purpose in purposes:
            return _application(deed, login, purpose, cast)
    if cast.existing is not None and login not in cast.existing:
        return "look", f"there is no role {login} any more"
    return "look", f"{login} is none of the roles of flatsplit.toml"


def _migrator(deed: Deed, login: str, cast: Cast) -> tuple[Judgement, str]:
    if deed.outcome == "refused":
        return "look", f"{login} is the migration tool's role, and may not do this"
    if not deed.client:
        return "look", f"{login} is the migration tool's role; the source does not say from where"
    if deed.client in cast.addresses:
        return "legitimate", f"a migration: {login} from an address of the migration tool's"
    if not cast.watched:
        return "look", f"{login} is the migration tool's role; no address of it is on record (flatsplit observe)"
    return "look", f"{login} is the migration tool's role, but was never seen from {deed.client}"


def _application(deed: Deed, login: str, purpose: str, cast: Cast) -> tuple[Judgement, str]:
    if deed.kind == "become" and deed.outcome != "refused" and deed.object in cast.become.get(purpose, ()):
        return "legitimate", f"{login} may become {deed.object} ([become])"
    if deed.act == "TRUNCATE" and deed.outcome != "refused" and _listed(deed.object, cast.truncate.get(purpose, ())):
        return "legitimate", f"{login} may empty it ([grants.{purpose}])"
    if deed.kind in _ALARMING:
        return (
            "suspicious",
            f"{login} {_ALARMING[deed.kind]}, which the application never does: an injection looks like this",
        )
    if deed.outcome == "refused":
        return "look", f"{login} may not: a missing GRANT, or somebody tries what can be done"
    return "legitimate", f"{login} may do this"


def _listed(name: str, names: Collection[str]) -> bool:
    return any(each == name or each.rpartition(".")[2] == name for each in names)


def _unnamed(deed: Deed, cast: Cast) -> tuple[Judgement, str]:
    """The judgement where no login is named; pg_stat_statements names the role that it ran as."""
    if not deed.acting_as:
        return "look", "the source does not say who it was"
    judgement, why = _of(deed, deed.acting_as, cast)
    if judgement == "legitimate" and deed.kind in _ALARMING:
        return "look", why
    return judgement, why

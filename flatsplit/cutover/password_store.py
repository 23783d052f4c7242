"""Passwords that a hook stores: made up here, stored before the server gets them, then handed out by the store."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from flatsplit.model import WalkName
from flatsplit.store import SecretPlace, Store, StoreFailed
from flatsplit.walks import rotate

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


class Stored:
    """A source of passwords (:class:`flatsplit.cutover.interaction.Passwords`)."""

    def __init__(
        self, store: Store, place: Callable[[str], SecretPlace], name: WalkName, again: Collection[str] = ()
    ) -> None:
        self.store = store
        self.place = place
        self.name = name
        self.again = frozenset(again)
        """Roles that have the new password already, as the journal knows: it may be current by now."""

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """For each role the pending password of a call that was broken off, or a new one."""
        return {role: self._found(role) or secrets.token_urlsafe(24) for role in roles}

    def _found(self, role: str) -> str | None:
        if role in self.again:
            return self.store.get(self.place(role), "pending") or self.store.get(self.place(role), "current")
        return self.store.made_up(self.place(role))

    def require(self, roles: Sequence[str]) -> None:
        """Does nothing: what the store does not have is made up."""

    def at_hand(self) -> Mapping[str, str]:
        """Empty: the store is not asked here."""
        return {}

    def keep(self, role: str, password: str, verifier: str) -> None:
        """Store a password before the server gets it."""
        self.store.pending(self.place(role), password, verifier)

    def read_back(self, role: str) -> str:
        """The password as the store will give it out."""
        found = self.store.get(self.place(role), "pending") or self.store.get(self.place(role), "current")
        if found is None:
            raise StoreFailed(
                f"the store has no password of {role} any more",
                f"{self.name.typed('next')} --password-file FILE goes on with one that you have",
            )
        return found

    def hand_over(self, role: str) -> None:
        """Let applications have the password from now on."""
        self.store.current(self.place(role))

    def handed_over(self, role: str, password: str) -> bool:
        """Whether applications have this password."""
        return self.store.get(self.place(role), "current") == password


def stored(walk: Walk, name: WalkName, tell: Callable[[str], None]) -> Stored | None:
    """The store of the configuration, for a walk that hands out passwords; None where there is none.

    ``walk`` may be another one than ``name``, which is about to begin. ``tell`` hears what the hook prints.
    """
    argv, config = walk.config.rotation.store, walk.config
    if not argv or name.kind != rotate.NAME:
        return None
    info = walk.session.driver.info
    groups = {login: role for role in config.roles.new for login in config.logins(role) or ()}

    def place(role: str) -> SecretPlace:
        return SecretPlace(role, groups.get(role, role), info.dbname, info.host, info.port)

    there = any(record.walk == name for record in walk.kept)
    changed = there and any(tally.step == rotate.CHANGE for tally in walk.journal_of(name).tallies())
    return Stored(Store(argv, tell), place, name, [name.subject] if changed else [])

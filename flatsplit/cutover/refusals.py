"""What the application is being refused, for ``status`` and ``watch``. Nothing where no log can be read; ``flatsplit
who --log`` reads one that is named.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.server.logged import log_in_files
from flatsplit.server.sessions import server_clock

if TYPE_CHECKING:
    from flatsplit.model import State
    from flatsplit.trail.refused import Lately, Refusal

LATELY = timedelta(hours=24)
_TAIL = 4 * 1024 * 1024
_FRESH = 60.0
"""Seconds for which what was rehearsed counts."""


def refusals(session: Session, config: Config, live: State | None = None) -> tuple[Refusal, ...]:
    """What was refused to app_user and its logins lately, suspicious ones first, with what to do about each.

    ``live``: the catalog, where it is already read.
    """
    return Refusals(session, config).now(live)


class Refusals:
    """The same for repeated looks, which does not rehearse a statement that it has rehearsed already."""

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._config = config
        self._rehearsed: dict[tuple[str, ...], tuple[str, bool]] = {}
        self._at = 0.0

    def now(self, live: State | None = None) -> tuple[Refusal, ...]:
        """As :func:`refusals`."""
        if not log_in_files(self._session.driver):
            return ()
        from flatsplit.trail.refused import lately

        found = lately(self._session, self._config, server_clock(self._session.driver) - LATELY, _TAIL)
        wanted = {_key(one) for one in found.refusals if one.judgement != "suspicious"}
        if wanted - self._rehearsed.keys() or (wanted and time.monotonic() - self._at > _FRESH):
            self._rehearse(found, live)
        told = {**{_key(one): (one.remedy, one.mended) for one in found.refusals}, **self._rehearsed}
        return tuple(
            replace(one, remedy=remedy, mended=mended)
            for one in found.refusals
            for remedy, mended in (told[_key(one)],)
        )

    def _rehearse(self, found: Lately, live: State | None) -> None:
        from flatsplit.catalog import read_state
        from flatsplit.trail.refused import rehearsed

        found = rehearsed(self._session, self._config, live or read_state(self._session.driver), found)
        self._rehearsed = {_key(one): (one.remedy, one.mended) for one in found.refusals}
        self._at = time.monotonic()


def _key(one: Refusal) -> tuple[str, ...]:
    return (one.login, one.client, one.act, one.object)

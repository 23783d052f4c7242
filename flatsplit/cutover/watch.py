"""``watch``: looks repeatedly at who is connected, and records nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta

from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.clients import connected
from flatsplit.cutover.role_names import refuse_renamed, renamed_at_a_glance
from flatsplit.model import Backend


def watch(session: Session, config: Config, interval: timedelta, count: int | None) -> Iterator[tuple[Backend, ...]]:
    """``count`` looks, or without end. It needs no walk, so it can be used before ``init``.

    Raises Refused as soon as one of the roles has another name: nobody would be seen as that role any more.
    """
    for place in itertools.count() if count is None else range(count):
        if place:
            time.sleep(interval.total_seconds())
        people = read_people(session.driver)
        refuse_renamed(renamed_at_a_glance(session, config, people))
        yield connected(session, config, people)

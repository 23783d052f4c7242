"""``watch``: looks repeatedly at who is connected, and records nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.clients import connected
from flatsplit.model import Backend


def watch(session: Session, config: Config, interval: timedelta, count: int | None) -> Iterator[tuple[Backend, ...]]:
    """``count`` looks, or without end. It needs no walk, so it can be used before ``init``."""
    for place in itertools.count() if count is None else range(count):
        if place:
            time.sleep(interval.total_seconds())
        yield connected(session, config)

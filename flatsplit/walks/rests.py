"""How long a step waits, by the durations under ``[gates]`` of flatsplit.toml, whichever walk it belongs to. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from flatsplit.config import Config


class Configured(Protocol):
    """What the steps of any walk are given."""

    @property
    def config(self) -> Config:
        """flatsplit.toml as it is now."""


def drain(context: Configured) -> timedelta:
    """How long nobody has been seen under a login before it counts as unused."""
    return context.config.gates.drain


def soak(context: Configured) -> timedelta:
    """How long what has happened rests, so that whoever was overlooked is heard before it is made final."""
    return context.config.gates.soak

"""Which walk is meant: its kind and what it is about."""

from __future__ import annotations

import shlex
from typing import NamedTuple, Self


class WalkName(NamedTuple):
    """A walk as people name it: ``split``, or ``KIND:SUBJECT``."""

    kind: str
    subject: str = ""
    """The role (or whatever it is) that the walk was begun for; "" for a kind of which a database has one."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what was typed; a subject may hold any character."""
        kind, _, subject = text.partition(":")
        return cls(kind, subject)

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}" if self.subject else self.kind

    @property
    def option(self) -> str:
        """As it is typed in a shell: ``--walk 'group:two words'``."""
        return f"--walk {shlex.quote(str(self))}"

    def typed(self, verb: str, *, several: bool = False) -> str:
        """``flatsplit next``, and which walk is meant: for another than the split, and where several are kept."""
        return f"flatsplit {verb} {self.option}" if several or self.kind != "split" else f"flatsplit {verb}"

    @property
    def begins(self) -> str:
        """The command that begins it, as it is typed in a shell: ``flatsplit begin group 'two words'``."""
        return " ".join(("flatsplit begin", self.kind, *((shlex.quote(self.subject),) if self.subject else ())))

    @property
    def words(self) -> str:
        """``group app_user``: as after ``flatsplit begin``."""
        return f"{self.kind} {self.subject}".rstrip()


SPLIT = WalkName("split")
"""The walk that ``init`` begins; there is one of it in a database."""

"""The same SQL with other names in it: quotes, signs that formats mean, line breaks, keywords, 63 bytes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from flatsplit.ddl import ident

PIECES = (
    'Or"d',
    "a%s",
    "x:y",
    "new\nline",
    "it's",
    "$1",
    "{0}",
    "ü" * 30,
    "UPPER",
    " lead",
    "back\\",
    "%",
    ":a",
    "tab\t",
)
WORDS = ("select", "table", "user", "order", "group", "all", "analyse")
"""Keywords, which only quotes make names."""


@dataclass
class Named:
    """What each thing is called; whatever is not among them keeps its name."""

    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def hostile(cls, chance: random.Random, names: Iterable[str]) -> Named:
        """Other names for all of these, drawn, each different."""
        found = cls()
        for number, name in enumerate(sorted(names)):
            word = WORDS[number] if number < len(WORDS) else f"{chance.choice(PIECES)}{number:02}"
            found.names[name] = word
        drawn = list(found.names.values())
        chance.shuffle(drawn)
        found.names = dict(zip(found.names, drawn, strict=True))
        return found

    def __call__(self, name: str) -> str:
        return self.names.get(name, name)

    def sql(self, text: str) -> str:
        """The text with these names, each as an identifier."""
        if not self.names:
            return text
        return re.sub(rf"\b({'|'.join(self.names)})\b", lambda found: ident(self.names[found[1]]), text)

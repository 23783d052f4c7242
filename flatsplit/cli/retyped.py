"""Commands in texts as they have to be typed after this call: with the configuration file that it was given. Pure."""

from __future__ import annotations

import re
import shlex
from typing import Any

from flatsplit.cli.command_names import COMMANDS

_COMMAND = re.compile(rf"(?<![\w./-])flatsplit (?=(?:{'|'.join(map(re.escape, COMMANDS))})\b)")


class Retyped:
    """Adds ``--config FILE`` to each command of flatsplit that a text names; without a file, texts stay as they are.

    Texts of the whole program say ``flatsplit next``: only the command line knows how it was called. ``--dsn`` is not
    added, since it may have a password in it.
    """

    def __init__(self, config: str = "") -> None:
        self._option = f"--config {shlex.quote(config)} " if config else ""

    def text(self, text: str) -> str:
        """``run `flatsplit next` `` → ``run `flatsplit --config shop.toml next` ``."""
        if not self._option or "flatsplit " not in text:
            return text
        return _COMMAND.sub(lambda found: found.group() + self._option, text)

    def data(self, value: Any) -> Any:
        """The same for each text in a JSON value; keys stay."""
        if not self._option:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.data(part) for key, part in value.items()}
        return [self.data(part) for part in value] if isinstance(value, (list, tuple)) else value

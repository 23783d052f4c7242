"""Texts as they hold for this call: commands and the configuration file as it was given. Pure."""

from __future__ import annotations

import re
import shlex
from typing import Any

from flatsplit.cli.command_names import COMMANDS

_COMMAND = re.compile(rf"(?<![\w./-])flatsplit (?=(?:{'|'.join(map(re.escape, COMMANDS))})\b)")
DEFAULT_CONFIG = "flatsplit.toml"
_CONFIG = re.compile(r"(?<![\w./-])flatsplit\.toml\b")


class Retyped:
    """Texts of the whole program say ``flatsplit next`` and ``flatsplit.toml``: only the command line knows how it was
    called. Where that is by their usual names, texts stay as they are.

    ``file``: the configuration file that is read. ``option``: whether it was named by --config, so that a command needs
    that, too. ``--dsn`` is not added, since it may have a password in it.
    """

    def __init__(self, file: str = DEFAULT_CONFIG, *, option: bool = False) -> None:
        self._file = file if file != DEFAULT_CONFIG else ""
        self._option = f"--config {shlex.quote(file)} " if option else ""

    def text(self, text: str) -> str:
        """``run `flatsplit next` `` → ``run `flatsplit --config shop.toml next` ``."""
        if self._file and DEFAULT_CONFIG in text:
            text = _CONFIG.sub(lambda _: self._file, text)
        if self._option and "flatsplit " in text:
            text = _COMMAND.sub(lambda found: found.group() + self._option, text)
        return text

    def data(self, value: Any) -> Any:
        """The same for each text in a JSON value; keys stay."""
        if not (self._file or self._option):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.data(part) for key, part in value.items()}
        return [self.data(part) for part in value] if isinstance(value, (list, tuple)) else value

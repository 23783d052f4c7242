"""``runbook``: the files that were written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json


def show(printer: Printer, files: Sequence[Path]) -> None:
    """One a line."""
    for path in files:
        printer.say(str(path))


def shape(files: Sequence[Path]) -> Json:
    """``runbook --json``."""
    return {"files": [str(path) for path in files]}

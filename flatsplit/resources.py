"""Finds the files that are not Python: in the installed package, or at the top of a checkout."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flatsplit.errors import FlatsplitError

_PACKAGE = Path(__file__).parent


class ResourceMissing(FlatsplitError):
    """A file of flatsplit is missing."""


def templates() -> Path:
    """The folder of the Jinja templates."""
    return _folder("templates")


def migrations() -> Path:
    """The folder of the Alembic migrations of the tracking schema."""
    return _folder("migrations")


_PART = re.compile(rb"^\\ir (\w+)\.sql\n", re.MULTILINE)
"""What queries have in common stands in a file of its own, which they name as for psql."""


@cache
def query(package: str | None, name: str) -> bytes:
    """The text of ``queries/NAME.sql``, with the parts that it includes.

    It stands beside the modules of ``package``, which is the caller's ``__package__``.
    """
    assert package is not None, "a query belongs to a package"
    text = _PACKAGE.joinpath(*package.split(".")[1:], "queries", f"{name}.sql").read_bytes()
    return _PART.sub(lambda part: query(package, part[1].decode()), text)


def _folder(name: str) -> Path:
    # A wheel has them in _data; an editable install has no _data and uses the checkout
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise ResourceMissing(
        f"this installation of flatsplit has no {name}",
        "install it again: pip install --force-reinstall flatsplit",
    )

"""Databases in an encoding other than Unicode: characters that they lack are replaced by similar ones."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.json import set_json_dumps
from psycopg.types.string import StrDumperUnknown

_CODECS = {"EUC_CN": "gb2312", "KOI8R": "koi8_r", "KOI8U": "koi8_u", "WIN866": "cp866", "WIN874": "cp874"}
_CODECS |= {f"WIN{page}": f"cp{page}" for page in range(1250, 1259)}
"""Encodings of PostgreSQL that Python has under another name."""

_PLAIN = {"→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "×": "x"}
_PLAIN |= dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’‚", "'")


def adapt(driver: psycopg.Connection[Any]) -> None:
    """Let parameters of statements be encoded although they hold arrows and typographic quotes.

    Names from the database are in its encoding, so they are not changed.
    """
    encoding = driver.info.parameter_status("server_encoding") or "UTF8"
    if encoding == "UTF8":
        return
    if encoding == "SQL_ASCII":
        # It takes everything that UTF-8 can write, but has no characters by number, which JSON uses
        set_json_dumps(lambda value: json.dumps(value, ensure_ascii=False), driver)
        return
    try:
        codec = codecs.lookup(_CODECS.get(encoding, encoding)).name
    except LookupError:
        return

    class Fitting(StrDumperUnknown):
        def dump(self, obj: str) -> Buffer | None:
            return super().dump(fit(obj, codec))

    driver.adapters.register_dumper(str, Fitting)
    set_json_dumps(_FittingJson(codec), driver)


@dataclass(frozen=True)
class _FittingJson:
    """JSON in the characters of a codec. No closure, since psycopg warns of those on the operator's terminal."""

    codec: str

    def __call__(self, value: Any) -> str:
        return fit(json.dumps(value, ensure_ascii=False), self.codec)


def fit(text: str, codec: str) -> str:
    """The text with characters that the codec lacks replaced by plain ones."""
    return text.encode(codec, _HANDLER).decode(codec)


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


_HANDLER = "flatsplit_plainer"
codecs.register_error(_HANDLER, _plainer)

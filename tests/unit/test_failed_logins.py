"""Who is turned away as a role, found in logs of each format and language, whatever the role is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from flatsplit.logs import sniff
from flatsplit.trail.logins import FailedLogins
from flatsplit.trail.reading import search_chunks

ROLE = 'web "a", %s :x\nü'
SINCE = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
WRONG = 'password authentication failed for user "{}"'
CLOSED = 'role "{}" is not permitted to log in'
GERMAN = "Passwort-Authentifizierung für Benutzer »{}« fehlgeschlagen"


def without_state(at: str, client: str, message: str, state: str = "", word: str = "FATAL") -> str:
    del state
    text = message.replace("\n", "\n\t")
    return f"{at} [7] {client} {word}:  {text}\n"


def as_csv(at: str, client: str, message: str, state: str = "28P01", word: str = "FATAL") -> str:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    head = f'{at},{quoted(ROLE)},"shop",7,"{client}:5",6b.7,1,"authentication",{at},3/4,0,{word},{state}'
    return f'{head},{quoted(message)},,,,,,,,,"","client backend",,0\n'


def as_json(at: str, client: str, message: str, state: str = "28P01", word: str = "FATAL") -> str:
    row = {"timestamp": at, "user": ROLE, "dbname": "shop", "pid": 7, "remote_host": client, "session_id": "6b.7"}
    return json.dumps(row | {"error_severity": word, "state_code": state, "message": message}) + "\n"


FORMATS = {
    "csv": (as_csv, None),
    "json": (as_json, None),
    "stderr": (without_state, "%m [%p] %h "),
}


@pytest.mark.parametrize("form", FORMATS)
def test_each_is_counted_by_its_address(form: str) -> None:
    written: Callable[..., str]
    written, prefix = FORMATS[form]
    early, late = "2026-11-28 09:59:59.000 UTC", "2026-11-28 10:00:{:02}.000 UTC"
    text = "".join(
        (
            written(early, "10.0.0.9", WRONG.format(ROLE)),
            written(late.format(1), "10.0.0.5", WRONG.format(ROLE)),
            written(late.format(2), "10.0.0.5", GERMAN.format(ROLE)),
            written(late.format(3), "10.0.0.6", CLOSED.format(ROLE), "28000"),
            written(late.format(4), "10.0.0.7", WRONG.format("another")),
            written(late.format(5), "10.0.0.8", f'too many connections for role "{ROLE}"', "53300"),
            written(late.format(6), "10.0.0.8", WRONG.format(ROLE), "42501", "ERROR"),
        )
    )
    data = text.encode()
    found = FailedLogins(ROLE, SINCE)
    log = sniff(data, prefix)
    assert log is not None
    search_chunks([data[:200], data[200:]], log, found, "log")
    assert {client: one.times for client, one in found.clients.items()} == {"10.0.0.5": 2, "10.0.0.6": 1}
    assert found.clients["10.0.0.5"].last == datetime(2026, 11, 28, 10, 0, 2, tzinfo=UTC)

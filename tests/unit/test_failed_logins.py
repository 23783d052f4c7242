"""Who is turned away as a role, found in logs of each format and language, whatever the role is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from flatsplit.connection import OwnSession
from flatsplit.gates import known
from flatsplit.gates.logins import unrefused
from flatsplit.logs import SAMPLE, sniff
from flatsplit.model import GateResult
from flatsplit.trail.logins import FailedLogin, FailedLogins
from flatsplit.trail.reading import search_chunks
from flatsplit.trail.recent_log import LogRead
from flatsplit.trail.server import newest
from flatsplit.trail.values import Source

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


def test_an_attempt_of_ones_own_is_nobody() -> None:
    """Two lines at most of each attempt, as the role and at that moment: all else is somebody."""
    moments = [SINCE + timedelta(minutes=1, seconds=each) for each in (0.1, 0.4, 0.45, 0.6)]
    text = "".join(as_csv(f"{at:%Y-%m-%d %H:%M:%S}.{at:%f}"[:-3] + " UTC", "::1", WRONG.format(ROLE)) for at in moments)
    own = (OwnSession(ROLE, 0, moments[0], moments[1]),)
    found = FailedLogins(ROLE, SINCE, UTC, own=own)
    log = sniff(text.encode(), None)
    assert log is not None
    search_chunks([text.encode()], log, found, "log")
    assert [(one.times, one.last) for one in found.clients.values()] == [(2, moments[3])]


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


@pytest.mark.parametrize(
    ("begins", "ends", "named", "unknown"),
    [
        ("2026-11-28T09:00:00+00:00", "2026-11-28T11:00:00+00:00", False, ""),
        ("2026-11-28T09:00:00+00:00", "2026-11-28T09:30:00+00:00", False, ""),
        ("2026-11-28T09:00:00+00:00", "2026-11-28T09:30:00+00:00", True, "ends 2026-11-28T09:30:00+00:00, before"),
        ("2026-11-28T10:30:00+00:00", "2026-11-28T11:00:00+00:00", False, "begins 2026-11-28T10:30:00+00:00, not"),
        ("", "", False, "does not tell when it begins"),
        ("half past nine", "", False, "does not tell when it begins"),
    ],
)
def test_what_a_log_does_not_tell(begins: str, ends: str, named: bool, unknown: str) -> None:
    """The server's own that goes on quietly is no old one; a copy may be."""
    heard = LogRead(FailedLogins(ROLE), (Source("log", "log", begins, ends),), named=named)
    assert unknown in heard.blind(SINCE)
    assert bool(heard.blind(SINCE)) is bool(unknown)


def test_nothing_heard_is_not_nobody_there() -> None:
    assert LogRead(why="no").blind(SINCE) == "no"
    assert LogRead().blind(SINCE)


def login(client: str) -> dict[str, FailedLogin]:
    return {client: FailedLogin(client, 2, SINCE)}


def test_a_login_that_succeeded_clears_nobody_in_silence() -> None:
    def judged(found: FailedLogins) -> GateResult:
        result = known.gate("all 2 clients came again", found, "next --log FILE")
        assert result.open
        return result

    quiet = judged(FailedLogins(ROLE, begins="ten"))
    assert (quiet.notice, quiet.reason) == (False, "all 2 clients came again; nobody was turned away since ten")
    blind = judged(FailedLogins(ROLE, blind="no log"))
    assert blind.notice
    assert blind.fix.startswith("next --log FILE")
    assert "whether somebody was turned away is not known: no log" in blind.reason
    one = judged(FailedLogins(ROLE, begins="ten", clients=login("10.0.0.5")))
    assert one.notice
    assert "10.0.0.5 (2 ×" in one.reason
    assert "let in from there later" in one.reason
    assert "%h" not in one.fix
    anywhere = judged(FailedLogins(ROLE, begins="ten", clients=login("")))
    assert anywhere.notice
    assert "from there" not in anywhere.reason
    assert "%h" in anywhere.fix
    for each in (blind, one, anywhere):
        assert "nobody was turned away" not in each.reason


def test_what_is_not_known_of_a_closed_login_is_said() -> None:
    def judged(found: FailedLogins, result: GateResult | None = None) -> GateResult:
        return unrefused.gate([found], result, "next --log FILE")

    quiet = judged(FailedLogins("a", begins="ten"))
    assert (quiet.open, quiet.notice, quiet.reason, quiet.fix) == (True, False, "nobody asks for a since ten", "")
    late = judged(FailedLogins("a", begins="ten", blind="it begins at ten"))
    assert (late.open, late.notice, late.fix) == (True, True, "next --log FILE")
    assert late.reason == "nobody asks for a since ten; not known: it begins at ten"
    deaf = FailedLogins("a", blind="no log")
    assert judged(deaf).reason == "whether somebody asks for a is not known: no log"
    assert judged(deaf).notice
    theirs = GateResult("unrefused", True, "not known: no log; and 2 suspicious attempts", "look", notice=True)
    both = judged(deaf, theirs)
    assert both.reason == f"whether somebody asks for a is not known; {theirs.reason}"
    assert (both.open, both.notice, both.fix) == (True, True, "next --log FILE")
    neither = judged(deaf, GateResult("unrefused", True, "not known: no log", "next --log FILE", notice=True))
    assert neither.reason == "whether somebody asks for a, or is refused what he needs, is not known: no log"
    assert neither.notice
    closed = GateResult("unrefused", False, "app_user is refused", "grant")
    assert judged(deaf, closed) == closed


def test_how_many_files_a_tail_reaches_into() -> None:
    """The newest, those that were written to since, and the end of one before: nothing was said in between."""
    hours = [SINCE - timedelta(hours=1), SINCE + timedelta(hours=1), SINCE + timedelta(hours=2)]
    files = [
        (f"{number}.csv", size, at) for number, (size, at) in enumerate(zip((SAMPLE * 2, 100, 50), hours, strict=True))
    ]
    older = ("older.csv", 10, SINCE - timedelta(days=1))
    whole = [("1.csv", 100, 0), ("2.csv", 50, 0)]
    assert newest([older, *files], SINCE, SAMPLE * 9) == [("0.csv", SAMPLE * 2, SAMPLE), *whole]
    assert newest(files, SINCE, 130) == [("1.csv", 100, 20), ("2.csv", 50, 0)]
    assert newest(files, SINCE, 150) == whole
    assert newest(files[:1], SINCE, 130) == [("0.csv", SAMPLE * 2, SAMPLE * 2 - 130)]
    assert newest(files, None, 20) == [("2.csv", 50, 30)]
    assert newest([], SINCE, 20) == []


@pytest.mark.parametrize("form", FORMATS)
def test_when_a_log_begins_that_is_read_from_its_middle(form: str) -> None:
    line, prefix = FORMATS[form]
    log = "".join(line(f"2026-11-28 1{hour}:00:00 UTC", "10.0.0.1", "a\nb") for hour in range(3)).encode()
    kind = sniff(log, prefix)
    assert kind is not None
    cut = log.index(b"11:00:00")  # in the second
    begins = search_chunks([log[cut:]], kind, FailedLogins(ROLE), "").begins
    assert begins == "2026-11-28T12:00:00+00:00"

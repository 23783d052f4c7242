"""Writes flatsplit/logs/languages.json from the message catalogs of a server: ``python -m tests.catalogs``.

A server logs in the language of its lc_messages. What flatsplit has to know of a language is little: the words for the
severities and labels of a line, what stands before a statement, and how a message sounds whose SQLSTATE is 42501. Of
those a few fragments are kept, such that nearly every one of these messages holds one of them and no other message
does; the rest are kept whole.
"""

from __future__ import annotations

import gettext
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "flatsplit" / "logs" / "languages.json"

SEVERITIES = ("LOG", "ERROR", "WARNING", "FATAL", "PANIC", "NOTICE", "INFO", "DEBUG")
LABELS = ("DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "BACKTRACE", "STATEMENT")
REFUSED = re.compile(
    r"permission denied|must be owner of|must be superuser|must be (?:a )?member|must have |only superuser"
    r"|new row violates row-level|query would be affected by row-level"
)
"""Messages whose SQLSTATE is 42501, by the words of their first half in the sources (aclchk.c, user.c, …)."""
WITHHELD = re.compile(r"(?:no|not all) privileges (?:were granted|could be revoked)")
"""Warnings 01007 and 01006: the statement succeeds, and does nothing."""
NOT_REFUSED = re.compile(r"must have (?:the )?(?:same|at least|one|a |exactly)")
STATEMENT = "statement: %s"
TIMED = "duration: %s ms  statement: %s"
EXECUTE = ("execute", "execute fetch from")
TIMED_EXECUTE = "duration: %s ms  %s %s%s%s: %s"
EARLY = ("parse %s: %s", "bind %s%s%s: %s", "duration: %s ms  parse %s: %s", "duration: %s ms  bind %s%s%s: %s")
DURATION = "duration: %s ms"
INNER = 'SQL statement "%s"'
LOGINS = ('password authentication failed for user "%s"', 'role "%s" is not permitted to log in')
"""28P01 and 28000 (auth_failed() in auth.c, InitializeSessionUserId() in miscinit.c)."""
ENTERED = "connection authorized: user=%s"
LEFT = "disconnection: session time: "

_HOLES = re.compile(r"%(?:\d+\$)?[-+ 0#]*\d*[.\d]*(?:l|ll|z)?[sdiufcxXm]")


def languages(folder: Path) -> dict[str, dict[str, Any]]:
    """The data for each language that the server has a catalog of."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*/LC_MESSAGES/postgres*.mo")):
        with path.open("rb") as file:
            found[path.parts[-3]] = language(gettext.GNUTranslations(file))
    english = gettext.NullTranslations()
    sources = [key for key in catalog(path) if isinstance(key, str)]
    found["en"] = language(english, {key: key for key in sources})
    return found


def catalog(path: Path) -> Mapping[Any, str]:
    """Messages and their translations."""
    with path.open("rb") as file:
        known: Mapping[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # no public way to list
    return known


def language(of: gettext.NullTranslations, known: Mapping[Any, str] | None = None) -> dict[str, Any]:
    """The data for one language."""
    messages: Mapping[Any, str] = known if known is not None else of._catalog  # type: ignore[attr-defined]  # as above
    texts = {key: value for key, value in messages.items() if isinstance(key, str) and value}
    stay = "" if known is not None else "\n".join(key for key in texts)
    refused = {key for key in texts if REFUSED.match(key) and not NOT_REFUSED.match(key)}
    withheld = {key for key in texts if WITHHELD.match(key)}
    unmoved = fragments({texts[key] for key in withheld}, {texts[key] for key in texts.keys() - withheld}, stay)
    chosen = fragments({texts[key] for key in refused}, {texts[key] for key in texts.keys() - refused}, stay)
    return {
        # Georgian says the same of a NOTICE as of a WARNING, which matters more
        "severities": {of.gettext(word): word for word in reversed(SEVERITIES)},
        "labels": {of.gettext(f"{word}:  "): word for word in LABELS},
        "statement": parts(of.gettext(STATEMENT))[0],
        "timed": parts(of.gettext(TIMED))[:2],
        "execute": [of.gettext(each) for each in EXECUTE],
        "timed_execute": parts(of.gettext(TIMED_EXECUTE))[:2],
        "early": [[piece for piece in parts(of.gettext(each))[:-1] if piece] for each in EARLY],
        "duration": parts(of.gettext(DURATION))[0],
        "inner": parts(of.gettext(INNER)),
        "logins": [parts(of.gettext(each)) for each in LOGINS],
        "entered": parts(of.gettext(ENTERED))[0],
        "left": of.gettext("disconnection: session time: %d:%02d:%02d.%03d user=%s database=%s host=%s%s%s").split("%")[
            0
        ],
        "refused": chosen[0],
        "refused_whole": chosen[1],
        "withheld": unmoved[0],
        "withheld_whole": unmoved[1],
    }


def parts(text: str) -> list[str]:
    """The fixed parts of a message, between its placeholders."""
    return _HOLES.split(text)


def fragments(wanted: Iterable[str], others: Iterable[str], stay: str) -> tuple[list[str], list[list[str]]]:
    """Few pieces of text of which nearly every wanted message holds one and no other does; and the other wanted ones,
    in parts.

    ``stay``: words that are no language's, such as BYPASSRLS; a table may be called so, and then be in any message.
    """
    whole = {tuple(piece for piece in parts(text) if piece.strip()): parts(text) for text in wanted}
    rest = set(whole)
    elsewhere = "\n".join(others)
    offered: dict[str, set[tuple[str, ...]]] = {}
    for message in rest:
        for piece in message:
            for fragment in _within(piece):
                offered.setdefault(fragment, set()).add(message)
    good = {fragment: has for fragment, has in offered.items() if fragment not in elsewhere and fragment not in stay}
    chosen: list[str] = []
    while rest:
        best = max(good, key=lambda one: (len(good[one] & rest), -len(one), one), default="")
        if not best or not good[best] & rest:
            break
        chosen.append(best)
        rest -= good[best]
    return sorted(chosen), sorted(whole[message] for message in rest)


def _within(piece: str) -> set[str]:
    """Runs of whole words; where a language has no spaces, runs of characters."""
    words = re.findall(r"\s*\S+", piece)
    if len(words) < 3 and not piece.isascii():
        return {piece[i:j] for i in range(len(piece)) for j in range(i + 4, len(piece) + 1)}
    runs = ("".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
    return {run.strip() for run in runs if len(run.strip()) > 4}


if __name__ == "__main__":
    where = Path(sys.argv[1] if sys.argv[1:] else "/usr/share/locale")
    TARGET.write_text(json.dumps(languages(where), ensure_ascii=False, indent=1, sort_keys=True) + "\n")

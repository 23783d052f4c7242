"""``python -m tests.corpus``."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import tests.corpus
from tests.corpus.lines import Line
from tests.corpus.play import ROLES, Player
from tests.corpus.remember import remembering
from tests.corpus.script import statements
from tests.corpus.source import NotToBeHad, regression
from tests.corpus.stage import Stage, build, make_cluster

WRONG = ("allowed, refused", "allowed, fewer rows", "denied, works", "silent, refused")
"""What is wrong with a verdict."""
_FATAL = re.compile(r"ts_headline\(.*repeat\('x', 32768\)", re.DOTALL)
"""Written for a fault that 13 never got mended: its last server dies of them, whoever runs them."""
_ALONE = {"test_setup", "psql", "psql_crosstab", "misc_functions_slow"}


def _before(role: str) -> str:
    return f"{role}, by rules alone"


ROWS = (*ROLES, *map(_before, ROLES))


@dataclass
class Played:
    """What came out of one file."""

    statements: int = 0
    whole: bool = False
    """Whether time sufficed."""
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {row: Counter() for row in ROWS})
    findings: list[str] = field(default_factory=list)

    def count(self, name: str, role: str, line: Line) -> None:
        """A statement as one of the roles."""
        verdict, reasoned = line.verdicts[role], line.reasoned.get(role)
        found = [(role, verdict.verdict, verdict.reason)]
        if reasoned is not None:
            found.append((_before(role), reasoned.outcome, reasoned.reason))
        for row, outcome, reason in found:
            self.counts[row][outcome] += 1
            wrong = line.wrong(role, outcome, reason)
            self.counts[row][wrong or "right"] += 1
            if wrong or (row == role and outcome == "unknown"):
                said = line.said[role] or f"works, {line.rows[role]} rows"
                text = " ".join(line.text.split())[:300]
                what = f"WRONG {wrong}" if wrong else "UNKNOWN"
                self.findings.append(f"{what} [{name}] as {row} ({said}): {text}\n      {reason}")
                print(self.findings[-1])

    def add(self, other: Played) -> None:
        """Another file's."""
        self.statements += other.statements
        for row, counted in other.counts.items():
            self.counts[row] += counted


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus", description=tests.corpus.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--file", action="append", help="only this one, without .sql; repeatable")
    parser.add_argument("--part", default="1/1", help="only each n-th file from the m-th on: m/n")
    parser.add_argument("--each", default="1/1", metavar="M/N", help="only one of N statements, by their texts")
    parser.add_argument("--sql", type=Path, help="folder with the SQL files, instead of fetching them")
    parser.add_argument("--seconds", type=float, default=900, help="how long each file may take (default 900)")
    parser.add_argument(
        "--results", type=Path, help="folder with a result per file; files that have one are not played"
    )
    place = Path(tempfile.gettempdir()) / "flatsplit-corpus"
    parser.add_argument("--keep", type=Path, default=place, help="where the SQL files are kept")
    options = parser.parse_args()
    try:
        folder = options.sql or regression(options.keep)
    except NotToBeHad as why:
        raise SystemExit(f"the regression SQL is not to be had here: {why}") from None
    first, step = map(int, options.part.split("/"))
    names = options.file or [path.stem for path in sorted(folder.glob("*.sql"))][first - 1 :: step]
    total = Played()
    cut = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as work, make_cluster() as cluster, suppress(KeyboardInterrupt):
        stage = build(Path(work), cluster, list(_texts(folder, "test_setup")))
        for name in names:
            if name in _ALONE:
                continue
            kept = options.results / f"{name}.json" if options.results else None
            if kept and kept.exists():
                played = _read(kept)
            else:
                played = _play(stage, folder, name, options)
                if kept:
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    kept.with_suffix(".new").write_text(json.dumps(vars(played), indent=1))
                    kept.with_suffix(".new").rename(kept)
            total.add(played)
            if not played.whole:
                cut.append(name)
    _print(cluster.config.binaries.version, total)
    if cut:
        print(f"not played to the end, for lack of time: {', '.join(cut)}")
    raise SystemExit(any(counted[each] for counted in total.counts.values() for each in WRONG))


def _play(stage: Stage, folder: Path, name: str, options: argparse.Namespace) -> Played:
    began = time.monotonic()
    first, of = map(int, options.each.split("/"))
    played = Played()
    with stage.database() as database, remembering() as memory:
        player = Player(stage, database, memory, options.seconds, (first - 1, of))
        try:
            for line in player.play(_texts(folder, name)):
                played.statements += 1
                for role in ROLES:
                    played.count(name, role, line)
            played.whole = player.until > time.monotonic()
        finally:
            player.close()
    print(f"{name}: {played.statements} in {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return played


def _texts(folder: Path, name: str) -> list[str]:
    found = statements((folder / f"{name}.sql").read_text(errors="replace"))
    return [text for text in found if not _FATAL.search(text)]


def _read(path: Path) -> Played:
    found = Played(**json.loads(path.read_text()))
    found.counts = {row: Counter(counted) for row, counted in found.counts.items()}
    return found


def _print(version: str, total: Played) -> None:
    """As a table of Markdown: of what was said what was so, then what was not, then what nobody could say."""
    head = ("PostgreSQL", "as", "statements", "allowed", "refused", "silent", *_HEADS.values(), "unknown")
    print(f"| {' | '.join(head)} |")
    print("|---|---" + "|---:" * (len(head) - 2) + "|")
    for row, counted in total.counts.items():
        figures = [
            counted["allowed"] - counted["allowed, refused"] - counted["allowed, fewer rows"],
            counted["denied"] + counted["migrator"] - counted["denied, works"],
            counted["silent"] - counted["silent, refused"],
            *(counted[each] for each in _HEADS),
        ]
        share = f"{100 * counted['unknown'] / max(1, total.statements):.1f} %"
        print(f"| {version} | {row} | {total.statements} | {' | '.join(map(str, figures))} | {share} |")


_HEADS = {
    "allowed, refused": "allowed and yet refused",
    "allowed, fewer rows": "allowed with fewer rows",
    "denied, works": "refused and yet works",
    "silent, refused": "silent and yet refused",
}


if __name__ == "__main__":
    main()

"""``python -m tests.corpus``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import tests.corpus
from flatsplit.evidence.rehearsal import OUTCOMES
from tests.corpus.play import ROLES, Line, Player
from tests.corpus.script import statements
from tests.corpus.source import NotToBeHad, regression
from tests.corpus.stage import build, make_cluster

WRONG = ("allowed, refused", "allowed, fewer rows", "denied, works", "silent, refused")
_ALONE = {"test_setup", "psql", "psql_crosstab", "misc_functions_slow"}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus", description=tests.corpus.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--file", action="append", help="only this one, without .sql; repeatable")
    parser.add_argument("--part", default="1/1", help="only each n-th file from the m-th on: m/n")
    parser.add_argument("--each", default="1/1", metavar="M/N", help="only one of N statements, by their texts")
    parser.add_argument("--sql", type=Path, help="folder with the SQL files, instead of fetching them")
    parser.add_argument("--seconds", type=float, default=60, help="how long each file may take (default 60)")
    place = Path(tempfile.gettempdir()) / "flatsplit-corpus"
    parser.add_argument("--keep", type=Path, default=place, help="where the SQL files are kept")
    options = parser.parse_args()
    try:
        folder = options.sql or regression(options.keep)
    except NotToBeHad as why:
        raise SystemExit(f"the regression SQL is not to be had here: {why}") from None
    first_of, of = map(int, options.each.split("/"))
    first, step = map(int, options.part.split("/"))
    names = options.file or [path.stem for path in sorted(folder.glob("*.sql"))][first - 1 :: step]
    counts = {row: Counter[str]() for row in (*ROLES, *map(_before, ROLES))}
    total = 0
    with tempfile.TemporaryDirectory() as work, make_cluster() as cluster, suppress(KeyboardInterrupt):
        stage = build(Path(work), cluster, list(statements((folder / "test_setup.sql").read_text())))
        for name in names:
            if name in _ALONE:
                continue
            began, before = time.monotonic(), total
            with stage.database() as database:
                player = Player(stage, database, options.seconds, (first_of - 1, of))
                try:
                    for line in player.play(list(statements((folder / f"{name}.sql").read_text(errors="replace")))):
                        total += 1
                        for role in ROLES:
                            _count(counts, name, role, line)
                finally:
                    player.close()
            print(f"{name}: {total - before} in {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    head = ("role", "statements", *OUTCOMES, *WRONG)
    print(f"PostgreSQL {cluster.config.binaries.version}")
    print(f"| {' | '.join(head)} |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row, counted in counts.items():
        print(f"| {row} | {total} | " + " | ".join(str(counted[each]) for each in (*OUTCOMES, *WRONG)) + " |")
    raise SystemExit(any(counted[each] for counted in counts.values() for each in WRONG))


def _before(role: str) -> str:
    return f"{role}, by rules alone"


def _count(counts: dict[str, Counter[str]], name: str, role: str, line: Line) -> None:
    verdict, reasoned = line.verdicts[role], line.reasoned.get(role)
    found = [(role, verdict.verdict, verdict.reason)]
    if reasoned is not None:
        found.append((_before(role), reasoned.outcome, reasoned.reason))
    for row, outcome, reason in found:
        counts[row][outcome] += 1
        wrong = line.wrong(role, outcome, reason)
        counts[row][wrong] += 1
        if wrong or (row == role and outcome == "unknown"):
            said = line.said[role] or f"works, {line.rows[role]} rows"
            text = " ".join(line.text.split())[:300]
            print(f"{f'WRONG {wrong}' if wrong else 'UNKNOWN'} [{name}] as {row} ({said}): {text}\n      {reason}")


if __name__ == "__main__":
    main()

"""``python -m tests.live``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import tests.live
from tests.live.apps import APPS
from tests.live.play import Figures, play
from tests.live.worker import learn

_HEAD = ("application", "statements", "allowed", "denied", "migrator", "unknown", "ran as app_user", "refused", "wrong")


def _row(found: Figures) -> tuple[str, ...]:
    summary = found.summary
    verdicts = (str(summary[outcome]) for outcome in ("allowed", "denied", "migrator", "unknown"))
    return (
        f"{found.app} {found.releases}",
        str(sum(summary.values())),
        *verdicts,
        str(found.seen_again),
        str(found.refused),
        str(len(found.disagreements)),
    )


WORKERS = ("procrastinate", "pgqueuer")
"""Applications that are a worker."""


def _worker(names: Iterable[str], seconds: float, environments: Path) -> bool:
    wrong = 0
    for name in names:
        print(name, file=sys.stderr, flush=True)
        found = learn(APPS[name], seconds, environments)
        wrong += len(found)
        for line in found:
            print(f"  WRONG: {line[:500]}", file=sys.stderr, flush=True)
    return bool(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.live", description=tests.live.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--app", action="append", choices=sorted(APPS), help="only this one; repeatable")
    parser.add_argument("--seconds", type=float, default=60, help="how long each works, each time (default 60)")
    place = Path(tempfile.gettempdir()) / "flatsplit-live"
    parser.add_argument("--environments", type=Path, default=place, help="where virtual environments are kept")
    parser.add_argument("--worker", action="store_true", help="instead: under a role of its own, that is learned")
    options = parser.parse_args()
    if options.worker:
        raise SystemExit(_worker(options.app or WORKERS, options.seconds, options.environments))
    rows: list[tuple[str, ...]] = [_HEAD]
    wrong = 0
    for name in options.app or APPS:
        print(name, file=sys.stderr, flush=True)
        found = play(APPS[name], options.seconds, options.environments)
        rows.append(_row(found))
        wrong += len(found.disagreements)
        for line in found.disagreements:
            print(f"  WRONG: {line[:500]}", file=sys.stderr, flush=True)
    print(f"| {' | '.join(rows[0])} |")
    print("|---" + "|---:" * (len(_HEAD) - 1) + "|")
    for row in rows[1:]:
        print(f"| {' | '.join(row)} |")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()

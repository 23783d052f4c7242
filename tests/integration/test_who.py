"""Who did this: planted acts found in logs of every format, none missed and none misjudged."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.deeds import LOGINS, SETTINGS, TEMPLATES, Known, Planting, people, told
from tests.support.walk import Walk


def wait_for_log(database: Database, names: list[str]) -> list[Path]:
    """The logs, once the collector has written everything up to now."""
    mark = f"mark {time.monotonic_ns()}"
    database.execute(f"SELECT '{mark}'")
    logs = [database.cluster.data / "log" / name for name in names]
    for log in logs:
        for _ in range(200):
            if log.exists() and mark.encode() in log.read_bytes()[-20_000:]:
                break
            time.sleep(0.02)
    return logs


def compare(expected: Counter[Known], found: Counter[Known]) -> None:
    lines = [f"missing  {count} {key}" for key, count in sorted((expected - found).items())]
    lines += [f"too many {count} {key}" for key, count in sorted((found - expected).items())]
    assert not lines, "\n".join(lines)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_planted_acts_are_all_found_and_judged(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int, tmp_path: Path
) -> None:
    formats = "stderr,csvlog" + (",jsonlog" if major >= 15 else "")
    database = make_database(cluster=fresh_cluster(settings={**SETTINGS, "log_destination": formats}))
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    people(walk)
    with walk.connect("app_migrator"):
        walk("observe").check()
    planting = Planting(database)
    planting.prepare(len(LOGINS) * len(TEMPLATES) * 3)
    planting.plant(walk.passwords)
    assert sum(planting.truth.values()) >= 200
    assert {known.outcome for known in planting.truth} == {"done", "refused", "failed", "rolled back"}
    logs = wait_for_log(database, ["all.log", "all.csv"] + (["all.json"] if major >= 15 else []))
    refused = Counter({key: n for key, n in planting.truth.items() if key.outcome == "refused"})
    for log in logs:
        found = walk("who", "--log", str(log), "--json").check(4)
        assert "geheim" not in found.stdout
        compare(planting.truth, told(found.json))
        found = walk("who", "--refused", "--log", str(log), "--json").check(4).json
        compare(refused, Counter({key: n for key, n in told(found).items() if key.outcome == "refused"}))
    # The same from a folder, compressed, and by SQL
    folder = tmp_path / "logs"
    folder.mkdir()
    with gzip.open(folder / "all.csv.gz", "wb") as packed:
        packed.write(logs[1].read_bytes())
    (folder / "all.log").write_bytes(logs[0].read_bytes())
    (folder / "readme.txt").write_text("nothing")
    compare(planting.truth, told(walk("who", "--log", str(folder), "--json").check(4).json))
    compare(planting.truth, told(walk("who", "--json").check(4).json))

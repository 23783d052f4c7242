"""Who did this: planted acts found in logs of every format, none missed and none misjudged."""

from __future__ import annotations

import gettext
import gzip
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flatsplit.demo.server import DISPOSABLE, Binaries, Cluster, ClusterConfig
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.deeds import LOGINS, SETTINGS, TEMPLATES, Known, Planting, people, told
from tests.support.patience import until
from tests.support.walk import Walk


def wait_for_log(database: Database, names: list[str]) -> list[Path]:
    """The logs, once the collector has written everything up to now."""
    mark = f"mark {time.monotonic_ns()}"
    database.execute(f"SELECT '{mark}'")
    logs = [database.cluster.data / "log" / name for name in names]
    for log in logs:
        until(partial(_written, log, mark.encode()), f"{log.name}")
    return logs


def _written(log: Path, mark: bytes) -> bool:
    return log.exists() and mark in log.read_bytes()[-20_000:]


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


class Speaking(Cluster):
    """A server that speaks a language: its message catalogs are Debian's, and no locale but C has to be installed."""

    language = ""

    def _as_owner(self) -> dict[str, Any]:
        how = super()._as_owner()
        how["env"] |= {"LANGUAGE": self.language, "LC_ALL": "", "LANG": "C.UTF-8"}
        return how


CATALOGS = sorted(Path("/usr/share/locale").glob("*/LC_MESSAGES/postgres-15.mo"))
DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.skipif(not CATALOGS or not DEBIAN.exists(), reason="no PostgreSQL with message catalogs here")
@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda path: path.parts[-3])
def test_planted_acts_in_other_languages_with_a_prefix_that_says_little(
    make_database: MakeDatabase, invoke_cli: InProcess, catalog: Path
) -> None:
    """Neither SQLSTATE nor the number of a transaction: only the words tell what was refused."""
    binaries = Binaries.at(DEBIAN)
    assert binaries is not None
    settings = {
        **DISPOSABLE,
        **SETTINGS,
        "log_destination": "stderr,csvlog,jsonlog",
        "log_line_prefix": "%m [%p] %q%u@%d/%h ",
        "lc_messages": "C.UTF-8",
    }
    made = Speaking(ClusterConfig(binaries=binaries, auth="trust", settings=settings))
    made.language = catalog.parts[-3]
    with made as cluster:
        database = make_database(cluster=cluster)
        walk = Walk(invoke_cli, database).init()
        walk.forward("enable-login")
        with walk.connect("app_migrator"):
            walk("observe").check()
        logins = ("app_user", "app_migrator")
        planting = Planting(database, logins)
        planting.prepare(len(logins) * len(TEMPLATES) * 3)
        planting.plant(walk.passwords)
        logs = wait_for_log(database, ["all.log", "all.csv", "all.json"])
        with catalog.open("rb") as file:
            owner = gettext.GNUTranslations(file).gettext("must be owner of table %s")
        assert owner.partition("%s")[0].encode() in logs[0].read_bytes()
        nameless: Counter[Known] = Counter()
        for known, number in planting.truth.items():
            nameless[known._replace(application="")] += number
        for log in logs:
            found = told(walk("who", "--log", str(log), "--json").check(4).json, logins)
            compare(nameless if log.suffix == ".log" else planting.truth, found)
        refused = walk("who", "--refused", "--log", str(logs[0]), "--json").check(4).json
        wanted = Counter({key: n for key, n in nameless.items() if key.outcome == "refused"})
        compare(wanted, Counter({key: n for key, n in told(refused, logins).items() if key.outcome == "refused"}))
        database.close()

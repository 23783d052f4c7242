"""runbooks/shop is what ``flatsplit runbook`` writes for the demo's shop today."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from flatsplit.demo import flat
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT
from tests.fixtures.servers import FreshCluster

EXAMPLE = ROOT / "runbooks" / "shop"
UPDATE = bool(os.environ.get("FLATSPLIT_UPDATE_GOLDEN"))

# What is different on every server, and what is compared instead
VOLATILE = (
    (r"\b[0-9a-f]{64}\b", "SHA-256"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( UTC|\+00:00)?", "TIME"),
    (r"\b\d{19}\b", "CLUSTER"),
    (r"\b[0-9a-f]{16}\b", "DIGEST"),
    (r"\(oid \d+\)|\"database_oid\": \d+", "OID"),
    (r"PostgreSQL \d+\.\d+|\"server_version\": \d+", "VERSION"),
    (r"((?i:large object)s? )\d+(, \d+)*", r"\1LARGE OBJECTS"),
    (r"flatsplit \d+\.\d+\.\d+\w*", "flatsplit VERSION"),
)


def content(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        text = path.read_text()
        for pattern, instead in VOLATILE:
            text = re.sub(pattern, instead, text)
        found[path.name] = text
    return found


def test_the_example_is_what_would_be_written_today(
    fresh_cluster: FreshCluster, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 writes it anew; look at the difference before committing it."""
    monkeypatch.setattr("flatsplit.journal.story.os_user", lambda: flat.OPERATOR)
    cluster = fresh_cluster(auth="scram")
    shown = re.search(r"PostgreSQL (\d+)", (EXAMPLE / "runbook.md").read_text()) if EXAMPLE.exists() else None
    if shown and int(shown[1]) != cluster.major:
        pytest.skip(f"the example is of PostgreSQL {shown[1]}, whose privileges are not those of {cluster.major}")
    dsn = flat.build(cluster).conninfo(flat.OPERATOR)
    invoke_cli("init", "--legacy-role", flat.LEGACY, "--yes", dsn=dsn).check()
    invoke_cli("runbook", "--out", "shop", dsn=dsn).check()
    written = invoke_cli.cwd / "shop"
    if UPDATE:
        shutil.rmtree(EXAMPLE, ignore_errors=True)
        shutil.copytree(written, EXAMPLE)
    now, then = content(written), content(EXAMPLE)
    assert now.keys() == then.keys()
    for name, text in then.items():
        assert now[name] == text, (
            f"runbooks/shop/{name}: if the change is meant, run this with FLATSPLIT_UPDATE_GOLDEN=1"
        )

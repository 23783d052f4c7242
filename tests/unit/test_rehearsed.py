"""The gate ``rehearsed``, judged by recorded rehearsals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flatsplit.config import Gates
from flatsplit.gates.rehearsed import Past, gate
from flatsplit.model import GateResult

NOW = datetime(2030, 1, 31, tzinfo=UTC)
MOVED = NOW - timedelta(days=20)


def past(days: float, *, role: str = "app_user", file: str = "", **summary: int) -> Past:
    source = f"SQL file {file}" if file else "pg_stat_statements of shop in shop"
    return Past(NOW - timedelta(days=days), role, source, file, summary)


def judged(*found: Past, moved: datetime | None = MOVED, config: Gates | None = None, missing: str = "") -> GateResult:
    return gate(found, "app_user", moved, NOW, config or Gates(), missing)


REQUIRED = Gates(rehearsal="required")


def test_a_clean_one_opens_it_and_the_evidence_is_told() -> None:
    for config in (Gates(), REQUIRED):
        found = judged(past(1, allowed=1200, migrator=12, unknown=3), config=config)
        assert (found.open, found.notice) == (True, False)
        assert found.reason == (
            "1,215 statements rehearsed 1d ago (pg_stat_statements of shop in shop): "
            "1,200 allowed, 12 migrator, 3 unknown; the 12 of DDL have to come from the migration tool only"
        )


@pytest.mark.parametrize("outcome", ["denied", "silent"])
@pytest.mark.parametrize("days", [0.01, 19, 400])
def test_a_bad_one_closes_it_however_old(outcome: str, days: float) -> None:
    found = judged(past(days, allowed=5, denied=2) if outcome == "denied" else past(days, silent=2))
    assert not found.open
    assert found.waivable
    assert f": 2 {outcome}" in found.reason
    assert found.fix.startswith("take the remedies that `flatsplit rehearse` names")


def test_the_last_of_a_kind_counts_and_one_kind_does_not_excuse_the_other() -> None:
    bad, clean = past(3, denied=1), past(1, allowed=9)
    file = past(2, file="/tmp/it's.sql", allowed=1)
    assert judged(bad, clean).open
    assert not judged(clean, past(0.5, denied=1)).open
    assert not judged(bad, file).open  # one statement in a file says nothing of the others
    broken = past(2, file="/tmp/it's.sql", denied=1)
    closed = judged(broken, clean)
    assert not closed.open
    assert """`flatsplit rehearse --file '/tmp/it'"'"'s.sql'`""" in closed.fix
    assert judged(past(1, role="app_readonly", denied=4), clean).open


@pytest.mark.parametrize(
    ("rehearsals", "why"),
    [
        ((), "nobody rehearsed as app_user"),
        ((past(1, role="app_migrator", allowed=3),), "nobody rehearsed as app_user"),
        ((past(21, allowed=3),), "before ownership moved"),
        ((past(8, allowed=3),), "longer than 7d"),
        ((past(30, allowed=3), past(9, file="x", allowed=4)), "4 statements rehearsed 9d ago"),
    ],
)
def test_none_or_one_too_old_is_told_and_waits_only_where_that_is_asked_for(
    rehearsals: tuple[Past, ...], why: str
) -> None:
    advised, required = judged(*rehearsals), judged(*rehearsals, config=REQUIRED)
    assert (advised.open, required.open) == (True, False)
    assert advised.notice
    assert why in advised.reason
    assert advised.reason == required.reason
    assert advised.fix == "run `flatsplit rehearse`"
    assert judged(*rehearsals, config=Gates(rehearsal_age=timedelta(days=8, hours=1))).notice == (
        why != "longer than 7d"
    )
    blind = judged(*rehearsals, config=REQUIRED, missing="pg_stat_statements is not installed in this database")
    assert "pg_stat_statements is not installed" in blind.reason
    assert "rehearse --file FILE" in blind.fix


def test_an_age_of_nothing_is_no_limit() -> None:
    config = Gates(rehearsal="required", rehearsal_age=timedelta())
    assert judged(past(19, allowed=1), config=config).open
    assert not judged(past(21, allowed=1), config=config).open  # ownership moved since


def test_before_ownership_moved_nothing_counts_but_bad_news() -> None:
    assert judged(past(1, allowed=1), moved=None).notice
    assert not judged(past(1, denied=1), moved=None).open


def test_off_is_off() -> None:
    found = judged(past(1, denied=1), config=Gates(rehearsal="off"))
    assert (found.open, found.notice) == (True, False)

"""A journal in a copy of its database is recognised as such."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flatsplit.errors import JournalError
from flatsplit.journal import CutoverRecord, Journal, recognise
from flatsplit.model import Target

TARGET = Target("7", "shop", 5, 180000, "ops", False, "postgres")
CUTOVER = CutoverRecord(
    1, "shop", "legacy", 16384, 5, "7", "", "active", datetime(2026, 1, 1, tzinfo=UTC), "ops", "0.1.0", None
)


@pytest.mark.parametrize(
    ("then", "now"),
    [("7", "7"), ("", "7"), ("7", ""), ("", "")],
    ids=["both known", "unreadable at init", "unreadable now", "never readable"],
)
def test_the_same_database_is_recognised(then: str, now: str) -> None:
    recognise(replace(TARGET, system_identifier=now), CUTOVER._replace(system_identifier=then))
    Journal.recognise(replace(TARGET, system_identifier=now), CUTOVER._replace(system_identifier=then))


def test_another_cluster_is_a_copy_restored_elsewhere() -> None:
    with pytest.raises(JournalError) as refused:
        recognise(replace(TARGET, system_identifier="8"), CUTOVER)
    assert "restored elsewhere" in refused.value.what
    assert "flatsplit forget, then flatsplit init" in refused.value.fix


@pytest.mark.parametrize("identifier", ["7", ""])
def test_another_database_is_a_copy_too(identifier: str) -> None:
    with pytest.raises(JournalError, match=r"oid 5.*oid 6"):
        recognise(replace(TARGET, database_oid=6, system_identifier=identifier), CUTOVER)

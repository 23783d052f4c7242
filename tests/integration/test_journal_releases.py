"""An upgrade in the middle of a walk: what an earlier release left at any moment goes on to the end, and all back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.journals import FIRST, recorded
from tests.support import journal
from tests.support.walk import Walk, assert_same

FEW = {
    "transfer-ownership waits for a lock",
    "lock-legacy broken off",
    "revoke-legacy broken off on the way back",
}
"""Those whose tests do not take the time of all the others."""


def moments() -> list[Any]:
    found = dict.fromkeys((walk.revision, chapter) for walk in recorded() for chapter in walk.chapters)
    return [
        pytest.param(*one, id=" ".join(one).replace(" ", "-"), marks=() if one[1] in FEW else pytest.mark.slow)
        for one in found
        if one[1] != FIRST
    ]


@pytest.mark.share(2)
@pytest.mark.majors("two")
@pytest.mark.parametrize(("revision", "chapter"), moments())
def test_a_walk_of_an_earlier_release_goes_on(
    revision: str, chapter: str, major: int, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    found = [walk for walk in recorded() if (walk.revision, walk.major) == (revision, major)]
    if not found:
        pytest.skip(f"no journal of revision {revision} was written down on PostgreSQL {major}")
    (told,) = found
    database, before = told.restore(make_database, chapter)
    walk = Walk(invoke_cli, database, retire=told.retire).init()
    if chapter.endswith("on the way back"):
        walk.rollback()
    walk.forward()
    walk("verify").check()
    assert not journal.problems(database.admin)
    walk("history", "--json").check()
    walk.wait_until_gone(*walk.roles)
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), f"after an upgrade in the middle ({chapter}) and all the way back")
    assert not journal.problems(database.admin)

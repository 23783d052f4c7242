"""What a step did is read anew in part: it is what a look at everything would have found, there and back."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.cutover import walk as use_cases
from flatsplit.planning.situation import Situation
from flatsplit.walks.tenants import STEP_KEYS
from tests.support.tenanted import TABLES, WAIVED, split_done
from tests.support.walk import Walk, assert_same

walk = pytest.fixture(split_done)


@pytest.mark.majors("two")
def test_what_is_read_in_part_is_what_is_there(
    walk: Walk, partial_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = walk.snapshot()
    planned: list[str] = []
    plan = Situation.rollback_plan

    def noted(self: Situation[Any], step: str) -> Any:
        planned.append(step)
        return plan(self, step)

    monkeypatch.setattr(Situation, "rollback_plan", noted)
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", STEP_KEYS[4], *WAIVED).check()
    rules = ["with_rules"] * 3
    assert partial_looks[-4:] == [*rules, "with_roles"], "policies, row-level security, rights; then roles"
    partial_looks.clear()
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert partial_looks[:4] == ["with_roles", *rules]
    assert planned == [*reversed(STEP_KEYS[:5])], "where all is back, nothing more is worked out"
    assert_same(before, walk.snapshot(), "back")


@pytest.mark.majors("two")
def test_a_table_that_comes_meanwhile_has_all_of_it_read(
    walk: Walk, partial_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants").check()
    partial_looks.clear()
    database, read = walk.database, vars(use_cases)["with_rules"]

    def late(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(use_cases, "with_rules", read)
        database.execute(
            "create table late (id int primary key, account_id bigint not null); create index on late (account_id); "
            "alter table late owner to app_migrator"
        )
        return read(*arguments, **more)

    monkeypatch.setattr(use_cases, "with_rules", late)
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-rls", *WAIVED).check()
    assert partial_looks[0] == "with_rules would not do"
    assert "late" not in TABLES
    apart = "select relrowsecurity, (select count(*) from pg_policy where polrelid = c.oid) from pg_class c"
    assert database.admin.execute(f"{apart} where relname = 'late'").fetchone() == (True, 3)

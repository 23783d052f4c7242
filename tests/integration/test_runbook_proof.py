"""The queries by which a runbook lets people see that a step worked."""

from __future__ import annotations

import pytest

from flatsplit.config import Config, Retire, RoleNames
from flatsplit.render.engine import of_step
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.databases import MakeDatabase
from tests.golden.bundles import HOSTILE


@pytest.mark.majors("two")
@pytest.mark.parametrize("retire", ["revoke", "drop", "repurpose"])
@pytest.mark.parametrize("names", [RoleNames(), RoleNames(*HOSTILE[1:5])], ids=["plain", "hostile"])
def test_the_proofs_run(make_database: MakeDatabase, retire: Retire, names: RoleNames) -> None:
    database = make_database()
    for name in names.new:
        database.admin.execute("SELECT set_config('x.name', %s, false)", [name])
        database.execute("DO $$BEGIN EXECUTE format('CREATE ROLE %I', current_setting('x.name')); END$$")
    for key in STEP_KEYS:
        query = of_step("split", key, "md").proof(
            Config("x", database.legacy, ("public", HOSTILE[6]), retire, roles=names)
        )
        assert "SELECT" in query
        database.execute(query)

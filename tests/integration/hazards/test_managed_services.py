"""Services whose administrator role legacy may hold but not pass on, and operators that put roles back."""

from __future__ import annotations

import pytest

from flatsplit.hazards.managed_services import KEEPERS, Keeper
from tests.fixtures.databases import Database
from tests.support.hazards import doctor


def test_an_administrator_of_neon_is_recognised(database: Database) -> None:
    assert doctor(database, "managed-service") is None
    database.admin.execute("CREATE ROLE cloud_admin SUPERUSER; CREATE ROLE neon_superuser CREATEROLE CREATEDB")
    database.admin.execute(f"GRANT neon_superuser TO {database.legacy}".encode())
    found = doctor(database, "managed-service")
    assert found is not None
    assert "Neon" in found.title
    assert doctor(database, "legacy-administrator") is not None


@pytest.mark.parametrize("keeper", KEEPERS, ids=lambda each: each.mark)
def test_who_puts_roles_back_is_known_by_its_role(database: Database, keeper: Keeper) -> None:
    """The name alone could be anybody's where the role has REPLICATION."""
    assert doctor(database, "roles-kept-elsewhere") is None
    database.admin.execute(f"CREATE ROLE {keeper.mark}".encode())
    if keeper.replication:
        assert doctor(database, "roles-kept-elsewhere") is None
        database.admin.execute(f"ALTER ROLE {keeper.mark} REPLICATION".encode())
    found = doctor(database, "roles-kept-elsewhere")
    assert found is not None
    assert found.title.startswith(keeper.name)
    assert f"{database.legacy} is a member of app_migrator" in found.fix

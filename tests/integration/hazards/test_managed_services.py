"""Services whose administrator role legacy may hold without being able to pass it on."""

from __future__ import annotations

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

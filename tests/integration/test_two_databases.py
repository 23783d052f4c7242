"""One old role that serves two databases: two walks, neither of which may reach into the other's."""

from pathlib import Path

import pytest

from tests.fixtures.databases import Database, MakeDatabase
from tests.support.sharing import walk_in
from tests.support.walk import NEW_ROLES, Walk, assert_same

OTHERS = ("second_user", "second_migrator", "second_readonly", "second_dba")
WAIVED = ("--waive", "elsewhere", "--reason", "both databases stand at verify")


@pytest.fixture
def both(make_database: MakeDatabase, tmp_path: Path) -> tuple[Walk, Walk]:
    """Two databases of one legacy role, with walks of their own that stand at verify."""
    databases = [make_database(schema) for schema in ("chinook", "northwind")]
    databases[0].execute("CREATE ROLE team; GRANT team TO legacy; GRANT SELECT ON ALL TABLES IN SCHEMA public TO team")
    first = walk_in(tmp_path / "first", databases[0], roles=NEW_ROLES)
    first.forward("verify")
    second = walk_in(tmp_path / "second", databases[1], roles=OTHERS)
    second.forward("verify")
    return first, second


def bridges(database: Database) -> set[tuple[str, str]]:
    """(role, member) of every membership among the roles of the two walks."""
    rows = database.admin.execute(
        "SELECT DISTINCT roleid::regrole::text, member::regrole::text FROM pg_auth_members "
        "WHERE roleid::regrole::text ~ 'migrator$|^team$' AND member::regrole::text !~ '^(postgres|pg_)'"
    ).fetchall()
    return {(str(role), str(member)) for role, member in rows}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_no_migrator_becomes_the_other_ones_member(both: tuple[Walk, Walk]) -> None:
    first, second = both
    assert bridges(first.database) == {
        ("app_migrator", "legacy"),
        ("second_migrator", "legacy"),
        ("team", "legacy"),
        ("team", "app_migrator"),
    }
    for walk in both:
        walk("verify").check()
        assert walk("status", "--json").json["catch_up"] == []
        hazards = walk("doctor", "--json").json["findings"]
        assert not any(
            "migrator" in name for each in hazards if each["id"] == "legacy-memberships" for name in each["objects"]
        )
    assert second.app_migrator not in first("plan", "lock-legacy").stdout


@pytest.mark.majors("two")
def test_both_come_to_their_end_one_after_the_other(both: tuple[Walk, Walk]) -> None:
    first, second = both
    second.next("--through", "revoke-legacy", *WAIVED)
    assert ("app_migrator", "legacy") in bridges(first.database), "the second walk broke the first one's bridge"
    first.database.execute("SET ROLE legacy; ALTER TABLE public.album ADD COLUMN late int; RESET ROLE")
    first("verify").check()
    first.next("--through", "revoke-legacy", *WAIVED)
    for walk in both:
        walk("verify").check()
    assert not any("legacy" in pair for pair in bridges(first.database))


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_last_one_may_drop_the_role(both: tuple[Walk, Walk]) -> None:
    first, second = both
    text = first.config.read_text()
    first.config.write_text(text.replace('retire = "revoke"', 'retire = "drop"'))
    said = first.next("--through", "revoke-legacy", *WAIVED, exit_code=3)
    assert '"drop" is for the last of them' in said.stdout
    second.next("--through", "revoke-legacy", *WAIVED)
    first.next("--through", "revoke-legacy")
    assert first.database.admin.execute("SELECT FROM pg_roles WHERE rolname = 'legacy'").rowcount == 0


@pytest.mark.slow
@pytest.mark.majors("two")
def test_going_back_in_one_leaves_the_other_alone(make_database: MakeDatabase, tmp_path: Path) -> None:
    databases = [make_database(schema) for schema in ("chinook", "northwind")]
    first = walk_in(tmp_path / "first", databases[0], roles=NEW_ROLES)
    first.forward("verify")
    before = first.snapshot()
    second = walk_in(tmp_path / "second", databases[1], roles=OTHERS)
    second.forward("verify")
    second.next("--through", "revoke-legacy", *WAIVED)
    second.rollback("--all")
    assert_same(before, first.snapshot(), "the first database after the second went there and back")
    first("verify").check()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_going_back_does_not_reopen_a_bridge_that_the_other_walk_closed(both: tuple[Walk, Walk]) -> None:
    first, second = both
    second.next("--through", "revoke-legacy", *WAIVED)
    first.next("--through", "revoke-legacy", *WAIVED)
    second.rollback("--through", "revoke-legacy")
    assert ("app_migrator", "legacy") not in bridges(first.database)
    first.rollback("--all")
    second.rollback("--all")
    assert bridges(first.database) == {("team", "legacy")}

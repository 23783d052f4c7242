"""Statements about roles, policies and tenants mean what the statements beside them mean, also with hostile names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from flatsplit import ddl
from flatsplit.model import PUBLIC, Member, MemberOptions, ObjectRef, PolicyFacts, RoleFacts, State, Target
from tests.support.meaning import Case, Naming, assert_means, meaning
from tests.unit.test_names import NAMES

GIVEN = MemberOptions(True, False, True)


def member(called: Naming) -> Member:
    return Member(called("a"), called("b"), called("c"))


ROLES: tuple[Case, ...] = (
    (lambda n: ddl.grant_member(member(n), MemberOptions(), by=False), "GRANT a TO b"),
    (
        lambda n: ddl.grant_member(member(n), MemberOptions(admin=True), by=True),
        "GRANT a TO b WITH ADMIN OPTION GRANTED BY c",
    ),
    (
        lambda n: ddl.grant_member(member(n), GIVEN, by=True),
        "GRANT a TO b WITH ADMIN TRUE, INHERIT FALSE, SET TRUE GRANTED BY c",
    ),
    (lambda n: ddl.revoke_member(member(n), by=False), "REVOKE a FROM b"),
    (
        lambda n: ddl.revoke_member(member(n), by=True, admin_only=True),
        "REVOKE ADMIN OPTION FOR a FROM b GRANTED BY c",
    ),
    (lambda n: ddl.join_role(n("a"), 150004), "GRANT a TO CURRENT_USER"),
    (lambda n: ddl.join_role(n("a"), 160000), "GRANT a TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"),
    (lambda n: ddl.leave_role(n("a"), 150004), "REVOKE a FROM CURRENT_USER"),
    (lambda n: ddl.leave_role(n("a"), 160000), "REVOKE a FROM CURRENT_USER GRANTED BY CURRENT_USER"),
    (
        lambda n: ddl.leave_role(n("a"), 160000, MemberOptions(False, False, True)),
        "GRANT a TO CURRENT_USER WITH INHERIT FALSE, SET TRUE GRANTED BY CURRENT_USER",
    ),
    (
        lambda n: ddl.leave_role(n("a"), 160000, MemberOptions(False, True, False)),
        "GRANT a TO CURRENT_USER WITH INHERIT TRUE, SET FALSE GRANTED BY CURRENT_USER",
    ),
    (lambda n: ddl.create_role(n("a"), RoleFacts()), "CREATE ROLE a NOLOGIN"),
    (
        lambda n: ddl.create_role(
            n("a"), RoleFacts(True, True, True, False, True, True, True, 3, n("b"), password=True)
        ),
        (
            "CREATE ROLE a NOLOGIN SUPERUSER CREATEDB CREATEROLE NOINHERIT REPLICATION BYPASSRLS CONNECTION LIMIT 3 "
            "VALID UNTIL 'b'"
        ),
    ),
    (
        lambda n: ddl.alter_role(
            n("a"),
            ddl.role_options(
                RoleFacts(createdb=True, valid_until=n("b")),
                RoleFacts(login=True, connection_limit=5),
                ("login", "createdb", "superuser", "valid_until"),
            ),
        ),
        "ALTER ROLE a LOGIN NOCREATEDB VALID UNTIL 'infinity'",
    ),
    (lambda n: ddl.comment_on_role(n("a"), n("b")), "COMMENT ON ROLE a IS 'b'"),
    (lambda n: ddl.comment_on_role(n("a"), ""), "COMMENT ON ROLE a IS NULL"),
    (lambda n: ddl.drop_role(n("a")), "DROP ROLE a"),
    (
        lambda n: ddl.as_superuser(n("a"), "SELECT 1;"),
        "ALTER ROLE a SUPERUSER; SELECT 1; ALTER ROLE a NOSUPERUSER",
    ),
    (
        lambda n: ddl.fill_verifier(ddl.login_with_password(n("a")), n("a"), n("b")),
        "ALTER ROLE a LOGIN PASSWORD 'b'",
    ),
    (lambda n: ddl.fill_verifier(ddl.change_password(n("a")), n("a"), n("b")), "ALTER ROLE a PASSWORD 'b'"),
    (
        lambda n: ddl.set_setting(n("a"), n("b"), "work_mem", n("c")),
        "ALTER ROLE a IN DATABASE b SET work_mem TO 'c'",
    ),
    (lambda n: ddl.set_setting(n("a"), "", "app.level", n("c")), "ALTER ROLE a SET app.level TO 'c'"),
    (lambda n: ddl.set_setting("", n("b"), "work_mem", n("c")), "ALTER DATABASE b SET work_mem TO 'c'"),
    (lambda n: ddl.reset_setting("", "", "work_mem"), "ALTER ROLE ALL RESET work_mem"),
    (lambda n: ddl.reset_setting(n("a"), n("b"), "app.level"), "ALTER ROLE a IN DATABASE b RESET app.level"),
    (lambda n: ddl.reset_setting("", n("b"), "work_mem"), "ALTER DATABASE b RESET work_mem"),
    (
        lambda n: ddl.set_setting(n("a"), "", "Search_Path", f"{ddl.ident(n('b'))}, c"),
        "ALTER ROLE a SET \"Search_Path\" TO 'b', 'c'",
    ),
    (lambda n: ddl.set_setting(n("a"), "", "search_path", '""'), "ALTER ROLE a SET search_path TO ''"),
    (
        lambda n: ddl.terminate_sessions(n("a")),
        (
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = 'a' "
            "AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
        ),
    ),
    (
        lambda n: ddl.terminate_sessions(n("a"), everywhere=True),
        (
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = 'a' "
            "AND pid <> pg_catalog.pg_backend_pid()"
        ),
    ),
    (
        lambda n: ddl.run_jobs_as(n("a"), [3, "14"]),
        "UPDATE cron.job SET username = 'a' WHERE jobid IN (3, 14)",
    ),
)


def table(called: Naming) -> ObjectRef:
    return ObjectRef("table", called("s"), called("t"))


def policy(called: Naming) -> ObjectRef:
    return ObjectRef("policy", called("s"), called("t"), called("c"))


TENANCY: tuple[Case, ...] = (
    (
        lambda n: ddl.create_policy(policy(n), PolicyFacts(using="true"), [n("b"), n("a")]),
        "CREATE POLICY c ON s.t TO a, b USING (true)",
    ),
    (
        lambda n: ddl.create_policy(policy(n), PolicyFacts(False, "a", check="false"), [PUBLIC]),
        "CREATE POLICY c ON s.t AS RESTRICTIVE FOR INSERT TO PUBLIC WITH CHECK (false)",
    ),
    *(
        (
            lambda n, letter=letter: ddl.create_policy(policy(n), PolicyFacts(True, letter, "true", "false"), [n("a")]),
            f"CREATE POLICY c ON s.t FOR {word} TO a USING (true) WITH CHECK (false)",
        )
        for letter, word in (("r", "SELECT"), ("w", "UPDATE"), ("d", "DELETE"), ("*", "ALL"))
    ),
    (
        lambda n: ddl.alter_policy_says(policy(n), PolicyFacts(using="true", check="false")),
        "ALTER POLICY c ON s.t USING (true) WITH CHECK (false)",
    ),
    (lambda n: ddl.alter_policy(policy(n), [n("b"), PUBLIC, n("a")]), "ALTER POLICY c ON s.t TO PUBLIC, a, b"),
    (lambda n: ddl.drop_policy(policy(n)), "DROP POLICY c ON s.t"),
    (lambda n: ddl.row_security(table(n), enabled=True), "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY"),
    (lambda n: ddl.row_security(table(n), enabled=False), "ALTER TABLE s.t DISABLE ROW LEVEL SECURITY"),
    (
        lambda n: ddl.create_tenancy(table(n), "character", n("a"), schema=True),
        (
            "CREATE SCHEMA s; ALTER SCHEMA s OWNER TO a; "
            "CREATE TABLE s.t (role name PRIMARY KEY, tenant bpchar NOT NULL); "
            "CREATE INDEX ON s.t (tenant); COMMENT ON TABLE s.t IS 'made by flatsplit: which role is which tenant''s'; "
            "ALTER TABLE s.t OWNER TO a"
        ),
    ),
    (
        lambda n: ddl.create_tenancy(table(n), "bit varying", n("a"), schema=False),
        (
            "CREATE TABLE s.t (role name PRIMARY KEY, tenant bit varying NOT NULL); CREATE INDEX ON s.t (tenant); "
            "COMMENT ON TABLE s.t IS 'made by flatsplit: which role is which tenant''s'; ALTER TABLE s.t OWNER TO a"
        ),
    ),
    (lambda n: ddl.drop_tenancy(table(n), schema=False), "DROP TABLE s.t"),
    (lambda n: ddl.drop_tenancy(table(n), schema=True), "DROP TABLE s.t; DROP SCHEMA s"),
    (
        lambda n: ddl.drop_user_mapping(ObjectRef("user_mapping", "", n("t"), n("a"))),
        "DROP USER MAPPING FOR a SERVER t",
    ),
    (
        lambda n: ddl.drop_user_mapping(ObjectRef("user_mapping", "", n("t"), PUBLIC)),
        "DROP USER MAPPING FOR PUBLIC SERVER t",
    ),
    (
        lambda n: ddl.OwnedFunction("f", "a text", "void", n("b"), "sql", "SET row_security = off").create(),
        (
            "CREATE FUNCTION pg_temp.f(a text) RETURNS void LANGUAGE sql SECURITY DEFINER "
            "SET search_path = pg_catalog, pg_temp SET row_security = off AS 'b'"
        ),
    ),
    (
        lambda n: ddl.OwnedFunction("f", "a text", "void", "").give(n("b")),
        "ALTER FUNCTION pg_temp.f(a text) OWNER TO b",
    ),
)


@pytest.mark.parametrize("case", [*ROLES, *TENANCY], ids=lambda case: case[1][:60])
def test_a_statement_means_what_it_is_for(case: Case) -> None:
    assert_means(case)


TARGET = Target("", "a", 1, 160004, "postgres", operator_superuser=True, bootstrap="postgres")


def test_a_membership_ends_for_each_grantor() -> None:
    """And without a grantor where it is not known, or where the server keeps none."""
    held = {Member("a", "b", "c"): MemberOptions(), Member("a", "b", "d"): MemberOptions()}
    other = {Member("a", "c", "d"): MemberOptions()}
    state = State(TARGET, members={**held, **other})
    both = ddl.end_membership(state, "a", "b")
    assert meaning(both, str) == meaning("REVOKE a FROM b GRANTED BY c; REVOKE a FROM b GRANTED BY d", str)
    assert meaning(ddl.end_membership(State(TARGET), "a", "b"), str) == meaning("REVOKE a FROM b", str)


@given(NAMES, NAMES)
def test_each_role_has_a_variable_of_its_own_for_its_verifier(one: str, other: str) -> None:
    """psql takes letters, digits and _ in the name of a variable (psqlscan.l)."""
    assert re.fullmatch("[A-Za-z0-9_]+", ddl.verifier_variable(one))
    assert (ddl.verifier_variable(one) == ddl.verifier_variable(other)) == (one == other)


@pytest.mark.parametrize(
    ("setting", "one", "other", "same"),
    [
        ("search_path", '"a", b', "a,b", True),
        ("Search_Path", '"a", b', "a,b", True),
        ("search_path", "a, b", "b, a", False),
        ("temp_tablespaces", '"a,b"', "a, b", False),
        ("work_mem", '"a"', "a", False),
        ("search_path", None, "a", False),
        ("search_path", None, None, True),
    ],
)
def test_lists_are_compared_by_their_elements(setting: str, one: str | None, other: str | None, same: bool) -> None:
    assert ddl.same_setting(setting, one, other) is same


@pytest.mark.parametrize(
    ("setting", "value", "stored"),
    [
        ("search_path", 'App, "App", "a b",,"$user"', 'app, "App", "a b", "$user"'),
        ("Temp_Tablespaces", "Fast", "fast"),
        ("session_preload_libraries", "App", "App"),
        ("work_mem", "4MB", "4MB"),
    ],
)
def test_names_in_a_list_are_folded_as_in_sql(setting: str, value: str, stored: str) -> None:
    assert ddl.folded_list(setting, value) == stored

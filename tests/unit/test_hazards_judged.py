"""Where hazards draw the line: limits, numbers and dates, judged on given answers. Real servers are in
tests/integration/hazards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from flatsplit.config import Config
from flatsplit.hazards import REGISTRY
from flatsplit.hazards.hba_match import Client, Rule, first_match
from flatsplit.hazards.registry import Found, Seen
from flatsplit.hazards.server import milliseconds
from flatsplit.model import ObjectFacts, ObjectRef, RoleFacts, SettingKey, Settings, State
from flatsplit.walks.split.context import Context
from tests.support.tracked import TARGET

CONFIG = Config("shop", "legacy", ("public",))
LEGACY = RoleFacts(login=True, password=True)


def judged(
    hazard: str,
    answers: dict[str, list[tuple[Any, ...]]],
    *,
    legacy: RoleFacts = LEGACY,
    tables: int = 0,
    settings: Mapping[SettingKey, Settings] | None = None,
) -> list[Found]:
    """What one hazard finds."""
    roles = {"legacy": legacy, "app_user": LEGACY, "twin": RoleFacts(login=True)}
    owned = ObjectFacts("legacy")
    objects = {ObjectRef("table", "public", f"t{number}"): owned for number in range(tables)}
    state = State(TARGET, roles=roles, objects=objects, settings=settings or {})
    return list(REGISTRY[hazard].judge(Seen(state, Context(CONFIG, state), answers)))


SERVER = (1000, False, 64, 100, 0, 3, "scram-sha-256")
"""deadlock_timeout, standby, locks per transaction, connections, prepared transactions, reserved, encryption."""


def server(**changes: Any) -> dict[str, list[tuple[Any, ...]]]:
    names = ("deadlock", "standby", "locks", "connections", "prepared", "reserved", "encryption")
    return {"server": [tuple(changes.get(name, value) for name, value in zip(names, SERVER, strict=True))]}


@pytest.mark.parametrize(("deadlock", "found"), [(201, False), (200, True), (100, True), (None, False)])
def test_the_budget_for_locks_is_below_the_servers(deadlock: int | None, found: bool) -> None:
    assert bool(judged("lock-budget", server(deadlock=deadlock))) is found


@pytest.mark.parametrize(("tables", "prepared", "found"), [(20, 0, False), (21, 0, True), (21, 1, False)])
def test_relations_are_compared_with_the_room_for_locks(tables: int, prepared: int, found: bool) -> None:
    answers = server(locks=2, connections=10, prepared=prepared)
    assert bool(judged("max-locks", answers, tables=tables)) is found


@pytest.mark.parametrize(
    ("everywhere", "here", "legacy", "legacy_here", "limit", "told"),
    [
        (50, 50, 47, 47, -1, []),
        (50, 50, 48, 48, -1, ["server"]),
        (99, 9, 0, 0, -1, []),
        (50, 10, 20, 10, 20, []),
        (50, 10, 20, 11, 20, ["database shop"]),
        (90, 10, 20, 11, 20, ["server", "database shop"]),
        (50, 21, 20, 0, 20, []),
    ],
)
def test_two_pools_have_to_fit(
    everywhere: int, here: int, legacy: int, legacy_here: int, limit: int, told: list[str]
) -> None:
    answers = {**server(), "connections": [(everywhere, here, legacy, legacy_here, limit, None)]}
    found = judged("connection-arithmetic", answers)
    assert [line.partition(":")[0] for each in found for line in each.objects] == told


@pytest.mark.parametrize(
    ("database", "role", "superuser", "told", "severity"),
    [
        (-1, None, False, [], None),
        (-1, 0, False, [], None),
        (-1, -1, False, [], None),
        (-1, 5, False, ["role legacy: 5"], None),
        (9, -1, False, ["database shop: 9"], None),
        (0, 5, False, ["role legacy: 5", "database shop: 0"], None),
        (9, 5, True, ["role legacy: 5", "database shop: 9"], "warning"),
        (-1, 0, True, [], None),
    ],
)
def test_limits_of_sessions(
    database: int, role: int | None, superuser: bool, told: list[str], severity: str | None
) -> None:
    answers = {"connections": [(0, 0, 0, 0, database, role)]}
    found = judged("connection-limits", answers, legacy=LEGACY._replace(superuser=superuser))
    assert [line for each in found for line in each.objects] == told
    assert [each.severity for each in found] == ([severity] if told else [])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "statement_timeout = 150 of the server"),
        ({("", ""): "0"}, ""),
        ({("", "shop"): "100ms"}, "statement_timeout = 100ms of database shop"),
        ({("", "shop"): "100ms", ("legacy", ""): "1min"}, ""),
        ({("legacy", ""): "1min", ("legacy", "shop"): "200ms"}, "200ms of role legacy in database shop"),
        ({("legacy", "shop"): "201ms"}, ""),
        ({("legacy", "other"): "1ms", ("", ""): "0"}, ""),
    ],
)
def test_the_last_of_several_timeouts_counts(settings: dict[tuple[str, str], str], told: str) -> None:
    rows = {SettingKey(*key): (("statement_timeout", value),) for key, value in settings.items()}
    found = judged("short-timeouts", {"timeouts": [("statement_timeout", "", "150")]}, settings=rows)
    lines = [line for each in found for line in each.objects]
    assert lines == [] if not told else told in lines[0]


def test_times_as_the_server_writes_them() -> None:
    texts = {
        "5": 5,
        "5ms": 5,
        "2s": 2000,
        "1.5s": 1500,
        "1min": 60_000,
        "1 h": 3_600_000,
        "500us": 0.5,
        "1d": 86_400_000,
    }
    assert {text: milliseconds(text) for text in texts} == texts
    assert {milliseconds(text) for text in ("-1", "soon", "1.2.3", "5 weeks", "")} == {0.0}


@pytest.mark.parametrize(("age", "state", "found", "ends"), [(60, "idle", False, False), (61, "idle in", True, True)])
def test_long_transactions(age: int, state: str, found: bool, ends: bool) -> None:
    rows = [(7, "legacy", "psql", state, age), (8, "legacy", "pg_dump", "active", age)]
    told = judged("long-transactions", {"long_transactions": rows})
    assert bool(told) is found
    assert any("pg_terminate_backend(7)" in each.fix for each in told) is ends
    assert not any("(8)" in each.fix for each in told), "what works is not ended"


@pytest.mark.parametrize(
    ("days", "ends", "severity"), [(31, True, "note"), (30, True, "warning"), (-1, True, None), (5, False, "")]
)
def test_the_end_of_the_old_roles_password(days: int, ends: bool, severity: str | None) -> None:
    rows = [("2026-04-01", days, ends, "legacy", True), ("2026-04-01", 1, True, "app_user", False)]
    found = judged("valid-until", {"expiry": rows})
    assert [each.severity for each in found] == ([] if severity == "" else [severity])
    assert all(("has been invalid" in each.title) is (days < 0) for each in found)


@pytest.mark.parametrize(
    ("role", "days", "ends", "found"),
    [
        ("app_user", 30, True, True),
        ("app_user", 31, True, False),
        ("app_user", -5, True, True),
        ("app_user", 5, False, False),
        ("twin", 5, True, False),
    ],
)
def test_the_end_of_another_password(role: str, days: int, ends: bool, found: bool) -> None:
    told = judged("valid-until-near", {"expiry": [("2026-04-01", days, ends, role, False)]})
    assert bool(told) is found
    assert judged("valid-until-near", {"expiry": [("2026-04-01", 1, True, "legacy", True)]}) == []


@pytest.mark.parametrize(("lag", "kind", "severity"), [(10.0, "streaming", "note"), (10.1, "streaming", "warning")])
def test_a_standby_that_is_late(lag: float, kind: str, severity: str) -> None:
    (found,) = judged("hot-standbys", {"walsenders": [("one", "", kind, lag, False), ("b", "", "backup", 99.0, False)]})
    assert (found.severity, len(found.objects)) == (severity, 1)
    assert judged("hot-standbys", {"walsenders": [("b", "", "backup", 99.0, False)]}) == []


HERE, FAR = Client("10.0.0.5"), Client("192.168.1.5", ssl=True)


def line(kind: str, users: str = "all", databases: str = "all", address: str | None = "10.0.0.0") -> Rule:
    mask = "255.0.0.0" if address and address[0].isdigit() else None
    return Rule(1, kind, (databases,), (users,), address, mask, "scram-sha-256")


@pytest.mark.parametrize(
    ("rule", "client", "matches"),
    [
        (line("host"), HERE, True),
        (line("host"), FAR, False),
        (line("host", address="all"), FAR, True),
        (line("hostssl", address="all"), FAR, True),
        (line("hostssl", address="all"), HERE, False),
        (line("hostnossl", address="all"), HERE, True),
        (line("hostnossl", address="all"), FAR, False),
        (line("hostgssenc", address="all"), HERE, False),
        (line("hostnogssenc", address="all"), HERE, True),
        (line("local", address=None), HERE, False),
        (line("local", address=None), Client(None), True),
        (line("host"), Client(None), False),
        (line("host", users="other"), HERE, False),
        (line("host", users="+team"), HERE, True),
        (line("host", users="+app_user"), HERE, True),
        (line("host", users="team"), HERE, False),
        (line("host", users="/^app_"), HERE, True),
        (line("host", databases="sameuser"), HERE, False),
        (line("host", databases="samerole"), HERE, False),
        (line("host", databases="replication"), HERE, False),
        (line("host", databases="shop"), HERE, True),
    ],
)
def test_which_line_is_for_a_client(rule: Rule, client: Client, matches: bool) -> None:
    assert (first_match([rule], "app_user", ["team"], "shop", client) == rule) is matches


def test_a_line_for_replication_is_for_no_database_of_that_name() -> None:
    assert first_match([line("host", databases="replication")], "app_user", [], "replication", HERE) is None
    named = [line("host", databases=word) for word in ("sameuser", "samerole", "app_user")]
    assert [first_match([each], "app_user", [], "app_user", HERE) for each in named] == named

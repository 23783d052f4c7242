"""The gates of the tenants' walk, judged on what is given to them. No server."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flatsplit.config import Config, Gates, Tenants
from flatsplit.gates import connections, statistics, tenants_seen
from flatsplit.gates.tenants import rings, soaked
from flatsplit.model import RoleFacts, State, Structure, Target
from flatsplit.walks import marks
from flatsplit.walks.tenants.context import Context

NOW = datetime(2026, 7, 1, tzinfo=UTC)
KEYS = tuple(map(str, range(1, 41)))


def asked(tenants: Tenants, roles: dict[str, RoleFacts] | None = None, keys: tuple[str, ...] = KEYS) -> Any:
    """A walk whose tenants have roles."""
    target = Target("7", "shop", 5, 180000, "ops", True, "postgres")
    state = State(
        target,
        roles=roles or {f"tenant_{key}": RoleFacts(login=True, connection_limit=5) for key in keys},
        tenants={f"tenant_{key}": key for key in keys},
        structure=Structure(),
    )
    config = Config("shop", "legacy", ("public",), gates=Gates(soak=timedelta(days=7)), tenants=tenants)
    context = Context(config, State(target), state)
    return SimpleNamespace(
        context=context, state=state, config=config, journal=None, session=SimpleNamespace(driver=None)
    )


SECTION = Tenants("public.accounts", rings=(("7",), ("10%",), ("rest",)), soak=timedelta(days=1))


@pytest.fixture
def came(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """When which tenant was first seen."""
    found: dict[str, datetime] = {}
    monkeypatch.setattr(rings, "known", lambda _: found)
    monkeypatch.setattr(rings, "at_work", lambda *_: set())
    for module in (rings, soaked):
        monkeypatch.setattr(module, "server_clock", lambda _: NOW)
    return found


def test_ring_by_ring(came: dict[str, datetime]) -> None:
    one = asked(SECTION)
    assert soaked.judge(one).open, "nobody has come: tenants-seen says so"
    for number, role, waiting in ((1, "tenant_7", 1), (2, "tenant_2", 4), (3, "tenant_30", 35)):
        closed = tenants_seen.judge(one)
        assert not closed.open
        assert f"ring {number} of 3: none of its {waiting} tenants" in closed.reason
        came[role] = NOW - timedelta(hours=1)
        rests = soaked.judge(one)
        assert not rests.open
        assert f"ring {number} of 3 first seen 1h ago" in rests.reason
        assert "24h are required" in rests.reason
        came[role] = NOW - timedelta(days=1)
        assert soaked.judge(one).open
    assert tenants_seen.judge(one).reason.startswith("3 of 40 tenants have been seen, some of every ring")


def test_who_is_held_back_is_not_waited_for(came: dict[str, datetime]) -> None:
    roles = {f"tenant_{key}": RoleFacts(login=True) for key in KEYS}
    roles["tenant_7"] = RoleFacts(comment=marks.mark("shop", held=True))
    came |= {"tenant_2": NOW - timedelta(days=9), "tenant_30": NOW - timedelta(days=9)}
    found = tenants_seen.judge(asked(SECTION, roles))
    assert found.open
    assert "2 of 39 tenants" in found.reason
    assert "1 tenant held back" in found.reason
    assert found.notice


def test_soak_is_that_of_the_gates_where_none_is_said(came: dict[str, datetime]) -> None:
    came["tenant_7"] = NOW - timedelta(days=6)
    assert "7d are required" in soaked.judge(asked(Tenants("public.accounts", rings=SECTION.rings))).reason


@pytest.mark.parametrize(
    ("active", "most", "fits"), [(0, 100, False), (0, 217, True), (0, 216, False), (10, 67, True), (10, 66, False)]
)
def test_connections(monkeypatch: pytest.MonkeyPatch, active: int, most: int, fits: bool) -> None:
    monkeypatch.setattr(connections, "ask", lambda *_: [(most, 3, 14)])
    found = connections.judge(asked(Tenants("public.accounts", active=active)))
    assert found.open is fits
    assert f"of max_connections = {most}" in found.reason
    assert bool(found.fix) is not fits


def test_connections_without_a_limit_and_of_a_pool() -> None:
    free = connections.judge(asked(Tenants("public.accounts"), {"tenant_1": RoleFacts()}, ("1",)))
    assert not free.open
    assert free.fix.startswith('ALTER ROLE "tenant_1" CONNECTION LIMIT 5;')
    pool = Tenants("public.accounts", connect="pool")
    assert connections.judge(asked(pool)).open
    many = connections.judge(asked(pool, keys=tuple(map(str, range(1001)))))
    assert not many.open
    assert "app_pool would be a member of 1,001 roles" in many.reason


@pytest.mark.parametrize(("number", "fits"), [(125, True), (126, False)])
def test_statistics(monkeypatch: pytest.MonkeyPatch, number: int, fits: bool) -> None:
    answers = {"counters": [("public",)], "remembered": [(5000,)]}
    monkeypatch.setattr(statistics, "ask", lambda _, name: answers[name])

    class Driver:
        """Knows how many statements the application has."""

        transaction = staticmethod(nullcontext)
        execute = staticmethod(lambda *_: SimpleNamespace(fetchone=lambda: (number,)))

    one = asked(Tenants("public.accounts"))
    one.session.driver = Driver()
    found = statistics.judge(one)
    assert found.open is fits
    assert f"40 tenants × {number} statements" in found.reason
    answers["counters"] = []
    assert statistics.judge(one).notice

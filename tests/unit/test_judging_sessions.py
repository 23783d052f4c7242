"""What gates say of sessions: whose count, in which database, and what may be waived. No server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flatsplit.config import Config, Gates
from flatsplit.config.values import Retire
from flatsplit.gates import elsewhere, seen
from flatsplit.gates.logins import elsewhere as logins_elsewhere
from flatsplit.gates.logins import seen as logins_seen
from flatsplit.gates.logins import sessions as logins_sessions
from flatsplit.gates.logins import soaked as logins_soaked
from flatsplit.model import Backend, Member, MemberOptions, RoleFacts, State
from flatsplit.walks import split
from tests.support.tracked import TARGET

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE, THERE = TARGET.database, "crm"
OWN = "flatsplit"


def session(role: str, database: str = HERE, application: str = "app", acts_as: tuple[str, ...] = ()) -> Backend:
    return Backend(role, database, "local", application, "idle", acts_as=acts_as or (role,))


class Server:
    """What there is to be seen, as gates ask for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sessions: list[Backend] = []
        self.owned: tuple[str, ...] = ()
        self.temporary: tuple[str, ...] = ()
        self.login: dict[str, datetime] = {}
        self.looks: list[Any] = []
        self.abroad: list[tuple[str, datetime]] = []
        for module in (elsewhere, seen):
            monkeypatch.setattr(module, "clients", lambda _: tuple(self.sessions))
        monkeypatch.setattr(logins_sessions, "read_sessions", lambda *_: tuple(self.sessions))
        for other in (elsewhere, logins_elsewhere):
            monkeypatch.setattr(other, "owned_elsewhere", lambda *_: self.owned)
        monkeypatch.setattr(elsewhere, "temporary_dependencies", lambda *_: self.temporary)
        for clocked in (logins_soaked, logins_sessions, logins_elsewhere):
            monkeypatch.setattr(clocked, "server_clock", lambda _: NOW)

    def last(self, role: str, _: str) -> datetime | None:
        return self.login.get(role)

    def asked(
        self, step: str, *, retire: Retire = "revoke", drops: bool = False, login: bool = True, rest: timedelta = HOUR
    ) -> Any:
        """A step that follows one which began two hours ago and ended an hour ago; it has to rest that long."""
        config = Config("shop", "legacy", ("public",), retire=retire, gates=Gates(largest_hole=HOUR / 4))
        roles = {name: RoleFacts(login=login) for name in ("legacy", "app_user", "app_migrator", "old", "new")}
        before = SimpleNamespace(key="before", started_at=NOW - 2 * HOUR, finished_at=NOW - HOUR)
        journal = SimpleNamespace(
            last_seen=self.last,
            last_login=self.last,
            look_times=lambda _: self.looks,
            logins_elsewhere=lambda *_: self.abroad,
        )
        does = SimpleNamespace(
            comes=lambda _: ("new",), leaves=lambda _: ("old",), drops=lambda _: ("old",) if drops else ()
        )
        return SimpleNamespace(
            step=step,
            context=SimpleNamespace(config=config, legacy="legacy", bootstrap=False),
            config=config,
            state=State(TARGET, roles=roles),
            session=SimpleNamespace(driver=None),
            journal=journal,
            before=before,
            records={split.ENABLE_LOGIN: before},
            does=does,
            kind="rotate",
            rest=rest,
        )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_whoever_has_come_in_another_database_or_was_flatsplit_has_not_come(server: Server) -> None:
    one = server.asked(split.SWITCH_CONNECTIONS)
    user, migrator = session("app_user"), session("bob", acts_as=("app_migrator",))
    for sessions, missing in (
        ([user, migrator], ""),
        ([user], "app_migrator has"),
        ([user, replace(migrator, database=THERE)], "app_migrator has"),
        ([user, replace(migrator, application=OWN)], "app_migrator has"),
        ([], "app_user and app_migrator have"),
    ):
        server.sessions = sessions
        found = seen.judge(one)
        assert found.open is (not missing)
        assert found.reason.startswith(missing)
    server.login = {"app_user": NOW - 3 * HOUR, "app_migrator": NOW - HOUR}
    assert seen.judge(one).reason.startswith("app_user has not"), "that was before the logins were enabled"
    server.login["app_user"] = NOW - 2 * HOUR
    assert seen.judge(one).open
    server.login = {"app_migrator": NOW}
    assert seen.judge(server.asked(split.SWITCH_CONNECTIONS, retire="repurpose")).open, "the old role goes on"


def test_a_login_has_come_where_it_was_seen_here_since_it_may(server: Server) -> None:
    one = server.asked("switch-connections")
    for sessions, opened in (
        ([session("new")], True),
        ([session("new", THERE)], False),
        ([session("new", application=OWN)], False),
        ([session("other", acts_as=("new",))], False),
    ):
        server.sessions = sessions
        assert logins_seen.judge(one).open is opened
        assert bool(logins_sessions.here(one, ("new",))) is opened
    server.login = {"new": NOW - 3 * HOUR}
    assert not logins_seen.judge(one).open
    server.login = {"new": NOW - HOUR}
    assert logins_seen.judge(one).open


def test_a_login_that_is_closed_rests_by_time_alone(server: Server) -> None:
    assert logins_soaked.judge(server.asked("retire", login=False)).open
    longer = logins_soaked.judge(server.asked("retire", login=False, rest=1.5 * HOUR))
    assert (longer.open, longer.reason) == (False, "before done 1h ago; 1h30m are required")
    unwatched = logins_soaked.judge(server.asked("retire"))
    assert "0s of it watched" in unwatched.reason
    assert not unwatched.open
    server.sessions = [session("old", THERE)]
    assert logins_soaked.judge(server.asked("retire", login=False)).open
    server.sessions = [session("old")]
    found = logins_soaked.judge(server.asked("retire", login=False))
    assert not found.open, "a session of before goes on"
    assert "let them log in as new" in found.fix


def test_what_another_database_has_of_a_login_may_be_waived_unless_the_login_is_dropped(server: Server) -> None:
    def found(*, drops: bool) -> tuple[bool, bool]:
        result = logins_elsewhere.judge(server.asked("drop", drops=drops))
        return result.open, result.waivable

    assert found(drops=True)[0]
    server.sessions = [session("old")]
    assert found(drops=True)[0], "here is not elsewhere"
    server.sessions = [session("old", THERE)]
    assert found(drops=True) == found(drops=False) == (False, True)
    server.owned = (THERE,)
    assert found(drops=False) == (False, True)
    assert found(drops=True) == (False, False)
    server.sessions, server.owned = [], ()
    server.abroad = [(THERE, NOW - HOUR)]
    assert found(drops=True) == (False, True), "its rights there may all be a group's"
    assert logins_elsewhere.judge(server.asked("drop", login=False)).open, "it could not come again"
    server.abroad = [(THERE, NOW - 25 * HOUR)]
    assert found(drops=True)[0], "longer ago than drain"


def test_what_the_groups_of_a_login_may_do_in_another_database_is_said(server: Server) -> None:
    one = server.asked("drop")
    assert not logins_elsewhere.judge(one).notice
    group = {"group": RoleFacts(elsewhere=(THERE,))}
    members = {Member("group", "old", "postgres"): MemberOptions(inherit=True, set=True)}
    one.state = one.state.but(roles={**one.state.roles, **group}, members=members)
    found = logins_elsewhere.judge(one)
    assert (found.open, found.notice) == (True, True)
    assert f"old has rights in {THERE} as group" in found.reason


def test_what_another_database_has_of_the_old_role_may_be_waived_unless_it_is_dropped(server: Server) -> None:
    def found(step: str, retire: Retire = "drop") -> tuple[bool, bool]:
        result = elsewhere.judge(server.asked(step, retire=retire))
        return result.open, result.waivable

    lock, revoke = split.LOCK_LEGACY, split.REVOKE_LEGACY
    server.sessions = [session("legacy")]
    assert found(lock)[0]
    server.sessions = [session("vendor", THERE, acts_as=("legacy",))]
    assert found(lock)[0], "members go on until the end of their membership"
    assert found(revoke) == (False, True)
    server.sessions = [session("legacy", THERE)]
    assert found(lock) == found(revoke) == (False, True)
    server.owned = (THERE,)
    assert found(lock) == found(revoke, "revoke") == (False, True)
    assert found(revoke) == (False, False), "DROP ROLE would be refused"
    server.sessions, server.owned, server.temporary = [], (), ("table pg_temp_3.t",)
    assert found(lock)[0]
    assert found(revoke, "revoke")[0]
    assert found(revoke) == (False, False)

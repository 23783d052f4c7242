"""What gates say, given the evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flatsplit.config import Config
from flatsplit.gates import drained, evidence, known, rehearsed, twins_alike, unrefused
from flatsplit.gates.rehearsed import Past
from flatsplit.gates.role import rehearsed as role_rehearsed
from flatsplit.journal.learning import SpanRecord, StatementRecord
from flatsplit.model import (
    OWNER,
    Acl,
    AclItem,
    Backend,
    Change,
    DefaultRef,
    FactKey,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    SettingKey,
    State,
)
from flatsplit.rehearsal.unanswered import Unanswered
from flatsplit.server.statements import StatementCount
from flatsplit.trail.logins import FailedLogin
from tests.support.tracked import TARGET, statement

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_was_refused_counts_for_a_day_and_since_the_step_before() -> None:
    since = [unrefused.counts_since(done, NOW) for done in (NOW - HOUR, NOW - 3 * DAY, None)]
    assert since == [NOW - HOUR, NOW - DAY, NOW]


def test_what_was_watched_before_a_hole_is_no_evidence() -> None:
    allowed = StatementRecord(1, NOW - 9 * DAY, NOW, 5, "allowed", "")
    long_ago = SpanRecord(NOW - 9 * DAY, NOW - 2 * DAY, 99, "epoch", "")
    lately = SpanRecord(NOW - DAY, NOW, 9, "epoch", "the server was restarted")

    def opened(*spans: SpanRecord, wanted: timedelta = DAY, ran: str = "allowed", epoch: str = "epoch") -> bool:
        count = StatementCount("public", {1: 5}, epoch)
        odd = {2: Unanswered("it creates a table", "")} if ran == "migrator" else {}
        seen = [allowed, allowed._replace(queryid=2, verdict=ran)]
        return evidence.gate("job", spans, seen, count, wanted, odd).open

    assert opened(long_ago, lately)
    assert opened(lately)
    assert not opened(long_ago, lately, wanted=2 * DAY)
    assert not opened()
    assert not opened(lately, ran="migrator")
    assert opened(lately, ran="unknown"), "flatsplit.toml answers it"
    assert not opened(lately, epoch="another")


def asked(**known: Any) -> Any:
    """What a gate is asked about, as far as it looks."""
    return SimpleNamespace(session=SimpleNamespace(driver=None), **known)


@pytest.mark.parametrize(("fact", "opened"), [("owner", False), ("privilege", True)])
def test_where_the_old_role_stays_in_use_it_is_drained_once_it_creates_nothing(fact: FactKey, opened: bool) -> None:
    again = statement("ALTER TABLE late …", Change("-", fact, "table late", "legacy"))
    config = Config("shop", "legacy", ("public",), retire="repurpose")
    found = drained.judge(asked(context=SimpleNamespace(legacy="legacy", config=config), drift=[again]))
    assert (found.open, found.waivable) == (opened, True)


@pytest.mark.parametrize(
    ("ago", "summary", "opened"),
    [
        (HOUR, {"allowed": 3}, True),
        (3 * HOUR, {"allowed": 3}, False),
        *((HOUR, {"allowed": 3, bad: 1}, False) for bad in ("denied", "silent", "migrator")),
    ],
)
def test_a_special_role_is_cut_off_after_a_clean_rehearsal_of_its_list(
    monkeypatch: pytest.MonkeyPatch, ago: timedelta, summary: dict[str, int], opened: bool
) -> None:
    others = Past(NOW, "app_user", "statistics", "", {"denied": 1})
    monkeypatch.setattr(rehearsed, "past", lambda _: [Past(NOW - ago, "job", "statistics", "", summary), others])
    monkeypatch.setattr(role_rehearsed, "server_clock", lambda _: NOW)
    granted = SimpleNamespace(finished_at=NOW - 2 * HOUR)
    one = asked(context=SimpleNamespace(role="job"), records={"grant": granted}, journal=None)
    assert role_rehearsed.judge(one).open is opened


def test_a_refused_login_is_settled_by_a_later_one_from_the_same_address() -> None:
    refused = FailedLogin("10.0.0.1", 1, last=NOW)
    session = Backend("app_user", "shop", "10.0.0.1", "app", "idle", backend_start=(NOW + HOUR).isoformat())

    def settled(address: str = "10.0.0.1", moment: datetime = NOW + HOUR) -> tuple[bool, bool]:
        there = replace(session, client=address, backend_start=moment.isoformat())
        return known._came_later(refused, {address: moment}, []), known._came_later(refused, {}, [there])

    assert settled() == (True, True)
    assert settled(moment=NOW - HOUR) == (False, False)
    assert settled(address="10.0.0.2") == (False, False)
    assert known._came_later(replace(refused, client=""), {"10.0.0.2": NOW + HOUR}, []), "no address is known"
    assert not known._came_later(replace(refused, last=None), {"10.0.0.1": NOW + HOUR}, [session])


TABLE = ObjectRef("table", "public", "t")
"""Of nobody's."""


def rights(letters: str, grantable: str = "", role: str = "app_a") -> Acl:
    return (AclItem(role, OWNER, letters, grantable),)


TWINS = State(TARGET, roles={name: RoleFacts() for name in ("app_a", "app_b", "app_user")})
ONE_SIDED: dict[str, State] = {
    "connection limit 5 and -1": TWINS.but(roles={**TWINS.roles, "app_a": RoleFacts(connection_limit=5)}),
    "superuser True and False": TWINS.but(roles={**TWINS.roles, "app_a": RoleFacts(superuser=True)}),
    "members of other roles": TWINS.but(members={Member("app_user", "app_a", "postgres"): MemberOptions()}),
    "rights in database crm": TWINS.but(roles={**TWINS.roles, "app_a": RoleFacts(elsewhere=("crm",))}),
    "settings": TWINS.but(settings={SettingKey("app_a", "shop"): (("work_mem", "1MB"),)}),
    "app_a owns table public.t": TWINS.but(objects={TABLE: ObjectFacts("app_a")}),
    "rights on table public.t": TWINS.but(objects={TABLE: ObjectFacts("app_user", rights("r"))}),
    "rights on column public.t.a": TWINS.but(columns={ObjectRef("column", "public", "t", "a"): rights("r")}),
    "default privileges": TWINS.but(defaults={DefaultRef("app_user", "", "r"): rights("r")}),
    "policy p on t": TWINS.but(policies={ObjectRef("policy", "public", "t", "p"): frozenset({"app_a"})}),
    "a user mapping of server crm": TWINS.but(mappings=frozenset({ObjectRef("user_mapping", "", "crm", "app_a")})),
}


@pytest.mark.parametrize("told", ONE_SIDED)
def test_what_only_one_of_two_logins_has_is_told(told: str) -> None:
    assert list(twins_alike.differences(ONE_SIDED[told], "app_a", "app_b")) == [told]
    other_way = list(twins_alike.differences(ONE_SIDED[told], "app_b", "app_a"))
    assert len(other_way) == 1, "whichever of them it is"


def test_what_both_logins_have_is_none() -> None:
    both = (*rights("rw", "r"), *rights("rw", "r", "app_b"))
    assert list(twins_alike.differences(TWINS.but(objects={TABLE: ObjectFacts("x", both)}), "app_a", "app_b")) == []
    passed_on = (*rights("rw", "r"), *rights("rw", "", "app_b"))
    apart = TWINS.but(objects={TABLE: ObjectFacts("x", passed_on)})
    assert list(twins_alike.differences(apart, "app_a", "app_b")) == ["rights on table public.t"]

"""What a PgBouncer needs for a rotation, and what counts as evidence that it works."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flatsplit.config import Config, Group
from flatsplit.config.rotation import Rotation, read, render
from flatsplit.cutover.poolers import of_twins
from flatsplit.errors import ConfigError
from flatsplit.model import RoleFacts, State
from flatsplit.render import quoting
from flatsplit.server.pooler import Pooler, look
from flatsplit.walks.rotate.context import Context
from tests.support.tracked import TARGET

A, B = 'web "a"', "web\nb"
CONSOLE = "host=10.0.0.7 port=6432 dbname=pgbouncer user=stats"
CONTEXT = Context(
    Config("shop", "legacy", ("public",), groups=(Group("app_user", (A, B)),)),
    State(TARGET, roles={A: RoleFacts(login=True), B: RoleFacts()}),
    "app_user",
    (A, B),
)
ASKS = Pooler("10.0.0.7:6432", "shop", asks=True, listed=frozenset({"pgb", "stats"}), servers={A: 3}, clients={A: 9})
LISTS = replace(ASKS, asks=False, listed=frozenset({A}))
FORCES = replace(ASKS, forced=A)


def told(pooler: Pooler) -> tuple[str | None, str, bool]:
    (one,) = of_twins([pooler], CONTEXT)
    return one.way, one.todo, one.works


def test_each_way_has_its_own_work_and_is_seen_to_work() -> None:
    assert told(ASKS) == ("auth_query", f"let clients come as {B}", False)
    assert told(replace(ASKS, servers={A: 1, B: 2})) == ("auth_query", f"let the other clients come as {B}", False)
    assert told(replace(ASKS, servers={B: 2}, clients={B: 9})) == ("auth_query", "", True)
    way, todo, works = told(LISTS)
    assert (way, works) == ("userlist", False)
    assert todo.startswith(f"add {quoting.doubled(B)} and its verifier")
    assert told(replace(LISTS, listed=frozenset({A, B}))) == ("userlist", f"let clients come as {B}", False)
    way, todo, works = told(FORCES)
    assert (way, works) == ("forced", False)
    assert f"user={quoting.bouncer(B)} and its password=" in todo
    way, todo, works = told(replace(FORCES, forced=B, servers={A: 1, B: 1}, clients={}))
    assert (way, todo.partition(";")[0], works) == ("forced", "RECONNECT shop", False)
    assert told(replace(FORCES, forced=B, servers={B: 1})) == ("forced", "", True)
    assert list(of_twins([replace(FORCES, forced="another application's")], CONTEXT)) == []


def test_one_that_cannot_be_asked_says_why() -> None:
    (silent,) = look("host=/nonexistent port=6432 user=stats dbname=pgbouncer", "shop")
    assert silent.why
    way, todo, works = told(silent)
    assert (way, works) == (None, False)
    assert "~/.pgpass" in todo


@pytest.mark.parametrize(
    "secret",
    [
        "user=a password=geheim",
        "user=a password = 'geheim'",
        "user=a sslpassword=geheim",
        r"user='a\'b c' password=geheim",
        "postgresql://a:geheim@h:6432/pgbouncer",
        "postgresql://a:ge%68eim@[::1]:6432/pgbouncer",
        "postgresql://a@h/pgbouncer?password=geheim",
        "postgresql://a@h/pgbouncer?sslmode=require&sslpassword=geheim",
        "postgresql:///pgbouncer?host=/tmp&user=a&password=geheim",
    ],
)
def test_a_password_has_no_place_there(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({"pooler": [CONSOLE, secret]}, "f.toml")
    assert "pgpass" in caught.value.fix
    assert "eheim" not in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("broken", ["geheim", "user=a PASSWORD=geheim", "user='geheim", "postgresql://a:geheim@[::1"])
def test_what_is_no_connection_string_is_not_repeated(broken: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({"pooler": [broken]}, "f.toml")
    assert "no connection string" in caught.value.what
    assert "eheim" not in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("good", ["application_name='password = x'", "host=h user=a passfile=/p", "service=pool"])
def test_a_word_is_no_secret(good: str) -> None:
    assert read({"pooler": [good]}, "f.toml").pooler == (good,)


def test_what_is_written_is_read_back() -> None:
    assert read({"pooler": [CONSOLE]}, "f.toml") == Rotation(pooler=(CONSOLE,))
    assert render(Rotation(pooler=(CONSOLE,)))[-1] == f'pooler = ["{CONSOLE}"]'
    with pytest.raises(ConfigError):
        read({"pooler": CONSOLE}, "f.toml")

"""The hook that keeps passwords: what it is told and where, and what becomes of a call that goes wrong."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from flatsplit.errors import Exit, FlatsplitError
from flatsplit.store import SecretPlace, Store, StoreFailed
from tests.support import stores
from tests.support.patience import until

PLACE = SecretPlace("app_user_b", "app_user", "shop", "db.example", 5432)
SECRET = """p4ss'"%\\ wörd $(id) `x`"""
VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$S3RvcmVkS2V5U3RvcmVkS2V5:U2VydmVyS2V5U2VydmVyS2V5"

Hook = Callable[..., Store]


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def hook(tmp_path: Path, heard: list[str]) -> Hook:
    """A hook of these lines of sh: ``$verb``, and the document in the file ``$asked``."""

    def make(lines: str, patience: float = 5) -> Store:
        path = tmp_path / "a hook"
        path.write_text(f"#!/bin/sh\nasked={tmp_path}/asked; verb=$1\ncat > $asked\n{lines}\n")
        path.chmod(0o755)
        return Store((str(path),), heard.append, patience)

    return make


def refused(call: Callable[[], object], code: Exit = Exit.ERROR) -> FlatsplitError:
    with pytest.raises(FlatsplitError) as caught:
        call()
    error = caught.value
    assert error.exit_code == code
    assert error.fix
    assert SECRET not in f"{error.what}{error.fix}{error.__context__!r}"
    return error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["file", "aws", "vault", "kubectl"])
def test_the_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> None:
    """Each from the first password to the third, with another login of the same group, and asked twice for the same."""
    commands = stores.install(tmp_path / "stubs")
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STORE_FOLDER", str(tmp_path / "stubs"))
    kept = tmp_path / "passwords.json"
    words = {"file": [str(kept)], "aws": ["prod/shop"], "vault": ["secret/shop"], "kubectl": ["shop", "database"]}
    store = Store((str(stores.HOOKS / name), *words[name]), heard.append)
    twin, other = replace(PLACE, role="app_user_a"), replace(PLACE, role="app_migrator", group="app_migrator")

    assert store.get(PLACE, "pending") is None
    assert store.get(PLACE, "current") is None
    store.pending(twin, "first", VERIFIER)
    assert store.made_up(twin) == "first"
    assert store.get(twin, "current") is None
    store.current(twin)
    store.current(twin)
    assert store.get(twin, "current") == "first"
    assert store.made_up(twin) is None, "what is current is not pending any more"

    store.pending(other, "another's", VERIFIER)
    store.pending(PLACE, SECRET, VERIFIER)
    store.pending(PLACE, SECRET, VERIFIER)
    assert (store.made_up(PLACE), store.made_up(twin)) == (SECRET, None)
    assert store.get(twin, "current") == "first", "applications still get the one before"
    store.current(PLACE)
    store.current(PLACE)
    assert (store.get(PLACE, "current"), store.get(twin, "current")) == (SECRET, None)
    assert store.get(other, "pending") == "another's"

    # In place: the same role again
    store.pending(PLACE, "third", VERIFIER)
    assert (store.get(PLACE, "current"), store.made_up(PLACE)) == (SECRET, "third")
    store.current(PLACE)
    assert store.get(PLACE, "current") == "third"
    assert not heard
    if name == "file":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    else:
        called = stores.calls(tmp_path / "stubs")
        assert all(json.dumps(one)[1:-1] not in called for one in (SECRET, "first", "third", VERIFIER))


def test_what_it_is_told_and_where(hook: Hook, tmp_path: Path) -> None:
    store = hook(
        f"tr '\\0' '\\n' < /proc/$$/cmdline > {tmp_path}/argv; env > {tmp_path}/env; printf '%s' \"$(cat $asked)\""
    )
    with pytest.raises(StoreFailed):
        store.pending(PLACE, SECRET, VERIFIER)
    told = (tmp_path / "asked").read_text()
    assert json.loads(told) == {**_of(PLACE), "which": "pending"}
    seen = (tmp_path / "argv").read_text() + (tmp_path / "env").read_text()
    assert SECRET not in seen
    assert VERIFIER not in seen
    store = hook("exit 0")
    store.current(PLACE)
    assert json.loads((tmp_path / "asked").read_text()) == _of(PLACE)


def _of(place: SecretPlace) -> dict[str, object]:
    return {name: getattr(place, name) for name in ("role", "group", "database", "host", "port")}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("exit 7", "failed with exit status 7"),
        ("kill -9 $$", "was ended by SIGKILL"),
        ("[ $verb = pending ] || exit 1", "get` failed with exit status 1"),
        ("true", "has no pending password of app_user_b, which it was just given"),
        ("[ $verb = pending ] || echo other", "another pending password"),
        ("[ $verb = pending ] || printf '<html>\\n<body>Sign in</body>'", "answers 2 lines instead of a password"),
        ("[ $verb = pending ] || printf '\\377\\376'", "not UTF-8"),
        ("[ $verb = pending ] || printf '\\033[31mno'", "cannot be a password"),
        ("[ $verb = pending ] || head -c 100000 /dev/zero", "says more than 64 kB"),
    ],
)
def test_a_hook_that_fails_or_loses_it(lines: str, says: str, hook: Hook) -> None:
    error = refused(lambda: hook(lines).pending(PLACE, SECRET, VERIFIER))
    assert says in error.what
    assert "the same command again" in error.fix


def test_a_hook_that_hangs_is_ended_with_all_it_started(hook: Hook, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    store = hook(f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; wait", patience=0.5)
    error = refused(lambda: store.pending(PLACE, SECRET, VERIFIER), Exit.WAITING)
    assert "took 0.5s" in error.what
    until(lambda: not any(map(_alive, map(int, pids.read_text().split()))), "the end of what it started")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_reads_nothing_or_leaves_something_behind(hook: Hook, tmp_path: Path) -> None:
    path = tmp_path / "deaf"
    path.write_text("#!/bin/sh\nexec < /dev/null\nsleep 600 > /dev/null 2>&1 &\necho secret\n")
    path.chmod(0o755)
    store = Store((str(path),), lambda _: None, 5)
    assert store.get(replace(PLACE, database="x" * 300_000), "current") == "secret"


def test_one_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        error = refused(partial(Store((str(path),), lambda _: None).current, PLACE), Exit.USAGE)
        assert "[rotation] store" in error.what


def test_what_it_says_is_shown_without_secrets(hook: Hook, heard: list[str]) -> None:
    """Whatever ``set -x`` or a careless message may write."""
    coded = base64.b64encode(json.dumps({"username": "x", "password": SECRET}, ensure_ascii=False).encode()).decode()
    store = hook(
        "set -x; echo plain words >&2; cat $asked >&2; base64 < $asked >&2; jq .password $asked >&2; "
        f"jq -r .password $asked >&2; jq -r '.password | @uri' $asked >&2; echo {coded} >&2; "
        "printf '\\033[2Jred\\r\\n' >&2; [ $verb = pending ] || jq -rj .verifier $asked; exit 1"
    )
    refused(lambda: store.pending(PLACE, SECRET, VERIFIER))
    said = "\n".join(heard)
    assert "store: plain words" in heard
    assert "(a line that holds the secret is not shown)" in said
    assert "\x1b" not in said
    for piece in ("p4ss", "wörd", "w\\u00f6rd", "w%C3%B6rd", "c2FsdHNhbHRz", coded[20:40]):
        assert piece not in said, piece
    for line in heard:
        with contextlib.suppress(ValueError):
            assert b"p4ss" not in base64.b64decode(line.removeprefix("store: "), validate=True)


def test_too_much_of_it_is_cut(hook: Hook, heard: list[str]) -> None:
    hook("seq 1 50 >&2").current(PLACE)
    assert heard[-1] == "store: (and 30 lines more)"
    assert len(heard) == 21

"""Passwords: private files, made once, and verifiers that the server accepts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import resource
import stat
import tomllib
from pathlib import Path

import psycopg
import pytest

from flatsplit.errors import UsageError
from flatsplit.passwords import FromFile, Generated, Nowhere, Prompt, check, make_file, read_file, verifier

SECRET = "s3cr3t-Xy"


def private(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_a_private_file(tmp_path: Path) -> None:
    path = private(tmp_path / "p", f'app_user = "{SECRET}"\n"my \\"role\\".x" = "b"\n')
    assert read_file(path) == {"app_user": SECRET, 'my "role".x': "b"}
    source = FromFile(path)
    assert source.for_roles(["app_user"]) == {"app_user": SECRET}
    path.unlink()
    assert source.for_roles(["app_user"]) == {"app_user": SECRET}  # read once: it may be a pipe
    with pytest.raises(UsageError, match="no password for dba, x") as caught:
        source.for_roles(["dba", "app_user", "x"])
    assert caught.value.exit_code == 2
    assert caught.value.fix == 'add a line such as "dba" = "…"'


def test_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b'app_user = "x"\n')
    os.close(writer)
    assert FromFile(Path(f"/dev/fd/{reader}")).for_roles(["app_user"]) == {"app_user": "x"}
    os.close(reader)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o601])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "p", f'app_user = "{SECRET}"', mode)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    assert caught.value.what == f"{path}: others may read the password file (mode {mode:04o})"
    assert caught.value.fix == f"chmod 600 {path}"


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = private(tmp_path / "p", "")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(UsageError, match="belongs to another user"):
        read_file(path)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_file(tmp_path / "none")
    tmp_path.chmod(0o700)
    with pytest.raises(UsageError, match="not a file"):
        read_file(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        f'app_user = "{SECRET}',
        f"app_user = {SECRET}",
        f'app_user = "a\\{SECRET}"',
        f'app_user = "{SECRET}"\napp_user = "{SECRET}"',
        f'my.role = "{SECRET}"',
        f'[section]\napp_user = "{SECRET}"',
        f'app_user = ["{SECRET}"]',
        f"app_user {SECRET}",
        b"app_user = '\xff" + SECRET.encode() + b"'",
    ],
)
def test_a_broken_file_is_told_without_its_content(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_file(private(tmp_path / "p", content))
    shown = caught.value.what + caught.value.fix + str(caught.value)
    assert SECRET not in shown
    assert "\n" not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_made_once_and_used_again(tmp_path: Path) -> None:
    path = tmp_path / "p"
    old = os.umask(0o777)  # even then the owner can read it
    try:
        made = Generated(path).for_roles(["app_user", 'the "dba"\n'])
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tomllib.loads(path.read_text()) == made
    assert all(len(password) == 32 for password in made.values())
    assert len(set(made.values())) == 2
    before = path.read_bytes()
    assert Generated(path).for_roles(["app_user"]) == {"app_user": made["app_user"]}
    with pytest.raises(UsageError, match="no password for app_migrator") as caught:
        Generated(path).for_roles(["app_user", "app_migrator"])
    assert "never changed" in caught.value.fix
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_same_call_needs_later_is_added(tmp_path: Path) -> None:
    """As where a step that is caught up with needs a password, and the next one others."""
    path = tmp_path / "p"
    call = Generated(path)
    first = call.for_roles(["app_user"])
    both = call.for_roles(["app_user", "dba"])
    assert both["app_user"] == first["app_user"]
    assert tomllib.loads(path.read_text()) == both
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    path.write_text(f"{path.read_text()}more = 'by somebody'\n")
    with pytest.raises(UsageError, match="no password for app_migrator"):
        call.for_roles(["app_migrator"])
    empty = private(tmp_path / "empty", "")
    with pytest.raises(UsageError, match="no password for dba"):
        Generated(empty).for_roles(["dba"])
    assert empty.read_bytes() == b""


def test_making_never_replaces(tmp_path: Path) -> None:
    path = private(tmp_path / "p", "")
    with pytest.raises(FileExistsError):
        make_file(path, ["app_user"])
    assert path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_must_be_private_to_be_used_again(tmp_path: Path) -> None:
    path = private(tmp_path / "p", 'app_user = "x"', 0o644)
    with pytest.raises(UsageError, match="others may read"):
        Generated(path).for_roles(["app_user"])


def test_a_dangling_link_and_a_missing_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot be read"):
        Generated(tmp_path / "link").for_roles(["app_user"])
    with pytest.raises(UsageError, match="cannot be made"):
        Generated(tmp_path / "none" / "p").for_roles(["app_user"])


def test_a_file_for_which_there_is_no_room_is_refused_before_it_is_needed(tmp_path: Path) -> None:
    """A disk that is full: the limit has the same effect, and needs no disk."""
    source, (soft, hard) = Generated(tmp_path / "p"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with pytest.raises(UsageError, match="cannot be made"):
            source.require(())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    source.require(())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "password", ["", "a\0b", "a\nb", "a\tb", "a\x7fb", "\u202eabc", "\u00ad", "🔑", "\ue000", "אa"]
)
def test_passwords_that_would_not_work_everywhere(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        check("app_user", password)
    assert "app_user" in caught.value.what
    assert not password or password not in caught.value.what + caught.value.fix
    with pytest.raises(UsageError):
        Prompt(lambda role: password).for_roles(["app_user"])


@pytest.mark.parametrize("password", ["x", " ", "pass word", "pässwörd", "%s:name'\"\\", "пароль", "אב", "x" * 2000])
def test_verifiers(password: str) -> None:
    found = verifier(psycopg.pq.PGconn.connect_start(b"host=/nonexistent"), "app_user", password)
    method, iterations_salt, keys = found.split("$")
    assert method == "SCRAM-SHA-256"
    iterations, salt = iterations_salt.split(":")
    stored, _ = keys.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b"Client Key", "sha256")
    assert base64.b64decode(stored) == hashlib.sha256(client).digest()


def test_asked_and_nowhere() -> None:
    assert Prompt(lambda role: f"pw of {role}").for_roles(["a", "b"]) == {"a": "pw of a", "b": "pw of b"}
    assert Nowhere().for_roles([]) == {}
    with pytest.raises(UsageError) as caught:
        Nowhere().for_roles(["app_user", "dba"])
    assert caught.value.what == "no password for app_user, dba"
    assert caught.value.fix == "give --password-file FILE or --generate-passwords FILE"

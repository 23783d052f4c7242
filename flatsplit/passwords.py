"""Passwords: where they come from, and the SCRAM verifiers that the server is sent in their place.

A clear-text password is kept by the operator only, and in the memory of this process while it is needed. No error
quotes one: an error in a TOML file is reported by its position.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import stringprep
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from flatsplit.config.text import quote
from flatsplit.errors import UsageError

_HEADER = "# Passwords made by flatsplit. Hand them over, then delete this file.\n"
_ROOM = 4096
"""Bytes of a file of passwords, more than it will have."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Encrypts(Protocol):
    """The method of psycopg's PGconn that is needed. It sends nothing to the server."""

    def encrypt_password(self, passwd: bytes, user: bytes, algorithm: bytes | None = None) -> bytes:
        """PQencryptPasswordConn of libpq."""


def verifier(pgconn: Encrypts, role: str, password: str) -> str:
    """The SCRAM-SHA-256 verifier of a password. Raises UsageError for a password that :func:`check` refuses."""
    check(role, password)
    return pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode("ascii")


def check(role: str, password: str) -> None:
    """Raise UsageError for a password that the server or a driver would not take as it was typed.

    An empty password means none, and a NUL ends it. Where SASLprep (RFC 4013) forbids a character, libpq uses the
    unprepared bytes but other drivers refuse to log in.
    """
    if not password:
        raise UsageError(f"the password of {role} is empty", "an empty password lets nobody in; choose one")
    if "\0" in password or not _saslprep_allows(password):
        raise UsageError(
            f"the password of {role} holds a character that passwords cannot have everywhere",
            "use letters, digits, punctuation and spaces; no control characters, no emoji",
        )


_FORBIDDEN: tuple[Callable[[str], bool], ...] = (
    stringprep.in_table_a1,  # unassigned in Unicode 3.2
    stringprep.in_table_c21_c22,  # control characters
    stringprep.in_table_c3,  # private use
    stringprep.in_table_c4,  # non-characters
    stringprep.in_table_c5,  # surrogates
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,  # direction marks
    stringprep.in_table_c9,
)


def _saslprep_allows(password: str) -> bool:
    """Whether RFC 4013 has a prepared form of this password."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    text = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not text or any(forbids(char) for char in text for forbids in _FORBIDDEN):
        return False
    if any(map(stringprep.in_table_d1, text)):  # right-to-left text must be so throughout
        ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
        return ends and not any(map(stringprep.in_table_d2, text))
    return True


# Files -------------------------------------------------------------------------------------


def read_file(path: Path) -> dict[str, str]:
    """The passwords in a file, by role. Raises UsageError where others may read it or it is not as it should be.

    The path may be a pipe, such as ``<(vault …)``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            f"{path}: the password file cannot be read ({error.strerror})",
            f"give one with --password-file, or let {path} be made by --generate-passwords",
        ) from None
    try:
        _check_private(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read()
    finally:
        os.close(descriptor)
    return _parse(path, content)


def _check_private(path: Path, found: os.stat_result) -> None:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        raise UsageError(f"{path}: not a file", 'give a file with lines such as app_user = "…"')
    if found.st_uid != os.geteuid():
        raise UsageError(
            f"{path}: the password file belongs to another user (uid {found.st_uid})",
            "use a file of your own: whoever owns it can read the passwords",
        )
    if found.st_mode & _OTHERS:
        raise UsageError(
            f"{path}: others may read the password file (mode {stat.S_IMODE(found.st_mode):04o})",
            f"chmod 600 {path}",
        )


def _parse(path: Path, content: bytes) -> dict[str, str]:
    shape = 'write one line per role: app_user = "…"; a name that is not plain goes into quotes too'
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the password file is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [a-z0-9 ,]+\)\Z", str(error))
        raise UsageError(
            f"{path}: the password file is broken {place.group() if place else ''}".rstrip(), shape
        ) from None
    for role, password in document.items():
        if not isinstance(password, str):
            raise UsageError(f"{path}: what stands for {quote(role)} is not a password", shape)
    return document


def make_file(path: Path, roles: Sequence[str]) -> dict[str, str]:
    """Generate a password for each role and write them to a new file of mode 0600, completely or not at all.

    Returns them, by role, once they are safe on the disk. Raises FileExistsError where the file exists.
    """
    made = _made_up(roles)
    _write_new(path, _written(made))
    return made


def _made_up(roles: Sequence[str]) -> dict[str, str]:
    return {role: secrets.token_urlsafe(24) for role in roles}


def _written(known: Mapping[str, str]) -> str:
    return _HEADER + "".join(f"{quote(role)} = {quote(password)}\n" for role, password in known.items())


def _write_new(path: Path, text: str, *, instead: bool = False) -> None:
    """Write a new file of mode 0600, completely or not at all, where there is none yet, or ``instead`` of what is
    there; it is safe on the disk afterwards.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask or a default ACL said
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if instead:
            temporary.rename(path)
        else:
            os.link(temporary, path)  # unlike a rename, it never replaces a file
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _try_place(path: Path) -> None:
    """Raise OSError where this file could not be made: no such folder, no right to write there, no room."""
    trial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.try")
    _write_new(trial, " " * _ROOM)
    trial.unlink()


def _pick(path: Path, known: Mapping[str, str], roles: Sequence[str], hint: str = "") -> dict[str, str]:
    missing = [role for role in roles if role not in known]
    if missing:
        hint = hint or f'add a line such as {quote(missing[0])} = "…"'
        raise UsageError(f"{path}: no password for {', '.join(missing)}", hint)
    for role in roles:
        check(role, known[role])
    return {role: known[role] for role in roles}


# Sources (each one is a flatsplit.cutover.interaction.Passwords) -------------------------------


class _Given:
    """A source whose passwords the operator has already, so that nothing has to be stored."""

    __slots__ = ()

    def keep(self, role: str, password: str, verifier: str) -> None:
        """Does nothing."""

    def require(self, roles: Sequence[str]) -> None:
        """Does nothing: whether there is a password is known only when it is asked for."""


@dataclass(slots=True)
class FromFile(_Given):
    """``--password-file``. It is read once, since a pipe can be read only once."""

    path: Path
    _known: dict[str, str] | None = None

    def at_hand(self) -> dict[str, str]:
        """All passwords in the file, by role."""
        if self._known is None:
            self._known = read_file(self.path)
        return self._known

    def require(self, roles: Sequence[str]) -> None:
        """Raise UsageError where the file lacks one of these roles."""
        self.for_roles(roles)

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """The passwords of these roles."""
        return _pick(self.path, self.at_hand(), roles)


@dataclass(slots=True)
class Generated(_Given):
    """``--generate-passwords``: a file made now, or the one that an earlier, interrupted call made."""

    path: Path
    _mine: dict[str, str] = field(default_factory=dict)
    """What this call has written into the file: to that it may add."""

    def at_hand(self) -> dict[str, str]:
        """The passwords in the file, by role; empty where it does not exist yet."""
        return read_file(self.path) if os.path.lexists(self.path) else {}

    def require(self, roles: Sequence[str]) -> None:
        """Raise UsageError where the file lacks one of these roles, or cannot be made."""
        if os.path.lexists(self.path):
            self.for_roles(roles)
            return
        try:
            _try_place(self.path)
        except OSError as error:
            raise _unmade(self.path, error.strerror) from None

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """The passwords of these roles. To a file that this call has made, missing ones are added; to no other."""
        if not os.path.lexists(self.path):
            try:
                self._mine = make_file(self.path, roles)
            except FileExistsError:
                pass  # somebody else was faster
            except OSError as error:
                raise _unmade(self.path, error.strerror) from None
        known = read_file(self.path)
        missing = [role for role in roles if role not in known]
        if (
            missing and self._mine and known == self._mine
        ):  # a step that is caught up with needs some, and a later one others
            known = self._mine = {**known, **_made_up(missing)}
            try:
                _write_new(self.path, _written(known), instead=True)
            except OSError as error:
                raise _unmade(self.path, error.strerror) from None
        hint = "an existing file is never changed: add the missing lines yourself, or name a new file"
        return _pick(self.path, known, roles, hint)


def _unmade(path: Path, why: str | None) -> UsageError:
    return UsageError(
        f"{path}: the password file cannot be made ({why})",
        "name a place that you can write to with --generate-passwords",
    )


@dataclass(frozen=True, slots=True)
class Prompt(_Given):
    """A person at a terminal. ``ask`` is called with a role's name and returns the password typed for it."""

    ask: Callable[[str], str]

    def at_hand(self) -> dict[str, str]:
        """Empty: nobody is asked before a password is needed."""
        return {}

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """The passwords of these roles."""
        answers = {}
        for role in roles:
            answers[role] = self.ask(role)
            check(role, answers[role])
        return answers


@dataclass(frozen=True, slots=True)
class Nowhere(_Given):
    """Where there is no file, and no terminal at which somebody could be asked."""

    def at_hand(self) -> dict[str, str]:
        """Empty."""
        return {}

    def require(self, roles: Sequence[str]) -> None:
        """Raise UsageError where there is any role."""
        self.for_roles(roles)

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """Raise UsageError where there is any role."""
        if roles:
            raise UsageError(
                f"no password for {', '.join(roles)}", "give --password-file FILE or --generate-passwords FILE"
            )
        return {}

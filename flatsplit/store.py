"""Passwords into a secret store and back, through a hook of the operator's: ``[rotation] store``.

As with git's and docker's credential helpers the last argument is a verb, standard input one JSON document, standard
output the answer. A password is in no argument, no environment and no file of flatsplit's.

``pending``  keep ``password`` (and ``verifier``) of ``role`` as the next version; applications still get the one before
``get``      print the password of ``role`` whose version is ``which`` (pending or current); nothing where there is none
``current``  make the pending version of ``role`` the one that applications of ``group`` get; twice is once
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import shlex
import signal
import subprocess
import time
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Literal, TypeAlias

from flatsplit import passwords
from flatsplit.errors import FlatsplitError, UsageError, Waiting

Verb: TypeAlias = Literal["pending", "get", "current"]
Which: TypeAlias = Literal["pending", "current"]

PATIENCE = 30.0
"""Seconds to wait for a hook's answer."""
_LONGEST = 64 * 1024
"""Bytes that are read of an answer or of standard error."""
_LINES = 20
"""Lines of a hook's standard error that are shown."""
_PIECE = 8
"""So many consecutive characters of a secret count as revealing it."""

_AGAIN = "nothing is lost: put the hook right, then run the same command again, which goes on with the same password"


class StoreFailed(FlatsplitError):
    """The hook's answer cannot be used."""


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """The login whose password it is, as the hook is told."""

    role: str
    """The role that logs in with it."""
    group: str
    """The role that the login acts as: itself, or its group. A store has one secret for it."""
    database: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Store:
    """The hook."""

    argv: tuple[str, ...]
    tell: Callable[[str], None]
    """Is given the lines of the hook's standard error, without secrets."""
    patience: float = PATIENCE

    def pending(self, place: SecretPlace, password: str, verifier: str) -> None:
        """Store it as the next version and read it back: a store that loses it must not lock anybody out.

        Raises StoreFailed, or Waiting where the hook does not end.
        """
        self._call("pending", place, {"password": password, "verifier": verifier}, (password, verifier))
        kept = self.get(place, "pending")
        if kept is None:
            raise self._failed("get", f"has no pending password of {place.role}, which it was just given")
        if kept != password:
            raise self._failed("get", f"gives another pending password of {place.role} than it was just given")

    def get(self, place: SecretPlace, which: Which) -> str | None:
        """The password of a role in this version; None where the store has none."""
        answer = self._call("get", place, {"which": which}, ())
        try:
            text = answer.decode()
        except UnicodeDecodeError:
            raise self._failed("get", "answers what is not UTF-8") from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            return None
        if len(text.splitlines()) > 1:
            raise self._failed("get", f"answers {len(text.splitlines())} lines instead of a password")
        try:
            passwords.check(place.role, text)
        except UsageError:
            raise self._failed("get", "answers what cannot be a password") from None
        return text

    def current(self, place: SecretPlace) -> None:
        """Let applications have the pending version."""
        self._call("current", place, {}, ())

    def made_up(self, place: SecretPlace) -> str | None:
        """The pending password of an earlier call that was broken off; None where there is none.

        Some stores still call a version pending after it became current.
        """
        pending = self.get(place, "pending")
        return None if pending is not None and pending == self.get(place, "current") else pending

    # -- the call

    def _call(self, verb: Verb, place: SecretPlace, more: dict[str, str], hidden: Sequence[str]) -> bytes:
        document = json.dumps({**asdict(place), **more}).encode() + b"\n"
        try:
            process = subprocess.Popen(
                [*self.argv, verb],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that processes it has started end with it
            )
        except OSError as error:
            raise UsageError(
                f"[rotation] store: {shlex.quote(self.argv[0])} cannot be run ({error.strerror})",
                "say there which program keeps passwords; a path is looked up from where flatsplit runs",
            ) from None
        try:
            answer, said = self._talk(verb, process, document)
        finally:
            _end(process)
        answered = answer.decode(errors="replace").strip()
        for line in _shown(said, (*hidden, *([answered] if verb == "get" and answered else ()))):
            self.tell(f"store: {line}")
        if process.returncode:
            code = process.returncode
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed with exit status {code}"
            raise self._failed(verb, how)
        return answer

    def _talk(self, verb: Verb, process: subprocess.Popen[bytes], document: bytes) -> tuple[bytes, bytes]:
        """Write the document and read both streams to their ends, within the time limit."""
        until = time.monotonic() + self.patience
        stdin, heard = process.stdin, {process.stdout: bytearray(), process.stderr: bytearray()}
        assert stdin is not None
        os.set_blocking(stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            for stream in heard:
                assert stream is not None
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                left = until - time.monotonic()
                if left <= 0:
                    raise self._hangs(verb)
                for key, _ in selector.select(left):
                    if key.fileobj is stdin:
                        document = _hand_over(stdin, document)
                        done = not document
                    else:
                        buffer = heard[key.fileobj]  # type: ignore[index]  # one of the two registered above
                        done = not _hear(key.fd, buffer)
                        if len(buffer) > _LONGEST:
                            raise self._failed(verb, f"says more than {_LONGEST // 1024} kB")
                    if done:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]  # a stream, not a descriptor
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._hangs(verb) from None
        answer, said = heard.values()
        return bytes(answer), bytes(said)

    def _hangs(self, verb: Verb) -> Waiting:
        return Waiting(
            f"the store hook does not answer: {self._name(verb)} took {self.patience:g}s, and was ended", _AGAIN
        )

    def _failed(self, verb: Verb, how: str) -> StoreFailed:
        return StoreFailed(f"the store hook {self._name(verb)} {how}", _AGAIN)

    def _name(self, verb: Verb) -> str:
        return f"`{shlex.join((*self.argv, verb))}`"


def _hand_over(stream: IO[bytes], document: bytes) -> bytes:
    """The part of the document that is left to write; nothing where the hook does not read it."""
    try:
        return document[os.write(stream.fileno(), document) :]
    except BlockingIOError:
        return document
    except BrokenPipeError:
        return b""


def _hear(descriptor: int, buffer: bytearray) -> int:
    some = os.read(descriptor, 4096)
    buffer += some
    return len(some)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _shown(said: bytes, hidden: Sequence[str]) -> Iterator[str]:
    """Lines for people: without control characters, and without lines that have a piece of a secret in any usual
    encoding.
    """
    pieces = {piece for secret in hidden for form in _forms(secret) for piece in _pieces(form)}
    lines = said.decode(errors="replace").splitlines()
    for line in lines[:_LINES]:
        if any(piece in line for piece in pieces):
            yield "(a line that holds the secret is not shown)"
        elif line.strip():
            yield "".join(char if unicodedata.category(char)[0] != "C" else " " for char in line).rstrip()[:500]
    if len(lines) > _LINES:
        yield f"(and {len(lines) - _LINES} lines more)"


def _forms(secret: str) -> Iterator[str]:
    """A secret as programs write it: plain, in JSON, in an address, for a shell, and in base64 at any offset."""
    escaped = json.dumps(secret)[1:-1]
    yield secret
    yield escaped
    yield urllib.parse.quote(secret, safe="")
    yield shlex.quote(secret)
    for raw in (secret.encode(), escaped.encode()):
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + raw).decode()
            yield coded[4 if shift else 0 : len(coded) - 4]
        yield raw.hex()


def _pieces(text: str) -> Iterator[str]:
    if text:
        size = min(_PIECE, len(text))
        yield from (text[at : at + size] for at in range(len(text) - size + 1))

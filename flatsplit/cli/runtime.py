"""Runs a command from arguments to exit code. The only place that turns errors into two lines."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from flatsplit.cli.app import App
from flatsplit.cli.output import without_verifiers
from flatsplit.errors import Exit, FlatsplitError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_CHANGING = frozenset({"init", "begin", "next", "repair", "rollback", "forget"})


def run(command: Callable[..., Any], app: App, args: Sequence[str]) -> int:
    """Runs ``command`` (click's own main) and returns the exit code."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(command, app, args)
    except BrokenPipeError:
        _silence()
        return int(Exit.ERROR)
    except KeyboardInterrupt:  # a second one, while the first was told
        return int(Exit.ERROR)
    return int(code)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM. A class of its own, since Python remembers a plain KeyboardInterrupt that it saw within its
    own exec(), as when a module makes a dataclass, and then ends by SIGINT whatever exit code it is given.
    """


def stop_on_signals() -> None:
    """Make SIGTERM do what Ctrl-C does: restore the terminal and cancel the statement.

    Only the first time: a second SIGTERM ends the process at once.
    """

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if number == signal.SIGTERM:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Interrupted

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a job in the background of a script
        signal.signal(signal.SIGINT, stop)


def _open_streams() -> None:
    """Open streams that the caller closed (``>&-``), which would be None and whose number a socket would get."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115


def _run(command: Callable[..., Any], app: App, args: Sequence[str]) -> int:
    try:
        code = command(args=list(args), prog_name="flatsplit", standalone_mode=False, obj=app)
        sys.stdout.flush()
        return code if isinstance(code, int) else Exit.OK
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return Exit.USAGE
    except click.ClickException as error:
        return _usage(app, error)
    except (click.Abort, KeyboardInterrupt):
        return _stopped(app, args)
    except SystemExit as error:  # raised by completion, and by click when the reader of the output is gone
        return error.code if isinstance(error.code, int) else Exit.OK
    except BrokenPipeError:
        raise
    except FlatsplitError as error:
        return _report(app, error)
    except Exception as error:
        return _unexpected(app, error, args)


def _usage(app: App, error: click.ClickException) -> int:
    what = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "flatsplit"
    app.output.error(what[:1].lower() + what[1:], f"see `{path} --help`")
    return error.exit_code


def _stopped(app: App, args: Sequence[str]) -> int:
    app.output.err.say("stopped")
    if not _CHANGING.isdisjoint(args):
        app.output.err.say("nothing is half done: `flatsplit status` says where it stands, the same command goes on")
    return Exit.ERROR


def _report(app: App, error: FlatsplitError) -> int:
    if app.verbose:
        _traceback(app, error)
    app.output.error(error.what, error.fix)
    return error.exit_code


def _unexpected(app: App, error: Exception, args: Sequence[str]) -> int:
    if "psycopg" in sys.modules:
        from flatsplit.connection import as_flatsplit_error

        known = as_flatsplit_error(error)
        if known is not None:
            known.__cause__ = error
            return _report(app, known)
    if isinstance(error, UnicodeEncodeError) and (given := _not_text(args)) is not None:
        app.output.error(f"{given} is not UTF-8", "write it in UTF-8, as a terminal does in a locale like C.UTF-8")
        return Exit.USAGE
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        app.output.error(f"no file can have the name {error.filename}", "give a shorter one")
        return Exit.USAGE
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        place = f" {error.filename}" if error.filename else ""
        app.output.error(f"cannot write{place}: {error.strerror}", "make room, then run the same command again")
        _silence()
        return Exit.ERROR
    if app.verbose:
        _traceback(app, error)
    lines = str(error).strip().splitlines()
    what = f"unexpected {type(error).__name__}" + (f": {lines[0]}" if lines else "")
    app.output.error(what, "report it, with the traceback above" if app.verbose else "run it again with -v for details")
    return Exit.ERROR


def _not_text(args: Sequence[str]) -> str | None:
    """Which argument or environment variable is not valid text; None where all are.

    A file name may have such bytes, so nothing is refused until they matter. The bytes are not shown: they may be a
    password.
    """
    given = {f"argument {number}": value for number, value in enumerate(args, 1)} | dict(os.environ)
    return next((name for name, value in given.items() if re.search("[\udc80-\udcff]", value)), None)


def _traceback(app: App, error: BaseException) -> None:
    import traceback

    app.output.err.say(without_verifiers("".join(traceback.format_exception(error)).rstrip()), "dim")


def _silence() -> None:
    """The reader of the output is gone; keep the interpreter from complaining about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(Exception):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)

"""Every way in which flatsplit refuses, each with its exit code.

An error says what is wrong and what to do about it. The command line prints two lines; a traceback appears only with
``-v``.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the command line, on which scripts rely."""

    OK = 0
    ERROR = 1
    USAGE = 2
    WAITING = 3
    DRIFT = 4
    REFUSED = 5


class FlatsplitError(Exception):
    """Something went wrong; ``what`` and ``fix`` are one line each."""

    exit_code: Exit = Exit.ERROR

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class ConfigError(FlatsplitError):
    """flatsplit.toml is missing, broken, or says something impossible."""


class ConnectFailed(FlatsplitError):
    """The server cannot be reached or does not let the operator in."""


class TargetError(FlatsplitError):
    """The server is not one that this command can work on (standby, too old, other database)."""


class MissingRights(FlatsplitError):
    """The operator's role may not do what the command needs."""


class JournalError(FlatsplitError):
    """The tracking schema is missing, of another version, or not in the expected state."""


class OperatorBusy(FlatsplitError):
    """Another operator holds the one-operator lock."""

    exit_code = Exit.WAITING


class UnknownDependency(FlatsplitError):
    """The server knows of a dependency on a role that the catalog reader does not."""


class StatementFailed(FlatsplitError):
    """A statement of the plan failed for a reason that retrying does not cure."""


class UsageError(FlatsplitError):
    """The command was called in a way it cannot serve."""

    exit_code = Exit.USAGE


class Waiting(FlatsplitError):
    """A gate is closed or a lock did not come; calling again later is all it takes."""

    exit_code = Exit.WAITING


class Drift(FlatsplitError):
    """What a finished step promised no longer holds."""

    exit_code = Exit.DRIFT


class Refused(FlatsplitError):
    """A blocker, or a plan that is not the approved one."""

    exit_code = Exit.REFUSED

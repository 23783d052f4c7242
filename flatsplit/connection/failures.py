"""Explains why a connection failed, without showing a password."""

from __future__ import annotations

import os
import re
import traceback

import psycopg
from psycopg.conninfo import conninfo_to_dict

from flatsplit.connection.server_errors import error_text, hint
from flatsplit.errors import (
    ConnectFailed,
    FlatsplitError,
    JournalError,
    MissingRights,
    StatementFailed,
    TargetError,
    UsageError,
)

# What the server or libpq says, and what an operator can do about it. In another language the last entry is used, since
# nothing but advice depends on the wording of a message.
_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"out of shared memory",
        "others hold all locks there is room for: try again when they have ended, or raise max_locks_per_transaction",
    ),
    (r"no password supplied", "set PGPASSWORD, or add a line to ~/.pgpass (mode 0600)"),
    (
        r"password authentication failed|authentication failed for user",
        "check user and password, ~/.pgpass and pg_hba.conf",
    ),
    (r"database .* does not exist", "check the database name (dbname in --dsn, or PGDATABASE)"),
    (r"role .* does not exist", "check the user name (user in --dsn, or PGUSER)"),
    (r"is not permitted to log in", "connect as a role with LOGIN that may administer roles"),
    (r"permission denied for database", "ask the database's owner for CONNECT on it"),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "let this role and address in with a line in the server's pg_hba.conf",
    ),
    (r"too many (clients|connections)|connection slots", "wait until connections are free, or end idle ones"),
    (r"starting up|shutting down|recovery mode|not yet accepting", "try again when the server is up"),
    (
        r"could not translate host|resolve host|[Nn]ame or service",
        "check the host name (host in --dsn, or PGHOST)",
    ),
    (
        r"[Cc]onnection refused|No such file or directory|No route|unreachable",
        "check host and port, and that the server runs",
    ),
    (r"^Permission denied", "run it as a user who may enter the socket's folder, or connect by TCP (host in --dsn)"),
    (
        r"^(bad|invalid)( \w+)? (value|port number)",
        "correct that value in --dsn, or in libpq's PG* variables or service file",
    ),
    (r"timeout|timed out", "check host, port and firewall; connect_timeout in --dsn allows more time"),
    (
        r"(session|server) is (not )?(read-only|in hot standby)",
        "check target_session_attrs in --dsn (PGTARGETSESSIONATTRS); default_transaction_read_only counts for it, too",
    ),
    (
        r"channel binding|authentication method requirement|did not complete authentication",
        "check channel_binding and require_auth in --dsn (PGCHANNELBINDING, PGREQUIREAUTH), and pg_hba.conf",
    ),
    (
        r"unsupported startup parameter",
        "a connection pool (PgBouncer) stands between flatsplit and the server: connect to the server itself",
    ),
    (r"definition of service", "check the service name, and PGSERVICEFILE or ~/.pg_service.conf"),
    (r"SSL|TLS|certificate", "check sslmode and the certificates in --dsn"),
    (r"", "check --dsn, or libpq's PG* variables"),
)


def reject_unreadable(dsn: str) -> None:
    """Refuse a connection string that libpq cannot parse, or parses otherwise than it was meant, without
    repeating it.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error:
        # libpq quotes the part that it could not parse, which may be the password
        raise UsageError("the connection string cannot be read", _of_other_clients(dsn)) from None
    host, port = str(given.get("host") or ""), str(given.get("port") or "")
    path = dsn.partition("://")[2].partition("/")[2].partition("?")[0]
    if "@" in host.lstrip("@") or re.search(r"[^0-9, ]", port) or "@" in path:
        # After a password with @, / or : in it, the rest of it is taken for the host, port or database
        raise UsageError(
            "the connection string has an impossible host, port or database",
            "percent-encode special characters of the password (%40 for @, %2F for /, %3A for :), or use PGPASSWORD",
        )


_FOREIGN_SCHEME = re.compile(r"(?:jdbc:postgres(?:ql)?|postgres(?:ql)?\+\w+)://", re.ASCII)
_FOREIGN_PARAMETERS = (
    *("schema", "currentSchema", "connection_limit", "pool", "pool_size", "pool_timeout", "pgbouncer"),
    *("prepared_statements", "prepareThreshold", "statement_cache_size", "ssl", "sslaccept", "encoding"),
)
"""Of Prisma, Rails, JDBC and the like. Any other name here may be part of the password, and is not repeated."""


def _of_other_clients(dsn: str) -> str:
    """What to write instead of a connection string that libpq cannot parse and other clients may."""
    if found := _FOREIGN_SCHEME.match(dsn):
        return f"write postgresql:// instead of {found.group()}, which only SQLAlchemy and JDBC understand"
    names = [each.partition("=")[0] for each in re.split("[?&]", dsn)[1:]]
    if foreign := [name for name in names if name in _FOREIGN_PARAMETERS]:
        return f"leave out what libpq does not know, and your application's library does: {', '.join(foreign)}"
    return "write postgresql://user@host:5432/dbname or 'host=… dbname=… user=…', special characters percent-encoded"


def connect_failed(dsn: str, error: psycopg.Error) -> FlatsplitError:
    """The error to show for one of psycopg's: its text on one line and advice on another."""
    said = _redact(_reason(str(error)), dsn)
    advice = next(advice for pattern, advice in _ADVICE if re.search(pattern, said))
    return ConnectFailed(f"cannot connect to {_where(dsn)}: {said}", advice)


def _reason(text: str) -> str:
    """The relevant part of libpq's message, which may cover several attempts and lines."""
    lines = [line.strip().removeprefix("connection is bad: ") for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL:" in line]
    if fatal:
        return fatal[-1].rpartition("FATAL:")[2].strip()
    failed = [line for line in lines if " failed: " in line]
    if failed:
        return failed[-1].rpartition(" failed: ")[2].strip()
    return lines[-1] if lines else "no reason given"


def _redact(text: str, dsn: str) -> str:
    for secret in (conninfo_to_dict(dsn).get("password"), os.environ.get("PGPASSWORD")):
        if secret:
            text = text.replace(str(secret), "***")
    return text


def _where(dsn: str) -> str:
    """Host, port and database as far as they are given; never the whole connection string."""
    known = {
        option.keyword.decode(): option.val.decode(errors="replace")
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.val and option.keyword in (b"host", b"port", b"dbname", b"service")
    }
    known |= {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    if service := known.get("service"):
        return f"service {service}"
    host, port = known.get("host", "the local server"), known.get("port", "5432")
    place = host if "," in host else f"{host}:{port}"
    return f"{place}/{known['dbname']}" if known.get("dbname") else place


_LACKING = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,  # an operator for the type that a column has now
    psycopg.errors.DatatypeMismatch,
)
"""What the server says where a table is not what its maker knows."""


def _asked_of_journal(error: psycopg.Error) -> bool:
    """Whether a statement of the journal's raised it: the server names a column by the alias of its table."""
    modules = (str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(module.startswith("flatsplit.journal.") for module in modules)


def as_flatsplit_error(error: BaseException) -> FlatsplitError | None:
    """The error to show for one of the driver's, also where SQLAlchemy has wrapped it; None for one that says nothing.

    For errors that no other place expected: a lost connection, a missing right, a full disk.
    """
    if isinstance(error, FlatsplitError):
        return error
    cause = getattr(error, "orig", None) or error
    if not isinstance(cause, psycopg.Error):
        return None
    text = error_text(cause)
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return MissingRights(
            text, hint(cause) or "run flatsplit as a role that may do this, or have it granted to the operator's role"
        )
    if isinstance(cause, psycopg.errors.CharacterNotInRepertoire):
        return TargetError(
            f"a name or the body of a routine in this database is not in UTF-8: {text}",
            "only a database of encoding SQL_ASCII takes such; rename what has letters beyond ASCII, or move the "
            "database into one with an encoding",
        )
    if isinstance(cause, psycopg.errors.UntranslatableCharacter):
        # Names of roles belong to the cluster: in the encoding of this database their bytes may be other letters, or
        # none
        return TargetError(
            f"a name in this database, or of a role of the cluster, is not in this database's encoding: {text}",
            "rename what has letters beyond ASCII; a role from a database of the encoding in which it was made",
        )
    # SQLAlchemy is used for the journal only
    if isinstance(cause, _LACKING) and (cause is not error or "flatsplit." in text or _asked_of_journal(cause)):
        return JournalError(f"the tracking schema is damaged: {text}", "restore it from a backup")
    if cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P")):
        if isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
            return ConnectFailed(
                f"the connection to the server was lost: {text}",
                "run the same command again: it goes on from what was committed",
            )
        return None
    if cause.sqlstate.startswith("53"):
        theirs = f"{hint(cause)} " if hint(cause) else ""
        return StatementFailed(
            f"the server is short of resources: {text}", f"{theirs}Make room, then run the same command again"
        )
    return None

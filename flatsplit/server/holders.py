"""Who else logs in as a role with a password stored elsewhere: poolers, jobs, user mappings, subscriptions.

A deployment of the application does not reach them, and most of them fail only at their next connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import psycopg

from flatsplit import ddl
from flatsplit.model import HIDDEN_ADDRESS
from flatsplit.server.asking import ask
from flatsplit.server.other_databases import looking_into

What: TypeAlias = Literal["replication", "foreign tables", "mapping", "job", "subscription"]

KEEP_PASSWORD: frozenset[What] = frozenset({"replication", "foreign tables", "mapping"})
"""Those that have stored the password. A job and the worker of a subscription need none, or another role's."""


@dataclass(frozen=True, slots=True)
class PasswordHolder:
    """Something that logs in as the role."""

    role: str
    what: What
    name: str
    """The application name, the server, the number and name of a job, or the subscription."""
    place: str
    """The address of a client, the role of a mapping ("" for PUBLIC), or the database of a job or subscription."""
    sure: bool = True
    """Whether it is known to connect to this server."""

    def __str__(self) -> str:
        match self.what:
            case "mapping":
                unsure = "" if self.sure else ", by another host name"
                return f"mapping of {self.place or 'PUBLIC'} on server {self.name}{unsure}"
            case "job":
                return f"job {self.name} of pg_cron in {self.place}"
            case "subscription":
                return f"subscription {self.name} in {self.place}"
        return f"{self.what}: {self.name or 'no application_name'} from {self.place}"

    @property
    def does(self) -> str:
        """What it does, as the beginning of a sentence about the role."""
        match self.what:
            case "mapping":
                return f"{self} logs in as {self.role}"
            case "job" | "subscription":
                return f"{self} starts as {self.role}"
        client = f"{self.name or 'no application_name'} from {self.place}"
        return f"{self.what} logs in as {self.role} with a password of its own configuration: {client}"

    def cure(self, heir: str, jobs: str = "") -> str:
        """How to let it connect as another role or with another password. ``jobs``: the database of cron.job."""
        match self.what:
            case "mapping":
                whose = ddl.ident(self.place) if self.place else "PUBLIC"
                user = f"SET user {ddl.literal(heir)}, " if heir != self.role else ""
                options = f"{user}SET password 'the new one'"
                return f"ALTER USER MAPPING FOR {whose} SERVER {ddl.ident(self.name)} OPTIONS ({options})"
            case "job":
                cure = ddl.run_jobs_as(heir, self.name.split(" ", 1)[:1])
                return f"in database {jobs or self.place}: {cure}"
            case "subscription":
                return (
                    f"in database {self.place}: ALTER SUBSCRIPTION {ddl.ident(self.name)} OWNER TO {ddl.ident(heir)};"
                )
            case "replication":
                return "on the subscriber its subscription's CONNECTION, or on the standby primary_conninfo"
        return "ALTER USER MAPPING on the server that asks"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that the operator may not look at."""

    kind: What
    what: str
    look: str
    """How somebody who may can look at it."""


@dataclass(frozen=True, slots=True)
class PasswordHolders:
    """Everything that could be seen."""

    holders: tuple[PasswordHolder, ...] = ()
    jobs: str = ""
    """The database in which pg_cron keeps all jobs; "" where it is not this one."""
    unseen: tuple[Unseen, ...] = ()
    """Where there may be more: the operator found nothing because it may not look."""


NO_HOLDERS = PasswordHolders()


def read_holders(conn: psycopg.Connection[Any], roles: Sequence[str]) -> PasswordHolders:
    """Everything that logs in as these roles. No secret is read: options and connection strings are only compared in
    the server.
    """
    wanted = {"roles": list(roles)}
    found = [
        PasswordHolder(role, what, name, client or HIDDEN_ADDRESS)
        for role, what, name, client in ask(conn, "holders", wanted)
    ]
    found += [
        PasswordHolder(role, "mapping", server, whose, sure)
        for role, whose, server, sure in ask(conn, "mappings_here", wanted)
    ]
    found += [PasswordHolder(role, "subscription", *row) for role, *row in ask(conn, "subscriptions_of", wanted)]
    (place,) = ask(conn, "jobs_place")[0]
    jobs = _jobs(conn, place, wanted)
    found += jobs or ()
    unseen = [Unseen("job", "jobs of pg_cron", look_for_jobs(place, roles))] if place and jobs is None else []
    unseen += [
        Unseen("mapping", f"user mappings of server {server}", _look_for_mappings(conn.info.dbname, roles))
        for (server,) in ask(conn, "mappings_hidden")
    ]
    return PasswordHolders(tuple(found), place or "", tuple(unseen))


def look_for_jobs(place: str, roles: Sequence[str]) -> str:
    """How somebody who may see the jobs of these roles can find them."""
    names = ", ".join(map(ddl.literal, roles))
    return f"in database {place}: SELECT jobid, jobname FROM cron.job WHERE username IN ({names});"  # noqa: S608 (to be read)


def _look_for_mappings(database: str, roles: Sequence[str]) -> str:
    options = ", ".join(ddl.literal(f"user={role}") for role in roles)
    return (
        f"in database {database}, as a superuser: SELECT srvname, usename FROM pg_user_mappings "  # noqa: S608 (to be read)
        f"WHERE umoptions && ARRAY[{options}];"
    )


def _jobs(conn: psycopg.Connection[Any], place: str | None, wanted: dict[str, Any]) -> list[PasswordHolder] | None:
    """The jobs of pg_cron, which keeps those of all databases in one; None where they cannot be read."""
    if place is None:
        return []
    if place == conn.info.dbname:
        return _jobs_here(conn, wanted)
    try:
        with looking_into(conn, place) as there:
            return _jobs_here(there, wanted)
    except psycopg.Error:
        return None


def _jobs_here(conn: psycopg.Connection[Any], wanted: dict[str, Any]) -> list[PasswordHolder] | None:
    readable = ask(conn, "jobs_readable")
    if not readable:
        return []
    if not readable[0][0]:
        return None
    return [
        PasswordHolder(role, "job", f"{id_} {name}".rstrip(), database)
        for role, id_, name, database in ask(conn, "jobs_of", wanted)
    ]

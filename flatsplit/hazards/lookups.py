"""Runs the queries that the wanted hazards need, each once, and none that the operator may not run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import psycopg

from flatsplit import blueprint, catalog, membership, resources
from flatsplit.connection.pipelining import together
from flatsplit.evidence.rows_alike import Table, alike
from flatsplit.hazards.mentions import spellings
from flatsplit.hazards.policy_identity import in_question
from flatsplit.hazards.reader_rights import asking
from flatsplit.hazards.registry import Hazard, Row
from flatsplit.model import ObjectRef, State
from flatsplit.rehearsal.powers.found import NO_POWERS, Powers
from flatsplit.server.dry_run import try_operator
from flatsplit.server.holders import NO_HOLDERS, PasswordHolders, read_holders
from flatsplit.server.lack import Lack
from flatsplit.server.other_databases import looking_into
from flatsplit.server.preloading import Unloadable, unloadable
from flatsplit.server.verifiers import RefusedPassword, try_verifiers
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through

READABLE = {
    "hba": "GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO {operator};",
    "activity": "GRANT pg_read_all_stats TO {operator};",
    "settings": "GRANT pg_read_all_settings TO {operator};",
    "passwords": "GRANT SELECT ON pg_catalog.pg_authid TO {operator};",
    "jobs": "",
}
"""What an operator may not be able to read, and what would allow it; "" where only a superuser may (the row security of
cron.job shows every role its own jobs).
"""

PRESENT = ("cron", "timescaledb", "citus")
"""What may not exist at all; then there is nothing to say. Only tables that an extension made are read: a view of that
name could be anybody's, and would run its code as the operator.
"""

WISHED = ("tenants",)
"""Sections of flatsplit.toml without which the query is not run."""

_POLICIES = "policies_who"


class Looking:
    """One look at one database."""

    def __init__(self, conn: psycopg.Connection[Any], state: State, context: Context) -> None:
        self.conn = conn
        self.state = state
        self.context = context
        self.major = state.target.major
        self.parameters = _parameters(conn, state, context)
        row = conn.execute(_question("rights")).fetchone()
        assert row is not None
        names = (*READABLE, *PRESENT)
        self.have = {name for name, there in zip(names, row, strict=True) if there}
        self.have |= {"tenants"} if context.config.tenants is not None else set()

    def applies(self, hazard: Hazard) -> bool:
        """Whether this server can have the hazard."""
        return self.major >= hazard.since and all(
            need in self.have for need in hazard.needs if need in (*PRESENT, *WISHED)
        )

    def hidden(self, hazard: Hazard) -> tuple[str, ...]:
        """What the operator may not read of what the hazard needs."""
        return tuple(need for need in hazard.needs if need in READABLE and need not in self.have)

    def answers(self, hazards: Iterable[Hazard]) -> dict[str, list[Row]]:
        """The answers to all queries of these hazards, which are under way together: one after the other, each would
        cost a round trip.
        """
        questions = dict.fromkeys(question for hazard in hazards for question in hazard.questions)
        with together(self.conn):
            asked = {name: self.conn.execute(_question(name), self.parameters) for name in questions}
            found = {name: answer.fetchall() for name, answer in asked.items()}
        if "cron_database" in found:
            found["cron_database"] = [(place, self._jobs(place)) for (place,) in found["cron_database"]]
        return found

    def _jobs(self, database: str) -> list[Row] | None:
        """Legacy's jobs of pg_cron in another database; None where these cannot be read.

        A table of that name that does not belong to the extension is not read: it could be anybody's view.
        """
        if database == self.conn.info.dbname:
            return []
        try:
            with looking_into(self.conn, database) as there:
                row = there.execute(_question("rights")).fetchone()
                names = (*READABLE, *PRESENT)
                present = row is not None and row[names.index("cron")]
                if row is not None and not row[names.index("jobs")]:
                    return None
                return there.execute(_question("cron_elsewhere"), self.parameters).fetchall() if present else []
        except psycopg.Error:
            return None

    def lacks(self, hazards: Iterable[Hazard]) -> tuple[Lack, ...]:
        """What the operator may not do, tried in a transaction that is rolled back."""
        return try_operator(self.conn, self.state, self.context) if any(one.tries for one in hazards) else ()

    def refusals(self, hazards: Iterable[Hazard]) -> tuple[RefusedPassword, ...]:
        """Verifiers that the server refuses, tried in the same way."""
        return try_verifiers(self.conn, self.state, self.context) if any(one.verifies for one in hazards) else ()

    def held(self, hazards: Iterable[Hazard]) -> PasswordHolders:
        """What else logs in as a role that the configuration names."""
        roles = (self.context.legacy, *self.context.written.named)
        return read_holders(self.conn, roles) if any(one.holds for one in hazards) else NO_HOLDERS

    def unloadable(self, hazards: Iterable[Hazard]) -> tuple[Unloadable, ...]:
        """Settings, live ones and those of the configuration, with which sessions of these roles could not begin."""
        if not any(one.begins for one in hazards):
            return ()
        config, state = self.context.config, self.state
        roles = (self.context.legacy, *self.context.written.named)
        found = [(key.role, *setting) for key, row in state.settings.items() if key.role in roles for setting in row]
        found += [(one.name, *setting) for one in config.special for setting in one.settings]
        return tuple(unloadable(self.conn, found, state.target))

    def alike(self, hazards: Iterable[Hazard]) -> frozenset[Table]:
        """Tables in which app_user was counted to see what legacy sees."""
        if not any(_POLICIES in one.questions for one in hazards):
            return frozenset()
        return alike(self.conn, self.context.legacy, blueprint.application(self.context.config))

    def powers(self, hazards: Iterable[Hazard]) -> Powers:
        """What would do something else under its next owner."""
        if not any(one.weighs for one in hazards):
            return NO_POWERS
        from flatsplit.rehearsal.powers.lost import lost  # imports the parser of SQL

        goal = through(self.state, self.context, split.TRANSFER_OWNERSHIP)
        return lost(self.conn, self.state, goal, self.context)


def tables_in_question(conn: psycopg.Connection[Any], state: State, context: Context) -> list[Table]:
    """Tables whose policies depend on the current user, which ``doctor --rows`` counts."""
    return in_question(conn.execute(_question(_POLICIES), _parameters(conn, state, context)).fetchall())


def relations_that_ask(conn: psycopg.Connection[Any], state: State, context: Context) -> dict[ObjectRef, bool]:
    """Relations that need further rights of whoever reads or writes them, and whether that was accepted."""
    accepted = dict(context.config.accept)
    rows = conn.execute(_question("as_reader"), _parameters(conn, state, context)).fetchall()
    return {
        ref: ("view-routines" if ref.kind == "view" else "policy-rights") in accepted
        for ref in asking(rows, state, context)
    }


@cache
def _question(name: str) -> bytes:
    return resources.query(__package__, name)


def _parameters(conn: psycopg.Connection[Any], state: State, context: Context) -> dict[str, Any]:
    """Names, oids and limits of the cutover's roles, as the queries need them."""
    config = context.config
    oids = dict(conn.execute(_question("roles")).fetchall())
    locks = config.locks.lock_timeout.total_seconds() * 1000
    acting = membership.attributed(state, context.legacy, config.roles.new, context.retiring)
    as_legacy = sorted(name for name, acts in acting.items() if context.legacy in acts)
    return {
        "legacy": oids.get(context.legacy, 0),
        "legacy_name": context.legacy,
        "acting": [oids[name] for name in as_legacy if name in oids],
        "acting_names": as_legacy,
        "spellings": sorted(spellings(context.legacy)),
        "owners": [oids[name] for name in sorted(context.owners) if name in oids],
        "readers": [oids[name] for name in (context.legacy, blueprint.application(config)) if name in oids],
        "new": [oids[name] for name in config.roles.new if name in oids],
        "new_names": list(config.roles.new),
        "named": list(context.written.named),
        "schemas": list(config.schemas),
        "budget_ms": locks,
        "relkinds": list(catalog.RELATIONS + catalog.FOLLOWERS),
    }

"""A proof of isolation: the catalog judged for all tenants, acts tried as some or all of them, sums against the truth.

What is tried runs in a temporary function that belongs to the tenant, the truth is counted in one that belongs to the
tables' owner: the application's code, which planning alone may run, never runs with the operator's rights. A chunk of
tenants shares one snapshot with its truth; everything is rolled back.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, sql

from flatsplit import ddl
from flatsplit.errors import MissingRights, UsageError
from flatsplit.evidence.as_owner import answers
from flatsplit.evidence.isolation.acts import TenantAct, acts, all_keys, link_name, others, truth
from flatsplit.evidence.isolation.closure import breaches
from flatsplit.evidence.isolation.facts import Facts, Name, question, read_facts
from flatsplit.evidence.isolation.holes import holes
from flatsplit.evidence.isolation.values import Failure, Proof, Sums, TableProof
from flatsplit.evidence.tenant_rows import count
from flatsplit.model import ObjectRef
from flatsplit.server import owned_function
from flatsplit.tenants import Belonging, Survey
from flatsplit.tenants.condition import MAPPING
from flatsplit.tenants.kinds import APART

CHUNK = 500
"""Tenants that share a transaction: then the horizon of VACUUM moves on."""
BLOCK = 500
"""Tables that share a transaction: the server has room for some thousand locks, and each table takes several."""
SAMPLE = 50
DONE, DENIED = "FS000", "42501"
_PATIENCE = "5min"
_LOCK = "50ms"
_BUSY = {"55P03": "somebody held a lock", "40001": "somebody wrote meanwhile"}


class Choice(NamedTuple):
    """Which tenants are tried."""

    sample: int | None = SAMPLE
    """None for all."""
    seed: int | None = None
    rows: bool = False
    """Count whose all rows are, and which name rows of others."""


def prove(
    conn: psycopg.Connection[Any],
    survey: Survey,
    schemas: Iterable[str],
    choice: Choice,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Proof:
    """All of it, on a connection that is in no transaction. Raises UsageError where there are no tenants to prove
    anything of, MissingRights where the operator may not act as the tables' owner or as a tenant.
    """
    tenants = read_tenants(conn, survey)  # refused where a function of theirs could not be made, either
    facts = read_facts(conn, survey.tenants.group, tenants, {*schemas, survey.tenants.schema})
    at, lsn, snapshot, server, operator = conn.execute(question("moment")).fetchall()[0]
    able = sorted(name for name in tenants if (role := facts.roles.get(name)) is not None and role.direct)
    seed = choice.seed if choice.seed is not None else random.SystemRandom().randrange(1 << 32)
    whole = choice.sample is None or choice.sample >= len(able)
    tried = able if whole else sorted(random.Random(seed).sample(able, choice.sample or 0))
    trial = _Trial(conn, survey, facts)
    blocks = list(trial.blocks())
    for turn, block in enumerate(blocks):
        trial.begin(block)
        for start in range(0, len(tried), CHUNK):
            place, total = turn * len(tried) + start, len(blocks) * len(tried)
            trial.chunk(tried[start : start + CHUNK], partial(_further, progress, place, total))
    sums = _sums(conn, survey, tenants) if choice.rows and able else ()
    after = read_facts(conn, survey.tenants.group, tenants, {*schemas, survey.tenants.schema}, acts=False)
    if after.digest != facts.digest:
        raise UsageError("policies, rights or tenants changed while they were tried", "run it again")
    return Proof(
        database=conn.info.dbname,
        server=server,
        operator=operator,
        at=at,
        lsn=lsn,
        snapshot=snapshot,
        group=facts.group,
        tenants=len(tenants),
        tried=tuple(tried),
        seed=None if whole else seed,
        digest=facts.digest,
        tables=tuple(trial.tables.values()),
        breaches=breaches(facts, survey),
        holes=holes(facts, survey),
        failures=tuple(trial.failures),
        sums=sums,
        unable=trial.unable,
    )


def read_tenants(conn: psycopg.Connection[Any], survey: Survey) -> dict[str, str]:
    """Key by role, asked with the rights of the table's owner. Raises UsageError where there is no such table."""
    schema = survey.tenants.schema
    row = conn.execute(
        "SELECT pg_get_userbyid(c.relowner)::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = %s AND c.relkind = 'r'",
        (schema, MAPPING),
    ).fetchone()
    if row is None:
        raise UsageError(
            f"there is no table {schema}.{MAPPING}, which says which role is whose",
            "the walk makes it: flatsplit begin tenants, then flatsplit next --walk tenants",
        )
    text = sql.SQL("SELECT json_build_array(r.role::text, r.tenant::text) FROM ONLY {} AS r").format(
        sql.Identifier(schema, MAPPING)
    )
    return {str(role): str(key) for role, key in answers(conn, row[0], [text])[0]}


def _further(progress: Callable[[int, int], None], start: int, total: int, done: int) -> None:
    progress(start + done, total)


@dataclass
class _Trial:
    """What comes of all chunks."""

    conn: psycopg.Connection[Any]
    survey: Survey
    facts: Facts
    failures: list[Failure] = field(default_factory=list)
    unable: dict[str, str] = field(default_factory=dict)
    tables: dict[Name, TableProof] = field(default_factory=dict)
    block: frozenset[Name] = frozenset()
    """Tables that are tried now."""
    count: int = 0
    """Tenants that have tried them."""
    every: list[TenantAct] = field(default_factory=list)
    """What each tenant tries on them. What none has the right to, the first tries on all, and each further one on one
    table in turn: the catalog is the same for all."""

    def __post_init__(self) -> None:
        arguments = "acts text[], asks boolean[], own text, other text, links json"
        body = question("act").decode()
        self.function = ddl.OwnedFunction("flatsplit_act", arguments, "TABLE (state text, answer text)", body)
        self.acts = acts(self.facts, self.survey)
        self.spare: dict[Name, list[TenantAct]] = {}
        for act in self.acts:
            if act.rights_only:
                self.spare.setdefault(act.table, []).append(act)
        self.turns = list(self.spare)
        looked = {act.table for act in self.acts if act.expect == "truth"}
        self.apart = [one for one in self.survey.of_kind(*APART) if _name(one) in looked]
        self.keys = sorted(set(self.facts.tenants.values()))
        for act in self.acts:
            if act.table not in self.tables:
                self.tables[act.table] = TableProof(".".join(act.table), self._kind(act.table))

    def _kind(self, name: Name) -> str:
        table = self.survey.structure.get(*name)
        one = self.survey.belongings.get(table.ref) if table is not None else None
        return one.kind if one is not None else "mapping"

    def blocks(self) -> Iterator[frozenset[Name]]:
        """All tables, as many at a time as one transaction can lock."""
        names = list(self.tables)
        for start in range(0, max(len(names), 1), BLOCK):
            yield frozenset(names[start : start + BLOCK])

    def begin(self, block: frozenset[Name]) -> None:
        """From now on these tables, by all tenants from the first one on."""
        self.block, self.count = block, 0
        self.every = [act for act in self.acts if act.table in block and not act.rights_only]

    def chunk(self, roles: Sequence[str], progress: Callable[[int], None]) -> None:
        """Some tenants, in one snapshot with the truth."""
        conn = self.conn
        with conn.transaction(force_rollback=True):
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE")
            superuser = conn.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)
            if superuser:  # what is tried would push out of pg_stat_statements what really ran
                conn.execute("SELECT set_config('pg_stat_statements.track', 'none', true)")
            true, links = self._truth({self.facts.tenants[role] for role in roles})
            conn.execute(
                "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true), "
                "set_config('client_min_messages', 'error', true)",
                (_LOCK, _PATIENCE),
            )
            try:
                owned_function.make(conn, self.function, roles)
                for done, role in enumerate(roles, start=1):
                    self._tenant(role, true, links)
                    progress(done)
            except errors.InsufficientPrivilege as error:
                raise MissingRights(
                    f"{conn.info.user} may not act as the tenants ({error.diag.message_primary})",
                    "connect as a superuser, or as the role that created them",
                ) from None

    def _truth(self, keys: set[str]) -> tuple[dict[Name, dict[str, int]], dict[str, list[list[str]]]]:
        """Rows by table and key, and for tables that lead to the key rows of others."""
        tables = self.survey.structure.tables
        by_owner: dict[str, list[Belonging]] = {}
        for one in self.apart:
            if _name(one) not in self.block:
                continue
            by_owner.setdefault(tables[one.ref].owner, []).append(one)
        true: dict[Name, dict[str, int]] = {}
        links: dict[str, list[list[str]]] = {}
        for owner, some in by_owner.items():
            asked = [truth(one, self.survey, sorted(keys)) for one in some]
            through = [one for one in some if one.links]
            asked += [others(one) for one in through]
            found = answers(self.conn, owner, [sql.SQL(text) for text in asked])
            for one, rows in zip(some, found, strict=False):
                true[_name(one)] = {str(key): int(rows_) for key, rows_ in rows}
            for one, rows in zip(through, found[len(some) :], strict=True):
                links[link_name(one)] = rows
        return true, links

    def _tenant(self, role: str, true: Mapping[Name, Mapping[str, int]], links: Mapping[str, list[list[str]]]) -> None:
        own = self.facts.tenants[role]
        other = next((key for key in self.keys if key != own), None)
        rows = {name: row[1:] for name, some in links.items() for row in some if row[0] != own}
        self.count += 1
        names = self.spare if self.count == 1 else self.turns[self.count % max(len(self.turns), 1) :][:1]
        spare = chain.from_iterable(self.spare[name] for name in names if name in self.block)
        todo = []
        for act in chain(self.every, spare):
            why = act.why_not or self._why_not(act, other, rows)
            if why:
                self.tables[act.table].left_out(f"{act.act}: {why}")
            else:
                todo.append(act)
        parameters = ([act.statement for act in todo], [act.asks for act in todo], own, other, json.dumps(rows))
        try:
            with self.conn.transaction():
                owned_function.give(self.conn, self.function, role)
                query = (
                    "SELECT t.state, t.answer FROM pg_temp.flatsplit_act(%s::text[], %s::boolean[], %s, %s, %s) "
                    "WITH ORDINALITY AS t (state, answer, place) ORDER BY t.place"
                )
                said = self.conn.execute(query, parameters).fetchall()
        except (errors.QueryCanceled, errors.LockNotAvailable) as error:
            self.unable[role] = error.diag.message_primary or "it took too long"
            return
        self._judge(role, own, dict(zip(todo, said, strict=True)), true)

    @staticmethod
    def _why_not(act: TenantAct, other: str | None, rows: Mapping[str, Any]) -> str:
        if act.other and act.other not in rows:
            return "no other tenant has a row that it could lead to"
        foreign = act.act in ("insert for another tenant", "move a row to another tenant")
        return "there is no other tenant" if foreign and other is None else ""

    def _judge(
        self,
        role: str,
        own: str,
        said: Mapping[TenantAct, tuple[str, str | None]],
        true: Mapping[Name, Mapping[str, int]],
    ) -> None:
        controls = {act.table: state for act, (state, _) in said.items() if act.expect == "control"}
        for act, (state, answer) in said.items():
            proof = self.tables[act.table]
            wrong = ""
            if state in _BUSY:
                proof.left_out(f"{act.act}: {_BUSY[state]}")
            elif act.expect == "refused":
                wrong = self._refused(act, state, answer, controls, proof)
            elif act.expect == "control":
                if state == DENIED:
                    wrong = "refused a row of its own"
            elif state != DONE or answer is None:
                wrong = f"could not look: {state}"
                if act.expect == "truth":
                    proof.tried += 1
            else:
                wrong = self._looked(act, answer, true.get(act.table, {}).get(own, 0), proof)
            if wrong:
                self.failures.append(Failure(role, proof.table, act.act, wrong))

    def _refused(
        self, act: TenantAct, state: str, answer: str | None, controls: Mapping[Name, str], proof: TableProof
    ) -> str:
        if state == DENIED:
            if act.act.startswith("insert for") and controls.get(act.table) == DENIED:
                return ""  # said at the control: it does not tell why
            proof.refused += 1
            return ""
        if state == DONE and answer == "0" and not act.rights_only:
            proof.left_out(f"{act.act}: there is no row to do it with")
            return ""
        if state != DONE and state[:2] not in ("23",):
            proof.left_out(f"{act.act}: {state} came first")
            return ""
        routed = any(column.routes for column in self.facts.columns.get(act.table, ()))
        if state == "23514" and routed and act.act.startswith("insert for"):  # no partition: asked before policies
            proof.left_out(f"{act.act}: {state} came first")
            return ""
        return "was allowed" if state == DONE else f"was not refused by a policy, but with {state}"

    @staticmethod
    def _looked(act: TenantAct, answer: str, true: int, proof: TableProof) -> str:
        if act.expect == "none":
            proof.refused += answer == "0"
            return "" if answer == "0" else "locked a row of another tenant"
        seen, foreign = map(int, answer.split())
        proof.tried += 1
        proof.rows += seen
        if foreign:
            return f"saw {foreign:,} rows that are not its own"
        expected = 1 if act.expect == "mapping" else true
        if seen != expected:
            return f"saw {seen:,} rows of its own, the owner counts {expected:,}"
        proof.equal += 1
        return ""


def _name(one: Belonging) -> Name:
    return one.ref.schema, one.ref.name


def _sums(conn: psycopg.Connection[Any], survey: Survey, tenants: Mapping[str, str]) -> tuple[Sums, ...]:
    """Of every table whose rows are told apart: whose all of its rows are, in one snapshot."""
    owners: dict[ObjectRef, str] = {ref: table.owner for ref, table in survey.structure.tables.items()}
    some = {one.ref: one for one in survey.of_kind("own", "through")}
    told = Survey(survey.tenants, survey.structure, survey.root, survey.key_type, some, ())
    found, mapped = [], set(tenants.values())
    with conn.transaction(force_rollback=True):
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE")
        counted = count(conn, told, owners)
        for one in told.belongings.values():
            rows = counted[one.ref]
            asked: list[Any] = [sql.SQL(text) for text in all_keys(one)]
            (total,), keyed = answers(conn, owners[one.ref], asked)
            have = sum(number for key, number in keyed if key in mapped)
            lack = sum(number for key, number in keyed if key not in mapped)
            found.append(Sums(".".join(_name(one)), total, have, rows.nobodys, lack, rows.crossing))
    return tuple(found)

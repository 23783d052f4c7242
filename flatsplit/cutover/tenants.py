"""``tenants``: surveys tables, gives new tenants and tables what they lack, and adds and drops tenants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.catalog.structure import read_structure, spelled
from flatsplit.config import Config, Tenants, format_name
from flatsplit.config.text import quote
from flatsplit.connection import Session, operator_lock
from flatsplit.cutover.entering_tables import not_covered
from flatsplit.cutover.interaction import Confirm, Passwords, Reporter
from flatsplit.cutover.outcome import AdvanceResult, StepOutcome
from flatsplit.cutover.repair import repair
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.snapshot import step_ended
from flatsplit.differ import diff
from flatsplit.errors import Refused, UsageError
from flatsplit.evidence.tenant_rows import Rows, count
from flatsplit.hazards.registry import few
from flatsplit.model import ObjectRef, Plan, State, Statement, Structure
from flatsplit.planning import machine
from flatsplit.planning.digest import digest
from flatsplit.server.sessions import read_sessions
from flatsplit.tenants import Candidate, Composite, Survey, Unrooted, candidates, composite, unrooted
from flatsplit.tenants import survey as surveyed
from flatsplit.tenants.naming import likely
from flatsplit.tenants.schemas import Family, families_of, without_families
from flatsplit.tenants.writing import proposal, proposal_with
from flatsplit.walks import tenants as steps
from flatsplit.walks.draft import Draft
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import TENANTS
from flatsplit.walks.tenants.strangers import strangers
from flatsplit.walks.tenants.table_requirements import Wanting
from flatsplit.walks.undo import unmade
from flatsplit.words import listed

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

_KEY = "name one, as the root has it: flatsplit tenants --add KEY"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The result of ``tenants --survey``."""

    structure: Structure
    candidates: tuple[Candidate, ...]
    survey: Survey
    proposed: bool
    """True where the configuration has no section [tenants]: then the survey is made with the likeliest root."""
    rows: Mapping[ObjectRef, Rows] = field(default_factory=dict)
    """The counted rows of each table; empty unless asked for."""
    unrooted: tuple[Unrooted, ...] = ()
    """Columns named like a tenant's key that refer to no table; empty where the configuration names the root."""
    families: tuple[Family, ...] = ()
    """Schemas with the same tables, as where each tenant has one."""
    composite: Composite | None = None
    """A table that most others refer to by several columns; None where the configuration names the root."""
    missing: bool = False
    """The root does not exist: the first of ``unrooted`` tells more of tenants than any table does. The survey is made
    as if a migration had created it.
    """


def survey(session: Session, config: Config, *, rows: bool = False) -> Surveyed:
    """Survey the tables by their keys; ``rows``: count rows too. Raises UsageError where no table can be the root."""
    structure = read_structure(session.driver, config.schemas)
    alike = tuple(families_of(structure))
    common = without_families(structure)  # no tenant's root is a table of which each tenant has one
    ranked = tuple(candidates(common))
    tenants: Tenants | None = config.tenants or proposal(ranked, common)
    without = tuple(unrooted(common, ranked)) if config.tenants is None else ()
    missing = None
    if without and without[0].likelier(ranked):
        missing = without[0].made(structure.tables[without[0].table].owner)
        structure = Structure({**structure.tables, missing.ref: missing}, structure.keys)
        tenants = proposal_with(missing, without[0].column)
    if tenants is None and alike and not without:
        shown = listed(alike[0].schemas)
        raise UsageError(
            f"{alike[0].said} ({shown}), and no table outside of them could be one of tenants: a schema per tenant",
            "flatsplit doctor says what fits there, and prints a role for one of them",
        )
    several = composite(common, ranked) if config.tenants is None and not without else None
    if tenants is None and several is not None:
        raise UsageError(several_columns(several), one_column(several))
    if tenants is None:
        raise UsageError(
            f"no table in {listed(config.schemas)} has a primary key that others name",
            'if there is one nevertheless, say so in flatsplit.toml: [tenants] root = "public.accounts"',
        )
    found = surveyed(tenants, structure)
    owners = {ref: table.owner for ref, table in structure.tables.items()}
    known = rows and missing is None and found.root is not None and bool(found.key_type)
    counted = count(session.driver, found, owners) if known else {}
    return Surveyed(
        structure, ranked, found, config.tenants is None, counted, without, alike, several, missing is not None
    )


def remedy(one: Unrooted) -> str:
    """The advice to create a root for such a column, by a migration of the application, which owns the tables."""
    create = f"CREATE TABLE {ddl.ident(one.root.schema, one.root.name)} (id {ddl.type_name(one.type)} PRIMARY KEY);"
    root = format_name(one.root.schema, one.root.name)
    return (
        f"have a migration make their table: {create} filled with what {ddl.ident(one.column)} holds, and with "
        f"each new tenant; then in flatsplit.toml: [tenants] root = {quote(root)}, key = [{quote(one.column)}]"
    )


def several_columns(one: Composite) -> str:
    """What speaks against such a table as the root."""
    name, columns = format_name(one.ref.schema, one.ref.name), ", ".join(one.key)
    return f"{one.tables} tables refer to {name} by {columns} together, and a tenant's key is one column"


def one_column(one: Composite) -> str:
    """The advice to give its rows a key of one column, by a migration of the application, which owns the tables."""
    keys = "all_tenant_keys" if one.ref.name == "tenant_keys" else "tenant_keys"
    table, root = ddl.ident(one.ref.schema, one.ref.name), ddl.ident(one.ref.schema, keys)
    return (
        f"if its rows are the tenants, have a migration give them one: ALTER TABLE {table} ADD tenant_key bigint "
        f"GENERATED ALWAYS AS IDENTITY UNIQUE; CREATE TABLE {root} (id bigint PRIMARY KEY REFERENCES {table} "
        "(tenant_key)); filled with these and with each new one, and a column tenant_key in every table; then in "
        f'flatsplit.toml: [tenants] root = {quote(format_name(one.ref.schema, keys))}, key = ["tenant_key"]'
    )


@dataclass(frozen=True, slots=True)
class Synced:
    """The result of ``tenants --sync``."""

    result: AdvanceResult
    survey: Survey
    unable: Mapping[str, str]
    """Keys of the tenants that cannot have a role, each with the reason."""
    gone: tuple[str, ...] = ()
    """Keys of the tenants that have a role but no row in the root any more."""
    uncovered: tuple[Wanting, ...] = ()
    """Why tables stay closed to tenants until somebody has changed something about them."""

    @property
    def complete(self) -> bool:
        """Whether every table and every tenant could be dealt with."""
        return self.survey.complete and not self.unable and not self.uncovered


def sync(walk: Walk, *, reporter: Reporter, confirm: Confirm, passwords: Passwords) -> Synced:
    """Give new tenants their roles, and new tables their policies and rights, by the finished steps of the walk."""
    situation = walk.situation()
    context, uncovered = context_of(situation), not_covered(situation)
    structure = context.live.structure
    known = structure.keys if structure is not None else None
    gone = () if known is None else tuple(sorted(set(context.live.tenants.values()) - set(known)))
    result = repair(walk, reporter=reporter, confirm=confirm, passwords=passwords)
    unable = {**context.unable, **dict(_other_roles(context))}
    return Synced(replace(result, walk=walk.record.walk), context.survey, unable, gone, uncovered)


def _other_roles(context: Context) -> Iterator[tuple[str, str]]:
    """The keys of tenants whose role is another now, each with what to do."""
    live = context.live
    options = " WITH INHERIT TRUE" if live.target.membership_options else ""
    for role in sorted(strangers(live, context.group)):
        name = ddl.ident(role)
        join = f"GRANT {ddl.ident(context.group)} TO {name}{options};"
        mend = f"if it is this tenant's: {join} if not: ALTER ROLE {name} RENAME TO …; and the same command again"
        yield live.tenants[role], f"{role} is another role now; {mend}"


def add(
    walk: Walk, keys: Sequence[str], *, reporter: Reporter, confirm: Confirm, passwords: Passwords
) -> AdvanceResult:
    """Create a role for each of these tenants, also before the root has a row for it.

    Raises UsageError for a tenant that has a role already or cannot have one.
    """
    with operator_lock(walk.session):
        situation = walk.situation()
        require_roles(situation)
        keys = spelled_keys(walk, situation, keys)
        served = set(situation.live.tenants.values())
        if there := [key for key in keys if key in served]:
            raise UsageError(f"tenant {there[0]!r} has a role already", "leave it out: nothing is missing")
        plain = replace(situation.live.structure or Structure(), keys=())
        alone = replace(situation, live=replace(situation.live, structure=plain))
        more = replace(situation, live=replace(situation.live, structure=replace(plain, keys=tuple(keys))))
        if unable := context_of(more).unable:
            key, why = next(iter(unable.items()))
            raise UsageError(f"tenant {key!r}: {why}", "call the roles otherwise: [tenants] role" if key else _KEY)
        before = {each.sql for each in alone.drift}
        return carry_out(
            walk,
            situation,
            tuple(each for each in more.drift if each.sql not in before),
            "tenants added",
            keys,
            reporter,
            confirm,
            passwords,
        )


def drop(
    walk: Walk, keys: Sequence[str], *, reporter: Reporter, confirm: Confirm, passwords: Passwords
) -> AdvanceResult:
    """Drop the roles of these tenants, with their rows in the mapping.

    Raises UsageError for a tenant without a role, and Refused while one has a session or still has a row in the root.
    """
    with operator_lock(walk.session):
        situation = walk.situation()
        require_roles(situation)
        live = situation.live
        keys = spelled_keys(walk, situation, keys)
        roles = roles_of(situation, keys)
        still = live.structure.keys if live.structure is not None else None
        if rows := [key for key in keys if key in (still or ())]:
            raise Refused(
                f"the root still has a row of tenant {rows[0]!r}",
                "delete its row first, or the next sync would make its role again",
            )
        here = live.target.database
        sessions = read_sessions(walk.session.driver, {role: (role,) for role in roles}, roles[0])
        if used := [one for one in sessions if one.role in roles and one.database == here]:
            raise Refused(f"{used[0].role} is still connected (process {used[0].pid})", "end its connections first")
        return carry_out(
            walk,
            situation,
            diff(live, _without(live, roles, strangers(live, context_of(situation).group))),
            "tenants dropped",
            keys,
            reporter,
            confirm,
            passwords,
        )


def context_of(situation: Situation) -> Context:
    """The context of the walk over tenants that this situation is of."""
    found: object = situation.context
    assert isinstance(found, Context)
    return found


def _without(live: State, roles: Sequence[str], strangers: Collection[str]) -> State:
    """The State without these tenants' rows and roles; of ``strangers`` only the row goes."""
    draft = Draft(live)
    for role in roles:
        del draft.tenants[role]
    return unmade(draft.state(), State(live.target), [role for role in roles if role not in strangers])


def spelled_keys(walk: Walk, situation: Situation, keys: Sequence[str]) -> list[str]:
    """These keys as the server prints them, each once. Raises UsageError for one that is no value of the key's type."""
    survey = context_of(situation).survey
    if survey.root is None or not survey.key_type:
        return list(dict.fromkeys(keys))
    found = spelled(walk.session.driver, survey.key_type, keys)
    if strange := [key for key in keys if key not in found]:
        where = f"{survey.root.primary_key[0]} of {format_name(survey.root.ref.schema, survey.root.ref.name)}"
        raise UsageError(f"{strange[0]!r} is no key of a tenant", f"give it as {where} has it, a {survey.key_type}")
    return list(dict.fromkeys(found[key] for key in keys))


def roles_of(situation: Situation, keys: Sequence[str]) -> list[str]:
    """The roles of these tenants. Raises UsageError, with what there is, for a key that has none."""
    live = situation.live
    known = set(live.tenants.values())
    strange = next((key for key in keys if key not in known), None)
    if strange is not None:
        raise UsageError(f"tenant {strange!r} has no role", _served(situation, strange))
    return sorted(role for role, key in live.tenants.items() if key in keys)


def _served(situation: Situation, strange: str) -> str:
    """Advice for a key without a role: how it gets one, or which keys have one."""
    live = situation.live
    structure, known = live.structure, sorted(set(live.tenants.values()))
    if structure is not None and strange in (structure.keys or ()):
        return "its row in the root is new: flatsplit tenants --sync gives it its role"
    if not known:
        return "no tenant has one yet: flatsplit tenants --sync gives them theirs"
    near = likely(strange, known)
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    mapping = context_of(situation).mapping
    table = ddl.ident(mapping.schema, mapping.name)
    few_keys = listed([repr(key) for key in known])
    return f"{meant}these have one: {few_keys}; all of them: TABLE {table};"


def require_roles(situation: Situation) -> None:
    """Raise UsageError where ``tenant-roles`` is not done yet."""
    if situation.done < TENANTS.place(steps.TENANT_ROLES):
        raise UsageError(
            f"the walk has not come to {steps.TENANT_ROLES} yet", "flatsplit next --walk tenants takes its next step"
        )


def carry_out(
    walk: Walk,
    situation: Situation,
    statements: tuple[Statement, ...],
    event: str,
    whom: Sequence[str],
    reporter: Reporter,
    confirm: Confirm,
    passwords: Passwords | None,
    step: str = steps.TENANT_ROLES,
) -> AdvanceResult:
    """Ask, and run statements of one step that are for single tenants (``whom``); recorded as ``event``.

    ``passwords`` is None where no statement needs one.
    """
    name = situation.name
    after = machine.next_step(situation.states)
    target, oid = situation.live.target, walk.record.legacy_oid
    plan = Plan(step, digest(target, walk.config.legacy_role, oid, event, statements, name), (), statements)
    if not statements or not confirm(plan, event):
        return AdvanceResult((), after, walk=name)
    verifiers = walk.verifiers(statements, passwords) if passwords is not None else {}
    with walk.session.transaction():
        walk.keep_names()
        walk.journal.event("repair", step, f"{event}: {few(whom)}")
    reporter.step_started(event.replace(" ", "-"), event, len(statements))
    executed = walk.executor(situation, reporter, verifiers).run(step, "repair", statements)
    with walk.session.transaction():
        step_ended(walk, step, walk.situation().live, situation, caught_up=False)
    reporter.step_finished(event.replace(" ", "-"), "done")
    return AdvanceResult((StepOutcome(event.replace(" ", "-"), "done", executed),), after, walk=name)

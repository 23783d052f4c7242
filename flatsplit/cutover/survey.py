"""Looks at the database before a cutover begins: what there is, what is proposed, and what speaks against it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from pathlib import Path

from flatsplit import config as configuration
from flatsplit import ddl, hazards
from flatsplit.catalog import read_state
from flatsplit.config import Config, Gates, RoleNames
from flatsplit.connection import Session
from flatsplit.cutover import first_contact, role_names
from flatsplit.cutover.completeness import prove_known
from flatsplit.cutover.first_contact import refuse_legacy
from flatsplit.errors import ConfigError, JournalError, MissingRights, TargetError, UsageError
from flatsplit.journal import CutoverRecord, Journal, schema
from flatsplit.model import JOURNAL_SCHEMA, SPLIT, Finding, State, Target
from flatsplit.planning import machine
from flatsplit.walks import marks, split
from flatsplit.walks.split import members, owners
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.remembered import reduce
from flatsplit.words import listed


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What the operator asked ``init`` for."""

    legacy_role: str
    config_path: Path
    schemas: tuple[str, ...] = ()
    """Empty: every schema in which legacy owns something, or that it owns."""
    adopt: bool = False
    owner: str | None = None
    moved: bool = False
    """The database is the one that the journal is about, though pg_upgrade or a move gave it another identity."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What ``init`` found and proposes, before anything is written."""

    request: InitRequest
    target: Target
    config: Config
    counts: tuple[tuple[str, int], ...]
    """(kind in the plural, how many legacy owns), largest first."""
    adopted: tuple[str, ...]
    """New role names that exist already and are taken over."""
    findings: tuple[Finding, ...]
    existing: bool
    """The tracking schema is there already and a cutover is under way: ``init`` only upgrades it."""
    acts_as: tuple[tuple[str, int], ...] = ()
    """Other roles that legacy acts as, and how much each owns."""


def survey(session: Session, request: InitRequest) -> Proposal:
    """Look at everything and write nothing. Raises what makes it impossible to begin."""
    state = read_state(session.driver)
    if request.legacy_role == session.driver.info.user and request.legacy_role in state.roles:
        raise first_contact.as_legacy(state, request.legacy_role, session.driver.info)
    journal = Journal(session)
    if request.legacy_role not in state.roles and journal.revision() is not None:
        whose = role_names.known_to(SPLIT, [request.legacy_role])
        role_names.refuse_renamed(role_names.find_renamed(journal, state, whose))
    if not journal.exists() and schema.renamed(session) is not None:
        raise schema.absent(session)
    _check_roles(state, request, session.driver.info.user)
    prove_known(session, request.legacy_role, state)
    existing = journal.exists() and _under_way(journal, state, request)
    config = _config(session, state, request, existing=existing)
    baseline = journal.load_baseline(state.target) if existing else None
    adopted = _adopted(journal, state, config, request, baseline)
    context = Context(config, baseline or reduce(state, config))
    counts: dict[str, int] = {}
    for ref, facts in state.objects.items():
        if facts.owner == request.legacy_role and not facts.extension and facts.note != "system":
            kind = ddl.plural(ref.kind)
            counts[kind] = counts.get(kind, 0) + 1
    return Proposal(
        request=request,
        target=state.target,
        config=config,
        counts=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        adopted=adopted,
        findings=hazards.find(session.driver, state, context),
        existing=existing,
        acts_as=tuple(
            (one.role, one.objects) for one in owners.acted_for(state, request.legacy_role, config.roles.new)
        ),
    )


def proposed(session: Session, request: InitRequest) -> Config:
    """The configuration of the cutover under way, or else as ``init`` would propose it.

    For commands that only look: nobody needs the rights of an operator for that, and it may be the old role itself.
    Raises UsageError where there is no such role.
    """
    state, journal = read_state(session.driver), Journal(session)
    if request.legacy_role not in state.roles:
        raise _no_such_role(state, request.legacy_role)
    return _config(session, state, request, existing=journal.exists() and _under_way(journal, state, request))


def _adopted(
    journal: Journal, state: State, config: Config, request: InitRequest, baseline: State | None
) -> tuple[str, ...]:
    """The new roles that exist already and are to be adopted. Raises ConfigError where ``--adopt`` was not given."""
    there = [name for name in config.roles.new if name in state.roles]
    if baseline is None:
        made = [name for name in there if marks.whose(state, name) == state.target.database]
        if made and not request.adopt and not journal.exists():
            raise ConfigError(
                f"flatsplit has made {listed(made, 4)} for this database, and the journal of that is gone",
                "restore the schema flatsplit from a backup: it knows how everything was before; with --adopt a walk "
                "begins anew, from how it is now",
            )
        if there and not request.adopt:
            raise role_names.taken(str(request.config_path), config, there)
        return tuple(there)
    record = journal.cutover()
    if record is None:
        return ()
    states = {step.key: step.state for step in journal.steps()}
    begun = machine.last_step(states) is not None
    late = [] if machine.done_count(states) or not request.adopt else [n for n in there if n not in baseline.roles]
    known = role_names.recorded(record)
    role_names.check(config, known, live=state.roles, first_seen={*baseline.roles, *late}, begun=begun)
    return tuple(late)


def before_init(session: Session, config: Config) -> tuple[State, Context]:
    """The State, and a context in which it counts as the baseline, for commands that only look.

    Raises UsageError where there is no such role.
    """
    state = read_state(session.driver)
    if config.legacy_role not in state.roles:
        raise _no_such_role(state, config.legacy_role)
    return state, Context(config, reduce(state, config))


def _no_such_role(state: State, name: str) -> UsageError:
    near = difflib.get_close_matches(name, [each for each in state.roles if not each.startswith("pg_")], n=1)
    hint = f"did you mean {near[0]}?" if near else "psql's \\du lists the roles of the cluster"
    return UsageError(f"there is no role {name!r} on this server", hint)


def _check_roles(state: State, request: InitRequest, login: str) -> None:
    legacy, operator = request.legacy_role, state.target.operator
    if legacy not in state.roles:
        raise _no_such_role(state, legacy)
    if legacy.startswith("pg_"):
        raise UsageError(
            f"{legacy} is one of PostgreSQL's own roles", "name the role that owns the application's objects"
        )
    refuse_legacy(operator, login, legacy)
    facts = state.roles.get(operator)
    if not state.target.operator_superuser and (facts is None or not facts.createrole):
        raise MissingRights(
            f"{operator} may not create roles",
            _or_as(
                login, operator, f"have a superuser run: ALTER ROLE {ddl.ident(operator)} CREATEROLE; or connect as one"
            ),
        )
    if not state.target.operator_superuser and state.roles[legacy].superuser:
        raise MissingRights(
            f"{legacy} is a superuser and {operator} is not",
            _or_as(login, operator, "only a superuser can take a superuser's objects over"),
        )
    given = f"GRANT {ddl.ident(legacy)} TO {ddl.ident(operator)} WITH ADMIN OPTION;"
    if not state.target.operator_superuser and state.target.membership_options and not _administers(state, legacy):
        raise MissingRights(
            f"{operator} may not administer {legacy}: it could neither act for it nor lock it",
            _or_as(login, operator, f"have an administrator run: {given}"),
        )
    if request.owner is not None and request.owner not in state.roles:
        raise _no_such_role(state, request.owner)
    if request.owner == legacy:
        raise UsageError("the tracking schema must not belong to legacy", "name a role that all operators share")


def _or_as(login: str, operator: str, fix: str) -> str:
    """The advice, and what helps where a setting of the login or database makes the session act as another."""
    if login == operator:
        return fix
    return f"a setting makes {login} act as {operator}: add options='-c role=none' to the connection string; or {fix}"


def _administers(state: State, role: str) -> bool:
    """Whether the operator has ADMIN OPTION on the role, which CREATEROLE does not imply since 16."""
    operator = state.target.operator
    return any(key[:2] == (role, operator) and options.admin for key, options in state.members.items())


def _under_way(journal: Journal, state: State, request: InitRequest) -> bool:
    """Whether a cutover of this role is active here. Raises where one of another role is."""
    if journal.revision() is None:
        return False
    try:
        found = journal.cutover()
    except Exception as error:  # an older schema may lack a column that this version reads
        raise JournalError(
            "the tracking schema cannot be read", "run flatsplit init with the version that made it"
        ) from error
    if found is None:
        return False
    if request.moved:
        _require_roles(journal, state, found)
    else:
        Journal.recognise(state.target, found)
    if found.legacy_role == request.legacy_role:
        return True
    for record in journal.walks():
        if any(step.state != "done" for step in journal.steps(record.id)):
            what = record.walk.words if record.walk != SPLIT else f"a cutover of role {found.legacy_role}"
            raise JournalError(
                f"{what} is under way in this database", "finish it or roll it back and `flatsplit forget` it first"
            )
    return False


def _require_roles(journal: Journal, state: State, found: CutoverRecord) -> None:
    """Raise where roles of the cutover are missing, as after restoring a dump of the database alone."""
    config = configuration.parse(found.config, "the journal")
    begun = {record.key for record in journal.steps() if record.state in ("running", "done")}
    missing = [name for name in config.roles.new if name not in state.roles]
    if split.CREATE_ROLES in begun and missing:
        raise TargetError(
            f"the roles of the cutover did not come along: {', '.join(missing)}",
            "restore them with pg_dumpall --roles-only, or begin anew: flatsplit forget, then flatsplit init",
        )


def _config(session: Session, state: State, request: InitRequest, *, existing: bool) -> Config:
    path = request.config_path
    if path.exists():
        config = _configured(path, request)
        if not existing:
            _require_schemas(state, config.schemas)
        return config
    if existing:
        record = Journal(session).cutover()
        if record is not None:
            return configuration.parse(record.config, str(path))
    roles, groups = members.groups(state, _roles(state, request), request.legacy_role)
    config = Config(
        name=state.target.database,
        legacy_role=request.legacy_role,
        schemas=_scope(state, request, roles),
        roles=roles,
        groups=groups,
        gates=replace(Gates(), rehearsal="required"),  # a file without this key may be older than the gate
    )
    configuration.validate(config, str(path))
    return config


def _configured(path: Path, request: InitRequest) -> Config:
    config = configuration.load(path)
    if config.legacy_role != request.legacy_role:
        raise ConfigError(
            f"{path} is about role {config.legacy_role}, not {request.legacy_role}",
            "give --legacy-role as in the file, or another file with --config",
        )
    if request.schemas and set(request.schemas) != set(config.schemas):
        raise ConfigError(
            f"{path} names schemas {', '.join(config.schemas)}", "edit the file there, or leave --schema out"
        )
    return config


def _roles(state: State, request: InitRequest) -> RoleNames:
    return configuration.propose_roles(
        state.roles.keys(), state.target.database, adopt=request.adopt, legacy=request.legacy_role
    )


def _scope(state: State, request: InitRequest, roles: RoleNames) -> tuple[str, ...]:
    schemas = {ref.name for ref in state.objects if ref.kind == "schema"}
    if request.schemas:
        _require_schemas(state, request.schemas)
        return tuple(dict.fromkeys(request.schemas))
    legacy = request.legacy_role
    found = {ref.name for ref, facts in state.objects.items() if ref.kind == "schema" and facts.owner == legacy}
    found |= {
        ref.schema
        for ref, facts in state.objects.items()
        if ref.schema and facts.owner == legacy and not facts.extension
    }
    for one in owners.acted_for(state, legacy, roles.new):
        found.update(one.schemas)
    found &= schemas - {JOURNAL_SCHEMA}
    if not found:
        if "public" not in schemas:
            raise TargetError(
                f"{legacy} owns nothing in database {state.target.database}", "name the schemas with --schema"
            )
        found = {"public"}
    return tuple(sorted(found))


def _require_schemas(state: State, asked: tuple[str, ...]) -> None:
    """Raise UsageError where one of these schemas does not exist."""
    schemas = {ref.name for ref in state.objects if ref.kind == "schema"}
    missing = [schema for schema in asked if schema not in schemas]
    if missing:
        near = difflib.get_close_matches(missing[0], sorted(schemas), n=1)
        raise UsageError(
            f"there is no schema {missing[0]!r} in database {state.target.database}",
            f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(schemas))}",
        )

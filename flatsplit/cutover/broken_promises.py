"""What somebody has undone of finished steps. What is missing because objects or the server are new is the
catch-up's instead. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flatsplit import blueprint, ddl
from flatsplit.cutover.situation import Situation
from flatsplit.evidence.memory import ObjectChanges
from flatsplit.model import Check, Finding, Statement
from flatsplit.planning import chain
from flatsplit.planning.causes import WITHOUT_ROLE, Causes, Edited, newcomers
from flatsplit.rights.own_rights import HAZARD
from flatsplit.rights.special import GONE
from flatsplit.walks import split
from flatsplit.walks.newer_server import first_known
from flatsplit.words import count, listed

REPAIR = "flatsplit repair"


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that a finished step promised and that does not hold any more."""

    what: str
    fix: str


def broken(
    situation: Situation, since: ObjectChanges | None, was: int, edited: Edited | None = None
) -> tuple[Broken, ...]:
    """What is broken, worst first: roles that cannot log in or do their work, then whatever else was undone.

    ``was``: the server's major when the last step ended. ``edited``: what of flatsplit.toml changed since then.
    """
    first = (*(_logins(situation) if situation.done else ()), *cut_off(situation))
    return (*first, *_undone(situation, since, was, edited)) if situation.finished else first


def cut_off(situation: Situation) -> tuple[Broken, ...]:
    """What keeps the old role from its work before its time, and no finished step asks to be put right."""
    return (*_locked_too_early(situation), *(_bridge(situation) if situation.done else ()))


def given_or_joined(strays: Iterable[Finding]) -> Iterator[Broken]:
    """What of all that no step takes care of is a breach: objects given away, rights of the owner's that it lost, and
    memberships that nobody asked for. Not notes: extensions alone, which pg_upgrade gives to another superuser.
    """
    for one in strays:
        if one.id in ("given-away", HAZARD) and one.severity != "note":
            yield Broken(f"{one.title}: {listed(one.objects, 5)}", one.fix)
        elif one.id == "membership-new":
            yield Broken(one.title, one.fix)


def _logins(situation: Situation) -> Iterator[Broken]:
    """Roles that ought to be able to log in and are not."""
    live = situation.live.roles
    wanted = situation.desired(situation.done).roles  # another walk may have locked it on purpose
    if situation.done >= split.ORDINAL[split.ENABLE_LOGIN]:
        for name in situation.context.config.entering:
            if name in live and not live[name].login and wanted[name].login:
                yield Broken(f"{name} may not log in", f"ALTER ROLE {ddl.ident(name)} LOGIN;")


def _locked_too_early(situation: Situation) -> Iterator[Broken]:
    """The old role, where it may not log in and no step has locked it; also after a rollback of everything, since a
    database restored from before lock-legacy does not know of that step.
    """
    if not situation.done and "rolled_back" not in situation.states.values():
        return
    live, legacy = situation.live.roles, situation.config.legacy_role
    before = situation.baseline.roles.get(legacy)
    # Just before lock-legacy it may be that step, begun by hand
    early = situation.done < split.ORDINAL[split.LOCK_LEGACY] - 1
    if early and before is not None and before.login and legacy in live and not live[legacy].login:
        yield Broken(
            f"{legacy} may not log in, and the application still may need it", f"ALTER ROLE {ddl.ident(legacy)} LOGIN;"
        )


def _bridge(situation: Situation) -> Iterator[Broken]:
    """Without its membership in app_migrator, the old role cannot use any of the objects that it owned."""
    legacy, migrator = situation.config.legacy_role, blueprint.owner(situation.config)
    place = split.ORDINAL[split.LOCK_LEGACY] - (1 if situation.config.retire == "repurpose" else 0)
    begun = situation.done >= split.ORDINAL[split.TRANSFER_OWNERSHIP] or _moved_by_hand(situation)
    if not begun or situation.done >= place or legacy not in situation.live.roles:
        return
    facts = situation.live.roles[legacy]
    if facts.superuser or any(key[:2] == (migrator, legacy) for key in situation.live.members):
        return
    grant = f"GRANT {ddl.ident(migrator)} TO {ddl.ident(legacy)}"
    if situation.live.target.membership_options:
        grant += " WITH INHERIT TRUE, SET TRUE"
    yield Broken(f"{legacy} is not a member of {migrator}: whatever runs as it fails", f"{grant};")


def _moved_by_hand(situation: Situation) -> bool:
    """Whether app_migrator owns something before the step moved it, as by REASSIGN OWNED. What was the old role's with
    all its privileges is not in the baseline, and an adopted app_migrator's own is.
    """
    context, first = situation.context, situation.baseline.objects
    migrator = blueprint.owner(situation.config)
    former = None if migrator in context.adopted else context.legacy
    theirs = (group for group in situation.live.groups if group.facts.owner == migrator and not group.facts.extension)
    return any(
        (first[ref].owner if ref in first else former) in context.retiring for group in theirs for ref in group.refs
    )


def _undone(situation: Situation, since: ObjectChanges | None, was: int, edited: Edited | None) -> Iterator[Broken]:
    """The drift of finished steps, one line for each cause."""
    appeared = since.appeared if since is not None else {}
    new = newcomers(situation.drift, situation.live)
    causes = Causes(
        situation.live,
        appeared.keys(),
        situation.resting,
        new,
        explained=chain.explained(situation.others, situation.kind, situation.context),
        alike=chain.alike(situation.others, situation.kind, situation.context),
        edited=edited,
    )
    found: dict[str, list[Statement]] = {}
    for statement in situation.drift:
        if statement.changes and not first_known(statement, was):
            for part in causes.undone(statement):
                found.setdefault(causes.of(part), []).append(part)
    for cause, statements in found.items():
        more = f", and {len(statements) - 1} more" if statements[1:] else ""
        passwords = " --generate-passwords FILE" if any(one.secrets for one in statements) else ""
        if cause == WITHOUT_ROLE:
            who = f"{count(len(new), 'tenant')} {'has' if len(new) == 1 else 'have'} no role yet: {listed(sorted(new))}"
            yield Broken(who, f"flatsplit tenants --sync{passwords}")
            continue
        fix = f"{REPAIR}{passwords}"
        yield Broken(f"{cause}: wanted again is {statements[0].description}{more}", fix)


def unkept(
    checks: Iterable[Check], told: Iterable[Statement], meant: Mapping[str, tuple[frozenset[str], str]]
) -> Iterator[Broken]:
    """Lines of the can/cannot matrix that do not hold. Not of roles that the statements are about which are ``told``
    anyway: those of the drift, and those that take away what nobody asked for.

    ``meant``: by role, what names of its list may mean that are not here any more, and how to correct them.
    """
    changes = [change for statement in told for change in statement.changes]
    about = {part for one in changes for part in (one.subject, one.detail.partition("=")[0])}
    gone: dict[str, dict[str, None]] = {}
    for check in checks:
        if not check.ok and check.role not in about:
            more = check.exception_count - len(check.exceptions)
            names = ", ".join(check.exceptions) + (f", and {more:,} more" if more else "")
            called, _ = meant.get(check.role, (frozenset[str](), ""))
            if check.role in meant and all(name.endswith(GONE) or name in called for name in check.exceptions):
                if check.expected:  # and what it can do there under the new name is no more than that
                    gone.setdefault(check.role, {}).update(dict.fromkeys(check.exceptions))
                continue
            yield Broken(
                f"{check.role} {'cannot' if check.expected else 'can'} {check.act}: {names}",
                "it has that from PUBLIC or another role: whoever gave it there takes it back; "
                "flatsplit verify says what is new"
                if not check.expected
                else "flatsplit verify says what is missing",
            )
    for role, lost in gone.items():
        yield Broken(f"{role} cannot do all that flatsplit.toml says: {listed([*lost], 5)}", meant[role][1])

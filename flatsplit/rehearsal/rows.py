"""Row-level security: where the role would see or change other rows than legacy, and where it would be refused.

Manual, "Row Security Policies": a table's owner bypasses them unless they are forced; superusers and roles with
BYPASSRLS always do. A row passes if one permissive policy and all restrictive ones let it. A row that does not pass is
silently left out of what is read, updated or deleted. Writing one that does not pass is an error, and so is a row that
ON CONFLICT or MERGE meets and may not see (manual, CREATE POLICY, "Policies Applied by Command Type";
get_row_security_policies() in rowsecurity.c). COPY FROM is refused wherever policies apply (DoCopy() in copy.c).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.model import PUBLIC, ObjectRef, State
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.conditions import PolicyCondition
from flatsplit.rehearsal.relation_parts import Policy, Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RelationUse
from flatsplit.rehearsal.values import Outcome, Problem
from flatsplit.rights.inherited import Inherited
from flatsplit.walks.session_settings import row_security_off

_HEIRS = frozenset(row.key for row in blueprint.ROWS if "policies" in row.takes)
"""Purposes to which legacy's policies are extended."""
_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def problems(actor: Actor, relation: Relation, use: RelationUse) -> list[Problem]:
    """Problems of row security for these commands."""
    if not _applies(actor.rights, actor.goal, relation):
        return []
    if off := row_security_off(actor.goal, actor.role):
        return _errors(actor, relation, off)
    if use.copied:
        return _copied(actor, relation)
    # ON CONFLICT and MERGE may meet rows of others
    if _kept_apart(actor, relation) and "w" not in use.strict & use.letters:
        return []
    reached = [letter for letter in "drw" if letter in use.letters]
    if "r" in use.strict and "w" not in use.letters:  # INSERT alone meets no row
        reached = [letter for letter in reached if letter != "r"]
    hiding = [letter for letter in reached if letter not in use.strict and _passes(actor, relation, letter) is False]
    found = [
        each
        for letter in hiding or reached  # nothing else matters for rows that are hidden in any case
        for each in _reached(actor, relation, letter, strict=letter in use.strict)
    ]
    if "r" in reached and "r" not in use.strict and not _passes(actor, relation, "r"):
        # MERGE is refused the rows that it finds, and what hides them may hide all
        found = [each._replace(outcome="unknown") if each.outcome == "denied" else each for each in found]
    if hiding:
        # MERGE inserts what it does not find, even if that exists and is hidden (ExecMerge() in nodeModifyTable.c)
        inserts = "a" in use.letters and use.target and "r" in hiding and "r" not in use.strict
        return found + (list(_written(actor, relation, "a")) if inserts else [])
    written = [letter for letter in "aw" if letter in use.letters and use.target]
    checked = [*written, "r"] if written and "r" in use.letters else written
    return found + [each for letter in checked for each in _checked(actor, relation, use, letter)]


def _kept_apart(actor: Actor, relation: Relation) -> bool:
    """Whether the role is meant to see its own rows only: all policies for it here are among ``apart``."""
    mine = {
        ObjectRef("policy", relation.ref.schema, relation.ref.name, policy.name)
        for letter in _COMMANDS
        for policy in _policies(actor, actor.rights, actor.goal, relation, letter)
    }
    return bool(mine) and mine <= actor.apart


def _checked(actor: Actor, relation: Relation, use: RelationUse, letter: str) -> Iterator[Problem]:
    """Problems of the checks on new rows, where there are any: UPDATE only changes rows that it reaches."""
    found = _written(actor, relation, letter)
    merged = letter == "w" and "r" in use.letters - use.strict
    reaching = [one for one in "rw" if one in use.letters] if merged or "a" not in use.letters else []
    certain = all(_passes(actor, relation, one) for one in reaching)
    for each in found:
        yield each if certain else each._replace(outcome="unknown")


def _passes(actor: Actor, relation: Relation, letter: str) -> bool | None:
    return _side(actor, actor.rights, actor.goal, relation, letter, check=False).passes


def secured(actor: Actor, ref: ObjectRef) -> bool:
    """Whether policies apply to the role on this table and did not to legacy."""
    relation = actor.world.relations.get((ref.schema, ref.name))
    if relation is None:
        return False
    return _applies(actor.rights, actor.goal, relation) and not _applies(actor.legacy, actor.live, relation)


def conditions(actor: Actor, relation: Relation, use: RelationUse) -> Iterator[PolicyCondition]:
    """The conditions that are evaluated as the role when it uses the relation in this way."""
    if not use.copied and _applies(actor.rights, actor.goal, relation):
        for letter in sorted(use.letters & _COMMANDS.keys()):
            yield from _side(actor, actor.rights, actor.goal, relation, letter, check=letter == "a").each
            if letter == "w" and use.target:
                yield from _side(actor, actor.rights, actor.goal, relation, letter, check=True).each


def _applies(rights: Inherited, state: State, relation: Relation) -> bool:
    """Whether policies will apply to the role. A walk over tenants may enable row security where it is off today."""
    facts, security = state.objects.get(relation.ref), state.row_security.get(relation.ref)
    if rights.bypasses or facts is None or security is None or not security.enabled:
        return False
    return security.forced or not rights.owns(facts)


_ACCEPTED = "policies-ask-who"
"""The hazard that reports this."""


class _Side(NamedTuple):
    """What the policies for a role and a command require of a row: one of the permissive ones and all
    restrictive ones.
    """

    permissive: tuple[PolicyCondition, ...]
    restrictive: tuple[PolicyCondition, ...]

    @property
    def each(self) -> tuple[PolicyCondition, ...]:
        """All of its conditions."""
        return self.permissive + self.restrictive

    @property
    def passes(self) -> bool | None:
        """True where every row passes, False where none does, None where it depends on the row."""
        if all(one.value is False for one in self.permissive) or any(one.value is False for one in self.restrictive):
            return False
        if any(one.value for one in self.permissive) and all(one.value for one in self.restrictive):
            return True
        return None

    @property
    def deciding(self) -> tuple[PolicyCondition, ...]:
        """Conditions that depend on the row; without the permissive ones where one of them lets every row pass."""
        doors = () if any(one.value for one in self.permissive) else self.permissive
        return tuple(one for one in (*doors, *self.restrictive) if one.value is None)


def _side(actor: Actor, rights: Inherited, state: State, relation: Relation, letter: str, *, check: bool) -> _Side:
    """The policies for a command. One without an expression does not count (add_security_quals(),
    add_with_check_options()).
    """
    found: dict[bool, list[PolicyCondition]] = {True: [], False: []}
    for policy in _policies(actor, rights, state, relation, letter):
        text = (policy.check or policy.using) if check else policy.using
        if text is not None:
            found[policy.permissive].append(actor.world.condition(text))
    return _Side(tuple(found[True]), tuple(found[False]))


def _policies(actor: Actor, rights: Inherited, state: State, relation: Relation, letter: str) -> Iterator[Policy]:
    """Those that are for the role and the command."""
    for policy in actor.world.policies.get(relation.oid, ()):
        ref = ObjectRef("policy", relation.ref.schema, relation.ref.name, policy.name)
        roles = state.policies.get(ref, frozenset())
        if policy.command in ("*", letter) and (PUBLIC in roles or not rights.addressed.isdisjoint(roles)):
            yield policy


def _before(actor: Actor, relation: Relation, letter: str, *, check: bool) -> _Side | None:
    """What the policies required of legacy; None where they did not apply."""
    if not _applies(actor.legacy, actor.live, relation):
        return None
    return _side(actor, actor.legacy, actor.live, relation, letter, check=check)


def _reached(actor: Actor, relation: Relation, letter: str, *, strict: bool) -> Iterator[Problem]:
    """Problems of rows that are read, updated or deleted; ``strict`` where a hidden one is an error."""
    mine = _side(actor, actor.rights, actor.goal, relation, letter, check=False)
    before = _before(actor, relation, letter, check=False)
    if mine.passes or _same(actor, mine, before) or _shown(actor, relation, mine):
        return
    name, word = shown(relation.ref), _COMMANDS[letter]
    if mine.passes is False:
        which = f"no policy for {word} is for it" if not mine.permissive else f"its policies for {word} let no row pass"
        reason = f"row-level security is on and {which}"
        if strict:
            reason = f"{actor.role} is refused each row of {name} that is there already: {reason}"
        else:
            reason = f"{actor.role} would see no row of {name}: {reason}"
        yield _problem(actor, relation, "denied" if strict else "silent", reason, word)
        return
    yield from _unset(actor, relation, mine, before, word)
    why = _why(actor, relation, mine, before)
    if strict:
        yield _problem(actor, relation, "unknown", f"{why}; a row that is there and hidden is an error", word)
    else:
        yield _problem(actor, relation, "silent", why if before == mine else f"{why}, so it may see fewer rows", word)


def _written(actor: Actor, relation: Relation, letter: str) -> Iterator[Problem]:
    """Problems of new rows, and of rows after an update. The policies for SELECT count where these are read as well."""
    check = letter != "r"
    mine = _side(actor, actor.rights, actor.goal, relation, letter, check=check)
    before = _before(actor, relation, letter, check=check)
    if mine.passes or _same(actor, mine, before):
        return
    name, word = shown(relation.ref), {"a": "INSERT"}.get(letter, "UPDATE")
    if mine.passes is False:
        does = "insert nothing into" if letter == "a" else "update no row of"
        which = "no policy is for it" if not mine.permissive else "its policies let no row pass"
        reason = f"row-level security lets {actor.role} {does} {name}: {which}"
        yield _problem(actor, relation, "denied", reason, word)
        return
    yield from _unset(actor, relation, mine, before, word)
    does = "inserted" if letter == "a" else "updated"
    reason = f"{_why(actor, relation, mine, before)}; whether a row may be {does} depends on the row"
    yield _problem(actor, relation, "unknown", reason, word)


def _same(actor: Actor, mine: _Side, before: _Side | None) -> bool:
    """Whether legacy was subject to the same conditions or stricter ones, and they do not depend on the role.

    Where they do, the operator may have counted that the role sees what legacy saw.
    """
    if mine.passes is None and all(one.who for one in mine.deciding) and _ACCEPTED in dict(actor.context.config.accept):
        return True
    if before is None:
        return False
    return before.passes is False or (before == mine and not any(one.who for one in mine.deciding))


def _shown(actor: Actor, relation: Relation, mine: _Side) -> bool:
    """Whether the role was counted to see in this table what legacy sees. That tells nothing of what may be written."""
    if not all(one.who for one in mine.deciding):
        return False
    config = actor.context.config
    application = blueprint.application(config)
    return actor.role == application and relation.ref[1:3] in actor.world.alike(config.legacy_role, application)


def _why(actor: Actor, relation: Relation, mine: _Side, before: _Side | None) -> str:
    name = shown(relation.ref)
    who = next((one.text for one in mine.deciding if one.who), None)
    if who is not None:
        return f"a policy of {name} looks at who asks, and that changes: {who}"
    if before is not None:
        return f"other policies of {name} are for {actor.role} than for {actor.before}"
    return f"the policies of {name} begin to apply: {actor.before} bypasses them, {actor.role} does not"


def _unset(actor: Actor, relation: Relation, mine: _Side, before: _Side | None, word: str) -> Iterator[Problem]:
    """Problems of current_setting() without missing_ok for a setting that nothing sets; certain where it is the only
    condition.
    """
    known: Iterable[PolicyCondition] = before.each if before is not None else ()
    for one in mine.deciding if len(mine.deciding) == 1 else ():
        missing = sorted(setting for setting in one.settings if not actor.sets(setting))
        if missing and one not in known:
            reason = f"a policy of {shown(relation.ref)} fails where nobody has set {missing[0]}: {one.text}"
            found = _problem(actor, relation, "denied", reason, word)
            remedy = f"ALTER ROLE {format_name(actor.role)} SET {missing[0]} = ''"
            yield found._replace(remedy=f"{remedy} -- or set it in every session of the application")


def _copied(actor: Actor, relation: Relation) -> list[Problem]:
    """Problems of COPY FROM. Where policies applied to legacy, it was refused as well."""
    name = shown(relation.ref)
    reason = f"COPY FROM is refused on {name}, whatever its policies say: row-level security applies to {actor.role}"
    remedy = f"ALTER ROLE {format_name(actor.role)} BYPASSRLS -- or INSERT instead of COPY in the application"
    return [Problem("denied", reason, name, "INSERT", remedy)]


def _errors(actor: Actor, relation: Relation, remedy: str) -> list[Problem]:
    """Problems of a session with row_security off. The setting of app_user was legacy's first."""
    reason = f"row_security is off for {actor.role}: what the policies of {shown(relation.ref)} apply to is an error"
    if source := row_security_off(actor.live, actor.before):
        remedy = source
    return [Problem("denied", reason, shown(relation.ref), "ROW SECURITY", remedy, differs=True)]


def _problem(actor: Actor, relation: Relation, outcome: Outcome, reason: str, word: str) -> Problem:
    """The problem with its remedy: a permissive policy; against a restrictive one only BYPASSRLS helps."""
    name = shown(relation.ref)
    policies = actor.world.policies.get(relation.oid, ())
    remedy = f"ALTER ROLE {format_name(actor.role)} BYPASSRLS"
    if all(policy.permissive for policy in policies):
        taken = {policy.name for policy in policies}
        heir = actor.purpose in _HEIRS and actor.before in actor.live.roles
        role = actor.before if heir else actor.role  # flatsplit extends legacy's policies to the new roles
        remedy = ddl.open_policy(name, format_name(role), taken)
        remedy += f" -- which flatsplit extends to {actor.role}" if heir else ""
    return Problem(outcome, reason, name, word, remedy, differs=True)

"""Row-level security: where the role would see other rows than legacy, without any error.

Manual, "Row Security Policies": a table's owner bypasses them unless they are forced; superusers and roles with
BYPASSRLS always do. With policies, a row is seen if one permissive policy and all restrictive ones let it through.
"""

from __future__ import annotations

import re

from flatsplit.evidence.inherited import Inherited
from flatsplit.evidence.rehearsal.actor import Actor
from flatsplit.evidence.rehearsal.remedies import shown
from flatsplit.evidence.rehearsal.values import Problem
from flatsplit.evidence.rehearsal.world import Policy, Relation
from flatsplit.model import PUBLIC, ObjectRef, State

_WHO = re.compile(r"\b(current_user|session_user|user|current_role|pg_has_role)\b", re.IGNORECASE)
_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def problems(actor: Actor, relation: Relation, letters: set[str]) -> list[Problem]:
    """What row security would change for these commands."""
    if not relation.row_security or not _applies(actor.rights, actor.goal, relation):
        return []
    return [problem for letter in sorted(letters) for problem in _command(actor, relation, letter)]


def _applies(rights: Inherited, state: State, relation: Relation) -> bool:
    facts = state.objects.get(relation.ref)
    if rights.bypasses or facts is None:
        return False
    return relation.forced or not rights.owns(facts)


def _policies(actor: Actor, rights: Inherited, state: State, relation: Relation, letter: str) -> list[Policy]:
    """Those that are for the role and the command."""
    found = []
    for policy in actor.world.policies.get(relation.oid, ()):
        roles = state.policies.get(
            ObjectRef("policy", relation.ref.schema, relation.ref.name, policy.name), frozenset()
        )
        if policy.command in ("*", letter) and (PUBLIC in roles or not rights.closure.isdisjoint(roles)):
            found.append(policy)
    return found


def _command(actor: Actor, relation: Relation, letter: str) -> list[Problem]:
    mine = _policies(actor, actor.rights, actor.goal, relation, letter)
    name, word = shown(relation.ref), _COMMANDS[letter]
    checks = letter == "a"
    texts = [policy.check or policy.using if checks else policy.using for policy in mine]
    if not any(policy.permissive for policy in mine):
        if checks:
            reason = f"row-level security lets {actor.role} insert nothing into {name}: no policy is for it"
            return [Problem("denied", reason, name, "INSERT", _remedy(actor, name))]
        return [
            Problem(
                "silent",
                f"{actor.role} would see no row of {name}: row-level security is on and no policy for {word} is for it",
                name,
                word,
                _remedy(actor, name),
            )
        ]
    if _applies(actor.legacy, actor.live, relation):
        theirs = _policies(actor, actor.legacy, actor.live, relation, letter)
        if set(mine) == set(theirs):
            who = next((text for text in texts if text and _WHO.search(text)), None)
            if who is None:
                return []
            reason = f"a policy of {name} looks at who asks, and that changes: {who}"
            return [Problem("unknown" if checks else "silent", reason, name, word, _remedy(actor, name))]
        reason = f"other policies of {name} are for {actor.role} than for {actor.context.legacy}"
    else:
        permissive = [text for policy, text in zip(mine, texts, strict=True) if policy.permissive]
        if any(text in ("true", None) for text in permissive) and all(policy.permissive for policy in mine):
            return []
        reason = f"the policies of {name} begin to apply: {actor.context.legacy} bypasses them, {actor.role} does not"
    if checks:
        return [
            Problem(
                "unknown",
                f"{reason}; whether a row may be inserted depends on the row",
                name,
                word,
                _remedy(actor, name),
            )
        ]
    return [Problem("silent", f"{reason}, so it may see fewer rows", name, word, _remedy(actor, name))]


def _remedy(actor: Actor, name: str) -> str:
    return (
        f"CREATE POLICY … ON {name} TO {actor.role}, or ALTER ROLE {actor.role} BYPASSRLS, "
        "or make sure that the application sets what the policies look at"
    )

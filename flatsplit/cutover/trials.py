"""What each role can and cannot do, tried on a small sample, as the role itself, and undone at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from flatsplit import blueprint, ddl
from flatsplit.blueprint import Purpose
from flatsplit.connection import Session, connect_as
from flatsplit.cutover import expected_rights
from flatsplit.cutover.situation import Situation
from flatsplit.errors import FlatsplitError
from flatsplit.evidence import trial
from flatsplit.evidence.special import acts as special_acts
from flatsplit.evidence.superuser_acts import beyond_acts
from flatsplit.evidence.trial import RoleProof, Trial, TrialAct
from flatsplit.model import SPLIT, ObjectRef
from flatsplit.rights.inherited import Inherited
from flatsplit.rights.matrix import given_up
from flatsplit.server.asking import ask
from flatsplit.walks import role as role_walk
from flatsplit.walks import split

TABLES = 4
ASKING = 12
SCHEMAS = 3
"""How many of them are tried for each role; all are judged by the catalog. Asking are relations whose policies or views
need further rights of whoever reads them."""


def failed(session: Session, situation: Situation) -> tuple[Trial, ...]:
    """The trials of the walk's own roles that failed. A right that the catch-up is going to grant is no failure."""
    mine = situation.name.subject if situation.name.kind == role_walk.NAME else ""
    found = special(session, situation, {}, mine) if mine else prove(session, situation.turned(SPLIT), {})
    return tuple(
        one for proof in found for one in proof.trials if not one.ok and not (one.expected and situation.drift)
    )


def prove(session: Session, situation: Situation, passwords: Mapping[str, str]) -> tuple[RoleProof, ...]:
    """Try a small sample as each role, and log in as those whose passwords are given."""
    if situation.done < split.ORDINAL[split.GRANT_EXISTING]:
        return ()
    proofs = []
    for role, purpose in blueprint.roles(situation.config):
        if role not in situation.live.roles:
            continue
        acts = _acts(session, situation, role, purpose)
        if purpose.programs:
            acts += beyond_acts(session.driver, situation.live, situation.context, role)
        login = _login(situation, role, passwords)
        proofs.append(_prove(session, situation, role, acts, login, passwords.get(login)))
    return (*proofs, *_legacy(session, situation, passwords))


def special(
    session: Session, situation: Situation, passwords: Mapping[str, str], only: str = ""
) -> tuple[RoleProof, ...]:
    """The same for special roles: some names of their lists, and some objects that are not on them."""
    proofs = []
    for one in expected_rights.special_roles(situation):
        role = one.context.role
        if role not in situation.live.roles or (only and role != only):
            continue
        tables, acts = special_acts(situation.live, one.context, bridged=one.bridged)
        acts = trial.cautious(session.driver, role, tables, acts)
        proofs.append(_prove(session, situation, role, acts, role, passwords.get(role) if one.opened else None))
    return tuple(proofs)


def _acts(session: Session, situation: Situation, role: str, purpose: Purpose) -> list[TrialAct]:
    context = situation.context
    schemas = [ref.name for ref in trial.sample(_schemas(situation, role), SCHEMAS)]
    if not purpose.named:
        if situation.done < split.ORDINAL[split.TRANSFER_OWNERSHIP]:
            return []
        why_not = "event triggers would fire" if ask(session.driver, "trial_conditions")[0][2] else ""
        if purpose.programs:
            return trial.acts_of(purpose, schemas=schemas, why_not=why_not)
        desired = situation.desired(situation.done)
        rights, wanted = Inherited(desired, role), desired.roles[role]
        places = [name for name in schemas if rights.has(desired.objects[ObjectRef("schema", "", name)], "C")]
        cluster = wanted.superuser or wanted.createrole
        return trial.acts_of(purpose, schemas=places, cluster=cluster, why_not=why_not)
    groups = (group for group in situation.live.groups if group.kind == "table")
    ours = (group.refs for group in groups if context.ours(group.refs[0], group.facts))
    chosen = trial.sample(list(itertools.chain.from_iterable(ours)), TABLES)
    from flatsplit import hazards  # all objects, which the trials of a special role need not wait for

    asking = hazards.relations_that_ask(session.driver, situation.live, context)
    chosen += [ref for ref in trial.sample([ref for ref in asking if not asking[ref]], ASKING) if ref not in chosen]
    creates = situation.done >= split.ORDINAL[split.ENABLE_LOGIN]
    relations = trial.columns_of(session.driver, chosen)
    acts = trial.acts_of(purpose, relations=relations, schemas=schemas if creates else ())
    accepted = {ddl.label(ref) for ref, taken_on in asking.items() if taken_on}
    acts = [
        replace(act, why_not="[hazards.accept] takes that on") if act.expected and act.target in accepted else act
        for act in acts
    ]
    return trial.cautious(session.driver, role, chosen, acts)


def _schemas(situation: Situation, role: str) -> list[ObjectRef]:
    """The schemas in scope, without those in which their owner has revoked its own CREATE."""
    wanted = [ObjectRef("schema", "", name) for name in situation.config.schemas]
    objects = situation.live.objects
    return [ref for ref in wanted if ref in objects and not given_up(objects[ref], role, "C")]


def _login(situation: Situation, role: str, passwords: Mapping[str, str]) -> str:
    """Which login to try for a role: the role itself, or a login of its group with a given password; "" where none."""
    if situation.done < split.ORDINAL[split.ENABLE_LOGIN]:
        return ""
    live = situation.live.roles
    logins = (name for name in situation.config.logins(role) or () if name in live and live[name].login)
    first = next((name for name in logins if name in passwords), "")
    itself = role in situation.context.config.entering and role not in situation.resting
    return role if itself and (role in passwords or not first) else first


def _prove(
    session: Session, situation: Situation, role: str, acts: list[TrialAct], login: str, password: str | None
) -> RoleProof:
    if password is None:
        if not acts:
            return RoleProof(role, "", "nothing to try yet")
        return trial.try_as_function(session.driver, role, acts)
    target = f"database {situation.live.target.database}" + (f" as {login}" if login != role else "")
    try:
        with connect_as(session, login, password) as connection:
            found = trial.try_as_login(connection, role, acts)
            trials = (Trial(role, "log in to", target, True, "allowed"), *found.trials)
    except FlatsplitError as error:
        trials = (Trial(role, "log in to", target, True, "refused", error.what),)
    return RoleProof(role, "logged in", trials=trials)


def _legacy(session: Session, situation: Situation, passwords: Mapping[str, str]) -> tuple[RoleProof, ...]:
    """Whether the old role is locked out, where its password is given too."""
    legacy, config = situation.config.legacy_role, situation.config
    if legacy not in passwords or config.retire == "repurpose" or situation.done < split.ORDINAL[split.LOCK_LEGACY]:
        return ()
    target = f"database {situation.live.target.database}"
    try:
        with connect_as(session, legacy, passwords[legacy]):
            tried = Trial(legacy, "log in to", target, False, "allowed")
    except FlatsplitError as error:
        tried = Trial(legacy, "log in to", target, False, "refused", error.what)
    return (RoleProof(legacy, "logged in", trials=(tried,)),)

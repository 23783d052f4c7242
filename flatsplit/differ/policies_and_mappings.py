"""Policies and user mappings."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.differ import rowsecurity
from flatsplit.model import PUBLIC, Change, ObjectRef, State, Statement


def policies(have: State, want: State) -> Iterator[Statement]:
    """ALTER POLICY … TO …; a policy always has at least one role."""
    for ref, roles in sorted(want.policies.items()):
        now = have.policies.get(ref)
        if now is None or now == roles or not roles:
            continue
        gone, come = sorted(now - roles), sorted(roles - now)
        subject = ddl.label(ref)
        yield Statement(
            description=f"{subject}: for {', '.join(role or 'PUBLIC' for role in sorted(roles))}",
            sql=ddl.alter_policy(ref, roles),
            undo=ddl.alter_policy(ref, now),
            lock="ACCESS EXCLUSIVE",
            objects=(ref,),
            changes=tuple(
                Change("-" if role in gone else "+", "policy", subject, role or "PUBLIC") for role in (*gone, *come)
            ),
            acts=(have.relation_owner(ref),),
        )


def policies_dropped(have: State, want: State) -> Iterator[Statement]:
    """DROP POLICY for policies whose roles are all dropped. The caller records their definitions first."""
    for ref in sorted(have.policies.keys() - want.policies.keys()):
        subject = ddl.label(ref)
        named = sorted(have.policies[ref])
        if not named or not set(named).isdisjoint({*want.roles, PUBLIC}) or rowsecurity.stays(have, want, ref):
            continue
        yield Statement(
            description=f"{subject}: dropped, it was for {', '.join(named)} alone",
            sql=ddl.drop_policy(ref),
            undo="",
            lock="ACCESS EXCLUSIVE",
            objects=(ref,),
            changes=tuple(rowsecurity.whole(have, ref, "-")),
            acts=(have.relation_owner(ref),),
        )


def mappings_created(have: State, want: State) -> Iterator[Statement]:
    """CREATE USER MAPPING. The options, which may hold a password, are copied in the server from an
    existing mapping.
    """
    for ref in sorted(want.mappings - have.mappings):
        source = want.copied_mappings.get(ref, "")
        yield Statement(
            description=f"{ddl.label(ref)}: like that of {source}",
            sql=ddl.copy_user_mapping(ref, source),
            undo=ddl.drop_user_mapping(ref),
            lock="",
            objects=(ref,),
            changes=(Change("+", "user_mapping", ddl.label(ref), ""),),
            acts=(_owner_of_server(have, ref), source),
        )


def mappings_dropped(have: State, want: State) -> Iterator[Statement]:
    """DROP USER MAPPING. The undo copies the options from a mapping that still has the same ones."""
    for ref in sorted(have.mappings - want.mappings):
        source = _like(ref, want)
        yield Statement(
            description=f"{ddl.label(ref)}: dropped",
            sql=ddl.drop_user_mapping(ref),
            undo=ddl.copy_user_mapping(ref, source) if source else "",
            lock="",
            objects=(ref,),
            changes=(Change("-", "user_mapping", ddl.label(ref), ""),),
            acts=(_owner_of_server(have, ref), _owner_of_server(want, ref)),
        )


def _like(ref: ObjectRef, state: State) -> str:
    others = sorted(other.args for other in state.mappings if other.name == ref.name and other.args != PUBLIC)
    return others[0] if others else ""


def _owner_of_server(state: State, mapping: ObjectRef) -> str:
    facts = state.objects.get(ObjectRef("server", "", mapping.name))
    return facts.owner if facts is not None else ""

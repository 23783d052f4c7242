"""Owners: which move, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from flatsplit import ddl
from flatsplit.differ.acls import Changed, Later
from flatsplit.model import (
    RELATIONS,
    Alike,
    Change,
    Grouped,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    State,
    Statement,
    Target,
    versions,
)

# The order in which owners change: containers before their contents, a relation before the views that read it, and last
# whatever runs as its owner. A relation has 10 plus its depth, because a view reads as its owner.
_RANK: dict[str, int] = {
    "schema": 0,
    "foreign_data_wrapper": 1,
    "server": 2,
    "type": 3,
    "domain": 4,
    "collation": 5,
    "function": 60,
    "procedure": 60,
    "aggregate": 61,
    "database": 90,
    "tablespace": 91,
    # Their new owner must have CREATE on the database (AlterPublicationOwner_internal, AlterSubscriptionOwner_internal)
    "publication": 92,
    "subscription": 93,
    "extension": 99,
}
_RELATION = 10
_DEEPEST = 45
_OTHER = 70

_LOCKS = {
    "table": "ACCESS EXCLUSIVE",
    "partitioned_table": "ACCESS EXCLUSIVE",
    "foreign_table": "ACCESS EXCLUSIVE",
    "view": "ACCESS EXCLUSIVE",
    "materialized_view": "ACCESS EXCLUSIVE",
    "sequence": "ACCESS EXCLUSIVE",
}


def depths(uses: Mapping[ObjectRef, tuple[ObjectRef, ...]]) -> dict[ObjectRef, int]:
    """For each relation with rules, how many layers of relations it is built on. Where rules form a circle, the
    deepest.
    """
    found: dict[ObjectRef, int] = {}
    for start in uses:
        stack = [start]
        while stack:
            ref = stack[-1]
            if ref in found and found[ref] >= 0:
                stack.pop()
                continue
            below = [used for used in uses.get(ref, ()) if used != ref]
            missing = [used for used in below if used not in found]
            if ref not in found and missing:
                found[ref] = -1
                stack.extend(missing)
                continue
            found[ref] = min(_DEEPEST, 1 + max((max(found[used], 0) for used in below), default=-1))
            stack.pop()
    return found


def _rank(ref: ObjectRef, depth: Mapping[ObjectRef, int]) -> int:
    if ref.kind in RELATIONS:
        return _RELATION + depth.get(ref, 0)
    return _RANK.get(ref.kind, _OTHER)


def moved(
    have: State, want: State, objects: Iterable[Changed]
) -> tuple[list[Iterable[Statement | Later]], list[Later]]:
    """ALTER … OWNER for every object whose owner differs, grouped by what may run in any order.

    The second list has to run last: subscriptions whose new owner may not log in yet, since their worker starts as
    their owner. Where the old owner is a member of the new one (the bridge), tables are moved before the views that
    read them; otherwise after them. Either way every view can be read in between. A schema is moved before what is in
    it unless the new owner is a member of the old one.
    """
    course = cache(partial(_Course, have.target, have.roles, want.roles))
    depth: dict[ObjectRef, int] | None = None
    by_rank: list[tuple[int, ObjectRef, str, str]] = []
    last: list[tuple[ObjectRef, Later]] = []
    bridges = {(member.member, member.role) for member in (*have.members, *want.members)}
    dragged, alone = _dragged(
        [(ref, now, then) for now, then, refs in objects if then.owner != now.owner and not now.follows for ref in refs]
    )
    for ref, now, then in alone:
        if depth is None:
            depth = depths(have.uses)
        rank = _rank(ref, depth)
        forward = (now.owner, then.owner) in bridges or now.owner not in want.roles
        if ref.kind == "subscription" and (heir := have.roles.get(then.owner)) and not heir.login:
            last.append((ref, partial(_Move, course(now.owner, then.owner), ref)))
            continue
        # Who owns something in a schema needs CREATE there (ATExecChangeOwner()), as its owner or over the bridge
        first = forward or (ref.kind == "schema" and (then.owner, now.owner) not in bridges)
        by_rank.append((rank if first else 200 - rank, ref, now.owner, then.owner))
    by_rank.sort()
    alter = [_later(course, tuple(together)) for _, together in groupby(by_rank, key=itemgetter(0))]
    last.sort(key=itemgetter(0))
    return [*alter, _reassigned(want, dragged)], [move for _, move in last]


def _later(
    course: Callable[[str, str], _Course], together: Iterable[tuple[int, ObjectRef, str, str]]
) -> Iterator[Later]:
    return (partial(_Move, course(old, new), ref) for _, ref, old, new in together)


class Moves(Grouped):
    """The facts that change when these objects move from one owner to another: two for each object."""

    __slots__ = ("_new", "_old", "_refs")

    def __init__(self, refs: tuple[ObjectRef, ...], old: str, new: str) -> None:
        self._refs, self._old, self._new = refs, old, new

    def __len__(self) -> int:
        return 2 * len(self._refs)

    def __iter__(self) -> Iterator[Change]:
        for subject in map(ddl.label, self._refs):
            yield Change("-", "owner", subject, self._old)
            yield Change("+", "owner", subject, self._new)

    @property
    def groups(self) -> tuple[Alike, ...]:
        """One group for the old owner and one for the new one."""
        labels = ddl.Labels(self._refs)
        return Alike("-", "owner", labels, self._old), Alike("+", "owner", labels, self._new)


class _Course(NamedTuple):
    """An old and a new owner, with the facts of roles that decide how the objects move. It does not keep the States,
    which are large and are freed early.
    """

    target: Target
    before: Mapping[str, RoleFacts]
    after: Mapping[str, RoleFacts]
    old: str
    new: str


_One: TypeAlias = tuple[ObjectRef, ObjectFacts, ObjectFacts]
"""An object, its facts now, and those that are wanted."""

_PLAIN = (("secrets", ()), ("alone", False), ("split", None))


class _Move(Statement):
    """ALTER … OWNER of one object. Its texts are rendered each time they are read."""

    __slots__ = ("_course", "_ref")

    _course: _Course
    _ref: ObjectRef

    def __init__(self, course: _Course, ref: ObjectRef, phase: int) -> None:
        for name, value in (("_course", course), ("_ref", ref), ("phase", phase), *_PLAIN):
            object.__setattr__(self, name, value)

    @property
    def description(self) -> str:
        return f"{ddl.label(self._ref)}: owner {self._course.old} → {self._course.new}"

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        return (self._ref,)

    @property
    def sql(self) -> str:
        return _alter_owner(self._course, self._ref, self._course.new)

    @property
    def undo(self) -> str:
        return _alter_owner(self._course, self._ref, self._course.old)

    @property
    def lock(self) -> str:
        return _LOCKS.get(self._ref.kind, "")

    @property
    def changes(self) -> Moves:
        return Moves(self.objects, self._course.old, self._course.new)

    @property
    def acts(self) -> tuple[str, ...]:
        return self._course.old, self._course.new


def _alter_owner(course: _Course, ref: ObjectRef, owner: str) -> str:
    """ALTER … OWNER, with SUPERUSER for the moment where the server requires it of the new owner.

    Event triggers and foreign-data wrappers may only belong to a superuser, whoever gives them away. A role that
    created some and has lost SUPERUSER since still owns them, and can get them back only as a superuser.
    """
    text, target = ddl.alter_owner(ref, owner), course.target
    asked = ref.kind in _SUPERUSERS or (ref.kind == "subscription" and target.major < versions.SUBSCRIPTION_CREATORS)
    facts = course.before.get(owner)
    if not asked or not target.operator_superuser or facts is None or facts.superuser:
        return text
    becomes = course.after.get(owner)
    return text if becomes is not None and becomes.superuser else ddl.as_superuser(owner, text)


_SUPERUSERS = ("event_trigger", "foreign_data_wrapper")
"""AlterEventTriggerOwner_internal(), AlterForeignDataWrapperOwner_internal(); before 16 also subscriptions."""


def _dragged(moving: list[_One]) -> tuple[list[tuple[ObjectRef, str, str]], list[_One]]:
    """``moving`` in two parts: extensions with the members that move along with them, and all other objects.

    A member may get another owner than its extension: a foreign-data wrapper may only belong to a superuser. Such a
    member is moved before REASSIGN OWNED, which would move every object of the old owner to one new one, and is moved
    back after it on the way back.
    """
    pairs = {(now.owner, then.owner) for ref, now, then in moving if ref.kind == "extension"}
    dragged: list[tuple[ObjectRef, str, str]] = []
    alone: list[_One] = []
    for ref, now, then in moving:
        together = now.extension and (now.owner, then.owner) in pairs and ref.kind not in _SUPERUSERS
        if ref.kind == "extension" or together:
            dragged.append((ref, now.owner, then.owner))
        else:
            alone.append((ref, now, then))
    return dragged, alone


def _reassigned(want: State, dragged: list[tuple[ObjectRef, str, str]]) -> list[Statement]:
    """REASSIGN OWNED, which moves extensions and everything else that the role owns: there is no ALTER EXTENSION …
    OWNER.
    """
    statements = []
    for old, new in sorted({(old, new) for _, old, new in dragged}):
        refs = tuple(sorted(ref for ref, was, will in dragged if (was, will) == (old, new)))
        stays = [
            (ref, old)
            for ref, facts in sorted(want.objects.items())
            if facts.owner == old
            and not facts.follows
            and not facts.extension
            and ref.kind not in ("extension", "tablespace")
        ]
        extensions = ", ".join(ref.name for ref in refs if ref.kind == "extension")
        statements.append(
            Statement(
                description=f"{ddl.label(refs[0]) if len(refs) == 1 else extensions}: owner {old} → {new}",
                sql=ddl.reassign_owned(old, new, stays),
                undo=ddl.reassign_owned(new, old, ()),
                lock="",
                objects=refs,
                changes=Moves(refs, old, new),
                alone=True,
                acts=(old, new),
            )
        )
    return statements

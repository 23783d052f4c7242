"""Access control lists: which privileges are granted and revoked, many objects to a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeAlias

from flatsplit import ddl, membership, privileges
from flatsplit.differ import column_grants
from flatsplit.model import OWNER, Acl, AclItem, Alike, FactKey, ObjectFacts, ObjectRef, Side, State, Statement

Later: TypeAlias = Callable[[int], Statement]
"""A statement that is written when it is called, with its phase: who only counts them does not wait for that."""

PER_STATEMENT = 200
"""Objects in one GRANT: enough to make round trips cheap, few enough to keep its transaction short."""


DATABASE_OWNER = "pg_database_owner"
"""Nobody can be made a member of it: its one member is the owner of the database (manual, "Predefined Roles")."""


class AclChange(NamedTuple):
    """One kind of GRANT or REVOKE, the same for all objects that share it."""

    grantee: str
    """OWNER stands for each object's own owner."""
    grantor: str
    """"" for the owner."""
    letters: str
    option: bool
    depth: int = 0
    """Links of the chain of grantors between the owner and this grant: the chain is taken apart from its end."""
    named: bool = False
    """The owner has to be named as the grantor, too."""
    whole: bool = False
    """The privilege comes, or goes, together with its grant option: so does the other way round in the undo."""

    @property
    def undo_option(self) -> bool:
        """Whether the undo of this statement has WITH GRANT OPTION, or GRANT OPTION FOR."""
        return self.option is not self.whole

    def by(self, owner: str) -> str:
        """The role that the session has to act as; "" where the server records the owner as the grantor in any case."""
        return self.grantor or (owner if self.named and owner != DATABASE_OWNER else "")


def ambiguous(state: State, *acls: Acl) -> bool:
    """Whether the server could record somebody else than the owner as the grantor.

    For a superuser it always records the owner. For a member of several roles it takes the first of them that holds all
    grant options needed (select_best_grantor(), acl.c).
    """
    return not state.target.operator_superuser and any(
        item.grantable and item.grantee != OWNER for acl in acls for item in acl
    )


def _depths(items: Iterable[AclItem]) -> dict[str, int]:
    """The number of grants between the owner and each grantee; the owner's is 0."""
    found = {OWNER: 0}
    rest = list(items)
    for distance in range(1, len(rest) + 1):
        reached = {item.grantee for item in rest if item.grantor in found} - found.keys()
        if not reached:
            break
        found.update(dict.fromkeys(reached, distance))
    return found


def steps(have: Acl, want: Acl, *, revoking: bool, named: bool = False) -> list[AclChange]:
    """The changes that lead from ``have`` to ``want``: only the grants, or with ``revoking`` only the revokes."""
    if have is want:
        return []
    before = {(item.grantee, item.grantor): item for item in have}
    after = {(item.grantee, item.grantor): item for item in want}
    found = []
    depths = _depths((*have, *want))
    for grantee, grantor in sorted(before.keys() | after.keys()):
        depth = depths.get(grantor, len(depths))
        was, will = before.get((grantee, grantor)), after.get((grantee, grantor))
        had, option_had = (was.privileges, was.grantable) if was else ("", "")
        gets, option_gets = (will.privileges, will.grantable) if will else ("", "")
        by = "" if grantor == OWNER else grantor
        if revoking:
            gone = privileges.minus(had, gets)
            found.append(AclChange(grantee, by, privileges.minus(gone, option_had), False, depth))
            found.append(AclChange(grantee, by, privileges.within(gone, option_had), False, depth, whole=True))
            found.append(
                AclChange(grantee, by, privileges.minus(privileges.minus(option_had, option_gets), gone), True, depth)
            )
        else:
            option = privileges.minus(option_gets, option_had)
            found.append(AclChange(grantee, by, privileges.minus(privileges.minus(gets, had), option), False, depth))
            found.append(AclChange(grantee, by, privileges.minus(option, had), True, depth, whole=True))
            found.append(AclChange(grantee, by, privileges.within(option, had), True, depth))
    found = [step._replace(named=named) for step in found if step.letters]
    return sorted(found, key=lambda step: -step.depth if revoking else step.depth)


def changes(
    subjects: Sequence[str], step: AclChange, owner: str, *, revoking: bool, fact: FactKey = "privilege"
) -> Alike:
    """The facts that one step changes on these subjects, as aclitems are written: ``grantee=letters/grantor``."""
    grantee = step.grantee or "PUBLIC"
    star = "*" if step.option else ""
    detail = f"{owner if step.grantee == OWNER else grantee}={step.letters}{star}/{step.grantor or owner}"
    side: Side = "-" if revoking else "+"
    return Alike(side, fact, subjects, detail)


class Changed(NamedTuple):
    """Objects of one kind and schema that are in both States and whose facts differ in the same way; ``refs`` is
    sorted.
    """

    now: ObjectFacts
    then: ObjectFacts
    refs: Sequence[ObjectRef]


def changed(have: State, want: State) -> list[Changed]:
    """The objects whose facts differ between the States, grouped by how they differ.

    Facts that are the same in both are the same Python object. A step usually changes a whole group of ``have`` alike,
    and such a group is compared once, not object by object.
    """
    if have.objects is want.objects:
        return []
    found: list[Changed] = []
    together = {id(group.refs): group.facts for group in have.groups}
    before = have.objects
    for group in want.groups:
        facts = together.get(id(group.refs))
        if facts is not None:
            if facts is not group.facts:
                found.append(Changed(facts, group.facts, group.refs))
            continue
        parts: dict[int, list[ObjectRef]] = {}
        for ref in group.refs:
            now = before.get(ref)
            if now is not None and now is not group.facts:
                parts.setdefault(id(now), []).append(ref)
        found += (Changed(before[refs[0]], group.facts, refs) for refs in parts.values())
    return found


def objects(have: State, want: State, moving: Sequence[Changed], *, revoking: bool) -> Iterator[Later]:
    """GRANTs (or REVOKEs) on whole objects, one statement for each keyword, schema and set of privileges."""
    groups: dict[tuple[str, str, AclChange, str], list[Sequence[ObjectRef]]] = {}
    hold = partial(ddl.hold, closed=_closed(have, moving), major=have.target.major)
    kept = column_grants.of_tables(want if revoking else have, want)
    for now, then, refs in moving:
        if now.acl is then.acl and now.owner == then.owner:
            continue
        acl = now.acl if now.owner == then.owner else privileges.settle(now.acl, then.owner)
        word = ddl.grant_word(refs[0].kind)
        for step in steps(acl, then.acl, revoking=revoking, named=ambiguous(have, acl, then.acl)):
            groups.setdefault((word, refs[0].schema, step, then.owner), []).append(refs)

    def order(group: tuple[str, str, AclChange, str]) -> tuple[int, tuple[str, str, AclChange, str]]:
        return (-group[2].depth if revoking else group[2].depth, group)

    for (_, schema, step, owner), parts in sorted(groups.items(), key=lambda item: order(item[0])):
        kind = _Kind(schema, step, owner, revoking, hold, kept, _lender(have, want, schema, step.grantor))
        refs = parts[0] if len(parts) == 1 else sorted(chain.from_iterable(parts))
        for start in range(0, len(refs), PER_STATEMENT):
            yield partial(_Grants, kind, refs[start : start + PER_STATEMENT])


def _closed(have: State, moving: Sequence[Changed]) -> frozenset[ObjectRef]:
    """Tables that their owner has no SELECT on. LOCK TABLE needs a privilege, so a session that acts as the owner may
    not lock them. Empty for a superuser.
    """
    if have.target.operator_superuser:
        return frozenset()
    return frozenset(
        ref
        for now, then, refs in moving
        for ref in refs
        if ref.kind in ("table", "partitioned_table")
        and not all("r" in privileges.letters(facts.acl, OWNER) for facts in (now, then))
    )


def _lender(have: State, want: State, schema: str, grantor: str) -> str:
    """The owner of the schema, where the grantor has no USAGE on it by then: it granted while it owned the schema, or
    acted as the owner, and only the grantor can revoke that. "" where nothing has to be lent.
    """
    ref = ObjectRef("schema", "", schema)
    now, then = have.objects.get(ref), want.objects.get(ref)
    if not grantor or now is None or then is None or then.owner == DATABASE_OWNER:
        return ""
    if any(state.roles[grantor].superuser for state in (have, want) if grantor in state.roles):
        return ""
    # Memberships change before privileges do; those of a role that is dropped end with it
    mine = {"", grantor, *membership.inherited(want if grantor in want.roles else have, grantor)}
    uses = then.owner in mine or any("U" in item.privileges and item.grantee in mine for item in now.acl)
    return "" if uses else then.owner


class _Kind(NamedTuple):
    """What the statements of one group have in common."""

    schema: str
    step: AclChange
    owner: str
    revoking: bool
    hold: Callable[[Sequence[ObjectRef]], str]
    kept: column_grants.Columns
    lender: str
    """See :func:`_lender`."""

    @property
    def grantee(self) -> str:
        return self.owner if self.step.grantee == OWNER else self.step.grantee

    def along(self, refs: Sequence[ObjectRef]) -> list[column_grants.Along]:
        """Column privileges that are lost with the REVOKE, whether that is the statement or its undo."""
        if not self.kept:
            return []
        step, option = self.step, self.step.option if self.revoking else self.step.undo_option
        giver = step.grantor or OWNER
        return column_grants.taken_along(self.kept, refs, step.letters, step.grantee, giver, option=option)

    def given(self, refs: Sequence[ObjectRef], *, option: bool) -> str:
        text = ddl.grant(refs, self.step.letters, self.grantee, option=option, grantor=self.step.by(self.owner))
        return self._through(text)

    def taken(self, refs: Sequence[ObjectRef], *, option: bool) -> str:
        before, after = column_grants.around(self.along(refs), self.owner)
        text = ddl.revoke(refs, self.step.letters, self.grantee, option=option, grantor=self.step.by(self.owner))
        return f"{before}{self._through(text)}{after}"

    def _through(self, text: str) -> str:
        return ddl.lend_usage(self.schema, self.step.grantor, self.lender, text) if self.lender else text


class _Grants(Statement):
    """GRANT or REVOKE of the same privileges on several objects. Its texts are rendered each time they are read."""

    __slots__ = ("_kind",)

    _kind: _Kind

    def __init__(self, kind: _Kind, refs: Sequence[ObjectRef], phase: int = 0) -> None:
        object.__setattr__(self, "_kind", kind)
        for name, value in (
            ("objects", tuple(refs)),
            ("phase", phase),
            ("secrets", ()),
            ("alone", False),
            ("lock", ""),
        ):
            object.__setattr__(self, name, value)

    @property
    def description(self) -> str:
        kind, refs = self._kind, self.objects
        what = f"{'revoke' if kind.revoking else 'grant'} {privileges.names(kind.step.letters)}"
        what += " (grant option)" if kind.step.option else ""
        where = ddl.label(refs[0])
        if len(refs) > 1:
            where = f"{len(refs)} {plural(refs)} in {kind.schema or 'the database'}"
        return f"{what} on {where} {'from' if kind.revoking else 'to'} {kind.grantee or 'PUBLIC'}"

    @property
    def sql(self) -> str:
        write = self._kind.taken if self._kind.revoking else self._kind.given
        return self._kind.hold(self.objects) + write(self.objects, option=self._kind.step.option)

    @property
    def undo(self) -> str:
        write = self._kind.given if self._kind.revoking else self._kind.taken
        return write(self.objects, option=self._kind.step.undo_option)

    @property
    def changes(self) -> Alike:
        return changes(ddl.Labels(self.objects), self._kind.step, self._kind.owner, revoking=self._kind.revoking)

    @property
    def acts(self) -> tuple[str, ...]:
        along = (each.grantor for each in self._kind.along(self.objects) if each.grantor != OWNER)
        lender = (self._kind.lender,) if self._kind.lender else ()
        return self._kind.step.grantor or self._kind.owner, *lender, *along

    @property
    def split(self) -> Callable[[], tuple[Statement, ...]] | None:
        if len(self.objects) == 1:
            return None
        return lambda: tuple(_Grants(self._kind, (ref,)) for ref in self.objects)


def plural(refs: Iterable[ObjectRef]) -> str:
    """``tables``, ``tables and views``, … for a list of objects of one GRANT keyword."""
    return " and ".join(sorted(map(ddl.plural, {ref.kind for ref in refs})))


def columns(have: State, want: State, *, revoking: bool) -> Iterator[Statement]:
    """GRANTs (or REVOKEs) on single columns."""
    for ref in sorted(have.columns.keys() | want.columns.keys()):
        table = want.relation_owner(ref)
        if not table:
            continue
        acl = have.columns.get(ref, ())
        if have.relation_owner(ref) != table:
            acl = privileges.settle(acl, table)
        goal = want.columns.get(ref, ())
        for step in steps(acl, goal, revoking=revoking, named=ambiguous(have, acl, goal)):
            grantee = table if step.grantee == OWNER else step.grantee
            do, undo = (ddl.revoke_column, ddl.grant_column) if revoking else (ddl.grant_column, ddl.revoke_column)
            what = f"{'revoke' if revoking else 'grant'} {privileges.names(step.letters)}"
            lender = _lender(have, want, ref.schema, step.grantor)
            through = partial(ddl.lend_usage, ref.schema, step.grantor, lender) if lender else str
            yield Statement(
                description=f"{what} on {ddl.label(ref)} {'from' if revoking else 'to'} {grantee or 'PUBLIC'}",
                sql=through(do(ref, step.letters, grantee, option=step.option, grantor=step.by(table))),
                undo=through(undo(ref, step.letters, grantee, option=step.undo_option, grantor=step.by(table))),
                lock="",
                objects=(ref,),
                changes=changes((ddl.label(ref),), step, table, revoking=revoking, fact="column_privilege"),
                acts=(step.grantor or table, *filter(None, (lender,))),
            )

"""A State that is being rewritten: steps change a Draft, so that each of them reads as a list of what it wants."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flatsplit import privileges
from flatsplit.model import (
    SINGLE,
    Acl,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectGroup,
    ObjectRef,
    RoleFacts,
    SettingKey,
    State,
    group_objects,
)


class Draft:
    """A copy of a State that may be changed; :meth:`state` gives the new State.

    A mapping is copied when it is first written. Facts that stay the same stay the same Python object, so that the
    differ need not compare them.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.target = state.target
        self.roles = dict(state.roles)
        self.members = dict(state.members)
        self.settings = dict(state.settings)
        self.defaults = dict(state.defaults)
        self.policies = dict(state.policies)
        self.conditions = dict(state.conditions)
        self.row_security = dict(state.row_security)
        self.tenancies = dict(state.tenancies)
        self.tenants = dict(state.tenants)
        self.mappings = set(state.mappings)
        self.copied_mappings = dict(state.copied_mappings)
        self.columns = dict(state.columns)
        self._objects = state.objects
        self._new_objects: dict[ObjectRef, ObjectFacts] = {}
        self._groups: list[ObjectGroup] | None = state.groups
        self._facts: dict[tuple[int, Acl, str], ObjectFacts] = {}
        self._granted: dict[tuple[int, str, str, str], tuple[ObjectFacts, ObjectFacts]] = {}
        """What a grant makes of facts, which many objects share. The facts are kept with it, so that their id is not
        reused.
        """

    @property
    def before(self) -> State:
        """The State that the draft started from."""
        return self._state

    def state(self) -> State:
        """The State as it is after the changes."""
        objects = {**self._objects, **self._new_objects} if self._new_objects else self._objects
        before = self._state
        if not self.conditions.keys() <= self.policies.keys():
            self.conditions = {ref: facts for ref, facts in self.conditions.items() if ref in self.policies}
        return before.but(
            roles=self.roles,
            members=self.members,
            settings=self.settings,
            objects=objects,
            groups=self._groups,
            columns=self.columns,
            defaults=before.defaults if self.defaults == before.defaults else self.defaults,
            policies=self.policies,
            conditions=self.conditions,
            row_security=self.row_security,
            tenancies=self.tenancies,
            tenants=self.tenants,
            mappings=frozenset(self.mappings),
            copied_mappings=self.copied_mappings,
        )

    def rewrite(
        self, change: Callable[[ObjectRef, ObjectFacts], ObjectFacts], apart: Collection[ObjectRef] = ()
    ) -> None:
        """Give every object the facts that ``change`` makes of its present ones.

        ``change`` is called once for all objects of a group (see :class:`ObjectGroup`), and by itself for each object
        in ``apart``.
        """
        if self._groups is None:
            self._groups = group_objects({**self._objects, **self._new_objects})
        groups: list[ObjectGroup] = []
        places = {ref[:2] for ref in apart}
        for group in self._groups:
            special = [ref for ref in group.refs if ref in apart] if group[:2] in places else []
            for ref in special:
                facts = self._changed([ref], group.facts, change)
                groups.append(group._replace(facts=facts, refs=[ref]))
            if special:
                together = [ref for ref in group.refs if ref not in apart]
                if not together:
                    continue
                group = group._replace(refs=together)
            facts = self._changed(group.refs, group.facts, change)
            groups.append(group if facts is group.facts else group._replace(facts=facts))
        self._groups = groups

    def _changed(
        self, refs: list[ObjectRef], facts: ObjectFacts, change: Callable[[ObjectRef, ObjectFacts], ObjectFacts]
    ) -> ObjectFacts:
        then = change(refs[0], facts)
        if then is facts:
            return facts
        then = self.shared(facts, then.acl, then.owner)
        self._new_objects.update(dict.fromkeys(refs, then))
        return then

    def shared(self, facts: ObjectFacts, acl: Acl, owner: str) -> ObjectFacts:
        """``facts`` with another ACL and owner; one tuple for all objects that get the same."""
        key = (id(facts), acl, owner)
        found = self._facts.get(key)
        if found is None:
            found = self._facts[key] = facts._replace(acl=acl, owner=owner)
        return found

    def get(self, ref: ObjectRef) -> ObjectFacts | None:
        """The facts of one object in the draft; None where there is no such object."""
        return self._new_objects.get(ref) or self._objects.get(ref)

    def make(self, ref: ObjectRef, facts: ObjectFacts) -> None:
        """Add an object, unless it exists."""
        if self.get(ref) is None:
            self._new_objects[ref] = facts
            self._groups = None

    def unmake(self, refs: Collection[ObjectRef]) -> None:
        """Remove these objects."""
        self._objects = {ref: facts for ref, facts in self._objects.items() if ref not in refs}
        self._new_objects = {ref: facts for ref, facts in self._new_objects.items() if ref not in refs}
        self._groups = None

    def grant(self, ref: ObjectRef, role: str, letters: str, option: str = "") -> None:
        """Grant what is missing of ``letters``; does nothing for an object that does not exist."""
        facts = self.get(ref)
        if facts is None or facts.owner == role:
            return
        key = (id(facts), role, letters, option)
        known = self._granted.get(key)
        if known is None:
            acl = privileges.plus(facts.acl, role, letters, option)
            then = facts if acl is facts.acl else self.shared(facts, acl, facts.owner)
            known = self._granted[key] = (facts, then)
        if known[1] is not facts:
            self._new_objects[ref] = known[1]
            self._regroup(ref, known[1])

    def revoke(self, ref: ObjectRef, role: str, letters: str) -> None:
        """Revoke what is held of ``letters``; does nothing for an object that does not exist."""
        facts = self.get(ref)
        acl = privileges.without(facts.acl, role, letters) if facts is not None else ()
        if facts is not None and acl != facts.acl:
            self._new_objects[ref] = then = self.shared(facts, acl, facts.owner)
            self._regroup(ref, then)

    def _regroup(self, ref: ObjectRef, facts: ObjectFacts) -> None:
        """Put an object whose facts have changed into a group. Schemas and databases are groups of their own; for other
        kinds the groups are made anew.
        """
        if self._groups is None or ref.kind not in SINGLE:
            self._groups = None
            return
        self._groups = [
            each._replace(facts=facts) if each.kind == ref.kind and each.refs[0] == ref else each
            for each in self._groups
        ]

    def default(self, ref: DefaultRef, acl: Acl) -> None:
        """Set a row of pg_default_acl. A row that equals the built-in default is removed (SetDefaultACL(),
        aclchk.c).
        """
        builtin: Acl = ()
        if not ref.schema:
            builtin = privileges.default_acl(privileges.OBJTYPE_KIND[ref.objtype], self.target.major)
        if acl == builtin:
            self.defaults.pop(ref, None)
        else:
            self.defaults[ref] = acl

    def effective_default(self, ref: DefaultRef) -> Acl:
        """The row, or the default that holds without one."""
        if ref in self.defaults:
            return self.defaults[ref]
        if ref.schema:
            return ()
        return privileges.default_acl(privileges.OBJTYPE_KIND[ref.objtype], self.target.major)

    def member(self, role: str, member: str, *, admin: bool = False, inherit: bool = True, set_: bool = True) -> None:
        """Make ``member`` a member, with those of these options that it does not have from any grantor.

        ADMIN in particular is not granted twice: it cannot be granted back to the role that the operator has it from
        (16+).
        """
        if role == member or role not in self.roles or member not in self.roles:
            return
        per_grantor = self.target.membership_options
        have = {key: options for key, options in self.members.items() if key[:2] == (role, member)}
        if any(
            options.admin >= admin
            and (not per_grantor or (bool(options.inherit) >= inherit and bool(options.set) >= set_))
            for options in have.values()
        ):
            return
        if per_grantor:
            admin = admin and not any(options.admin for options in have.values())
        key = Member(role, member, self.target.grantor)
        if not per_grantor and have:
            key = next(iter(have))
        before = self.members.get(key, MemberOptions())
        self.members[key] = (
            MemberOptions(admin or before.admin, inherit or bool(before.inherit), set_ or bool(before.set))
            if per_grantor
            else MemberOptions(admin or before.admin)
        )

    def no_member(self, role: str | None = None, member: str | None = None) -> None:
        """Remove every membership in ``role`` (None: any) of ``member`` (None: any)."""
        for key in [key for key in self.members if role in (None, key.role) and member in (None, key.member)]:
            del self.members[key]

    def role(self, name: str, **fields: object) -> None:
        """Change attributes of a role that exists."""
        facts = self.roles.get(name)
        if facts is not None:
            changed = facts._replace(**fields)  # type: ignore[arg-type]
            if changed != facts:
                self.roles[name] = changed

    def let_in(self, name: str, *, password: bool) -> None:
        """LOGIN for a role that exists, with a password where one is wanted, that has not expired then."""
        facts = self.roles.get(name)
        if facts is None:
            return
        self.role(name, login=True, password=facts.password or password)
        if password and facts.expired:
            self.role(name, valid_until=None, expired=False)

    def new_role(self, name: str, facts: RoleFacts) -> None:
        """Create a role unless it exists."""
        self.roles.setdefault(name, facts)

    def setting(self, key: SettingKey, name: str, value: str, *, over: bool = False) -> None:
        """Set a setting, unless the row has one of this name and it is not to go ``over`` that."""
        row = dict(self.settings.get(key, ()))
        if name not in row or over:
            row[name] = value
            self.settings[key] = tuple(sorted(row.items()))

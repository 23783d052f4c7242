"""The origin of the split: what the database would be if flatsplit had done nothing.

Everything up to the point of no return is rolled back exactly, and what others did meanwhile stays. So the origin is
the live State with the facts that flatsplit manages as they were first seen: those of the new roles, of legacy once it
is being retired, and the rights of PUBLIC once CREATE was taken from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flatsplit import blueprint, privileges
from flatsplit.model import (
    OWNER,
    PUBLIC,
    SINGLE,
    Acl,
    AclItem,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectGroup,
    ObjectRef,
    RoleFacts,
    SettingKey,
    Settings,
    State,
    intern_acl,
)
from flatsplit.walks import marks, used_elsewhere
from flatsplit.walks.other_databases import abroad, at_work
from flatsplit.walks.split.context import Context


@dataclass(frozen=True, slots=True)
class Progress:
    """Which of the steps that change managed facts have begun."""

    narrowed: bool = False
    """enable-login: PUBLIC's CREATE may be revoked."""
    locked: bool = False
    """lock-legacy: legacy may be NOLOGIN."""


_TAKEN = ("superuser", "createdb", "createrole", "replication", "bypassrls", "login")
"""Attributes that the last steps take from legacy."""


class Origin:
    """Computes the origin of one live State."""

    def __init__(self, live: State, context: Context, progress: Progress) -> None:
        self.live = live
        self.base = context.baseline
        self.context = context
        self.progress = progress
        self.legacy = context.legacy
        self.new = frozenset(context.config.roles.new)
        self.gone = frozenset(name for name in self.new & live.roles.keys() if self._goes(name))

    def _goes(self, name: str) -> bool:
        """Whether a role exists because of this walk and is used by no other database.

        An adopted role existed before. But one that another walk of flatsplit made, and left to this one or cannot come
        back for, is dropped by this walk, if nothing here referred to it when it was first seen.
        """
        if used_elsewhere.used(self.live, name) or marks.others(self.live, name):
            return False
        if name not in self.context.adopted:
            return True
        return bool(marks.marked(self.live.roles[name].comment)) and name not in at_work(self.base)

    def state(self) -> State:
        """The origin."""
        mappings, copied = self._mappings()
        objects, groups = self._objects()
        return self.live.but(
            roles=self._roles(),
            members=self._members(),
            settings=self._settings(),
            objects=objects,
            groups=groups,
            columns=self._columns(),
            defaults=self._defaults(),
            policies=self._policies(),
            mappings=mappings,
            copied_mappings=copied,
        )

    def _roles(self) -> dict[str, RoleFacts]:
        roles = {name: facts for name, facts in self.live.roles.items() if name not in self.gone}
        for name in self.context.adopted:
            if name in roles and not roles[name].elsewhere:
                roles[name] = self.base.roles[name]._replace(comment=roles[name].comment)
        before = self.base.roles.get(self.legacy)
        if before is not None and self.legacy in roles:
            taken = _TAKEN if self.context.retired else ("login",) if self.progress.locked else ()
            now = roles[self.legacy]
            # What others changed meanwhile (a limit, an expiry, LOGIN by another database's walk) stays
            roles[self.legacy] = now._replace(**{name: getattr(before, name) or getattr(now, name) for name in taken})
        return roles

    def _settings(self) -> dict[SettingKey, Settings]:
        live, base = self.live.settings, self.base.settings
        settings = {
            key: row
            for key, row in live.items()
            if key.role not in self.new or (not key.database and used_elsewhere.used(self.live, key.role))
        }
        settings |= {key: row for key, row in base.items() if key.role in self.new}
        own = SettingKey(self.legacy, self.live.target.database)
        if self.context.retired and own in base:
            settings[own] = tuple(sorted({**dict(base[own]), **dict(live.get(own, ()))}.items()))
        return settings

    def _members(self) -> dict[Member, MemberOptions]:
        retired = self.context.retired
        apart = abroad(self.legacy, self.live, self.base) if retired else frozenset()
        # What any superuser grants is on record as the bootstrap superuser's, and is none of this walk's
        granted = "" if self.context.bootstrap else self.legacy

        def managed(key: Member) -> bool:
            if self.new & {key.role, key.member}:
                return True
            mine = self.legacy in (key.role, key.member) or key.grantor == granted
            return retired and mine and key.role not in apart

        members = {
            key: options
            for key, options in self.live.members.items()
            if not managed(key) or (not self.gone & {key.role, key.member} and self._matters(key))
        }
        restored = {
            key: options
            for key, options in self.base.members.items()
            if managed(key) and not self.gone & {key.role, key.member} and not self._bridge_abroad(key)
        }
        for key, options in restored.items():
            # What legacy had granted was taken over in the operator's name
            if key.grantor == self.legacy and self.legacy not in (key.role, key.member):
                ours = key._replace(grantor=self.live.target.grantor)
                before = self.base.members.get(ours)
                if before is None:
                    members.pop(ours, None)
                elif members.get(ours) == options.joined(before):
                    members[ours] = before
        return {**members, **restored}

    def _matters(self, key: Member) -> bool:
        if used_elsewhere.matters(self.live, key):
            return True
        return key in self.base.members and self._bridge_abroad(key) and bool(used_elsewhere.used(self.live, key.role))

    def _bridge_abroad(self, key: Member) -> bool:
        """Whether it is a bridge that led to other databases only when it was first seen, and so belongs to a walk
        there.

        An adopted role without a mark does not tell whose it is. Restored here, the membership would outlive both
        walks.
        """
        migrator, dba = blueprint.owner(self.context.config), blueprint.administrator(self.context.config)
        if key.role != migrator or key.member not in self.context.retiring | {dba} or migrator not in self.base.roles:
            return False
        return bool(used_elsewhere.used(self.base, migrator)) and migrator not in at_work(self.base)

    def _objects(self) -> tuple[dict[ObjectRef, ObjectFacts], list[ObjectGroup]]:
        """All objects, one by one and in groups; a group that stays together keeps its list of names."""
        seen: dict[tuple[int, int, bool, bool], ObjectFacts] = {}
        objects = dict(self.live.objects)
        groups: list[ObjectGroup] = []
        for group in self.live.groups:
            found: dict[int, ObjectGroup] = {}
            for refs, before, left in self._alike(group):
                key = (id(group.facts), id(before), group.kind in SINGLE, left)
                if key not in seen:
                    seen[key] = self._object(group.facts, before, group.kind in SINGLE, left=left)
                facts = seen[key]
                if facts is not group.facts:
                    objects.update(dict.fromkeys(refs, facts))
                known = found.get(id(facts))
                together = sorted([*known.refs, *refs]) if known else refs
                found[id(facts)] = group._replace(facts=facts, refs=together)
            groups += found.values() if len(found) > 1 else [group._replace(facts=facts)]
        return objects, groups

    def _alike(self, group: ObjectGroup) -> Iterator[tuple[list[ObjectRef], ObjectFacts | None, bool]]:
        """The parts of a group that were alike at first, with the facts of then and whether they are left with dba."""
        base = self.base.objects
        left = self.context.left_of(group.refs)
        parts: dict[tuple[int, bool], list[ObjectRef]] = {}
        if not left and len(set(map(id, map(base.get, group.refs)))) == 1:
            parts[0, False] = group.refs
        else:
            for ref in group.refs:
                parts.setdefault((id(base.get(ref)), ref in left), []).append(ref)
        for (_, is_left), refs in parts.items():
            yield refs, base.get(refs[0]), is_left

    def _object(
        self, facts: ObjectFacts, before: ObjectFacts | None, container: bool, *, left: bool = False
    ) -> ObjectFacts:
        owner = self._owner(facts, before, left=left)
        acl = privileges.settle(facts.acl, owner) if owner != facts.owner else facts.acl
        # What a third role is allowed on its own is its own affair, and a newer server's to add to
        own = before is not None and before.owner == owner and owner in self.context.owners | self.new
        acl = self._acl(acl, before.acl if before else None, own=own)
        if container and self.progress.narrowed and before is not None:
            acl = self._create(acl, before.acl)
        if owner == facts.owner and acl is facts.acl:
            return facts
        return facts._replace(owner=owner, acl=acl)

    def _owner(self, facts: ObjectFacts, before: ObjectFacts | None, *, left: bool = False) -> str:
        others = self.context.retiring - {self.legacy}
        if facts.owner in others:
            return facts.owner
        # Left with dba and not seen at first: legacy created it, or the decision came later
        if facts.owner in self.context.owners or (left and before is None and facts.owner in self.new):
            # What app_user created while it existed belongs to legacy once it does not
            stay = ((self.new & self.live.roles.keys()) - self.gone) | (others & self.live.roles.keys())
            return before.owner if before and before.owner in stay else self.legacy
        if facts.owner in self.new and before is not None and before.owner in self.context.retiring:
            return before.owner
        return facts.owner

    def _acl(self, acl: Acl, before: Acl | None, *, own: bool) -> Acl:
        """The ACL without entries of the new roles (except those first seen), and with legacy's where these were
        revoked.
        """
        managed = self.new | {self.legacy} if self.context.retired else self.new
        before = before or ()
        restored = [
            item
            for item in before
            if (item.grantee in managed or item.grantor in managed) and not self.gone & {item.grantee, item.grantor}
        ]
        kept = [
            self._passed_on(item, restored) if item.grantor in self.new else item
            for item in acl
            if item.grantee not in managed and item.grantor not in managed - self.new
        ]
        if own:
            restored += [item for item in before if item.grantee == OWNER]
            kept = [item for item in kept if item.grantee != OWNER]
        if not restored and kept == list(acl):
            return acl
        live = {(item.grantee, item.grantor) for item in acl}
        for item in restored:
            # What an adopted app_migrator had granted became the owner's grant when it became the owner (aclnewowner())
            merged = item.grantor in self.new and (item.grantee, item.grantor) not in live
            if item.grantor == self.legacy or merged:
                kept = [self._less(each, item, before) for each in kept]
        return intern_acl([*kept, *restored])

    @staticmethod
    def _passed_on(item: AclItem, restored: Sequence[AclItem]) -> AclItem:
        """An entry that a new role granted is granted by the owner, unless the role had granted it when first seen."""
        was = next((each for each in restored if (each.grantee, each.grantor) == (item.grantee, item.grantor)), None)
        if was is None:
            return item._replace(grantor=OWNER)
        more = privileges.minus(item.privileges, was.privileges)
        return AclItem(item.grantee, OWNER, more, privileges.within(item.grantable, more))

    @staticmethod
    def _less(item: AclItem, restored: AclItem, before: Acl) -> AclItem:
        """What legacy had granted was granted again by the owner: without that copy, unless it was there before."""
        if (item.grantee, item.grantor) != (restored.grantee, OWNER):
            return item
        own = next((each for each in before if (each.grantee, each.grantor) == (item.grantee, OWNER)), None)
        was = own.privileges if own else ""
        return item._replace(
            privileges="".join(c for c in item.privileges if c not in restored.privileges or c in was),
            grantable="".join(
                c for c in item.grantable if c not in restored.privileges or (own and c in own.grantable)
            ),
        )

    def _create(self, acl: Acl, before: Acl) -> Acl:
        """The ACL with PUBLIC's CREATE as first seen, and without the grants of CREATE that replaced it."""
        if "C" not in privileges.letters(before, PUBLIC):
            return acl
        for item in acl:
            if item.grantee in (OWNER, PUBLIC) or item.grantee in self.new or "C" not in item.privileges:
                continue
            if "C" not in privileges.letters(before, item.grantee):
                acl = privileges.without(acl, item.grantee, "C")
        return privileges.plus(acl, PUBLIC, "C")

    def _columns(self) -> dict[ObjectRef, Acl]:
        columns = {}
        for ref in self.live.columns.keys() | self.base.columns.keys():
            before = self.base.columns.get(ref)
            # An entry of app_migrator's became the owner's when the table moved
            acl = self._acl(self.live.columns.get(ref, ()), before, own=before is not None and self._ours(ref))
            if acl or ref in self.live.columns:  # a column stays in the State when its list is empty
                columns[ref] = acl
        return columns

    def _ours(self, column: ObjectRef) -> bool:
        """Whether the table of the column is or was legacy's."""
        return self.live.relation_owner(column) in self.context.owners

    def _defaults(self) -> dict[DefaultRef, Acl]:
        found = {}
        for ref in self.live.defaults.keys() | self.base.defaults.keys():
            now, before = self.live.defaults.get(ref), self.base.defaults.get(ref)
            if ref.creator in self.gone:
                continue
            if ref.creator in self.new or (ref.creator == self.legacy and self.context.retired):
                row = before
            else:
                row = self._acl(now, before, own=False) if now is not None else None
                if now is None and self.context.retired:
                    row = before
            if row is not None and (row or not ref.schema) and not self._builtin(ref, row):
                found[ref] = row
        return found

    def _builtin(self, ref: DefaultRef, row: Acl) -> bool:
        return not ref.schema and row == privileges.default_acl(
            privileges.OBJTYPE_KIND[ref.objtype], self.live.target.major
        )

    def _policies(self) -> dict[ObjectRef, frozenset[str]]:
        found = {}
        for ref, named in self.live.policies.items():
            before = self.base.policies.get(ref, frozenset())
            roles = (named - self.new) | (before & (self.new - self.gone))
            if self.context.retired:
                roles |= before & {self.legacy}
            if roles or not named <= self.new:
                found[ref] = roles or named
        return found  # without policies that somebody made for new roles alone: they are dropped with the last of these

    def _mappings(self) -> tuple[frozenset[ObjectRef], dict[ObjectRef, str]]:
        restored = {ref for ref in self.base.mappings if ref.args in self.context.adopted}
        if self.context.retired:
            restored |= {ref for ref in self.base.mappings if ref.args == self.legacy}
        kept = {ref for ref in self.live.mappings if ref.args not in self.new}
        copied = dict.fromkeys(restored, blueprint.owner(self.context.config))
        return frozenset(kept | restored), copied

"""The checks that rules have in common: ownership, CREATE on schemas, and USAGE or EXECUTE on types and routines."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit import blueprint
from flatsplit.model import Kind, ObjectFacts, ObjectRef
from flatsplit.rehearsal.catalog_lookup import SYSTEM
from flatsplit.rehearsal.grammar import HOLE, Node, strings
from flatsplit.rehearsal.kinds.answers import MEMBERSHIP, Answers
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.values import Problem


@dataclass
class Ask(Answers):
    """The checks that the rules have in common, for one statement."""

    # -- roles

    def attribute(self, name: str) -> bool:
        """Whether the role has an attribute such as ``createrole`` itself: attributes are not inherited."""
        facts = self.actor.goal.roles.get(self.role)
        return facts is not None and bool(getattr(facts, name))

    def named_role(self, spec: Node) -> str:
        """The role that a RoleSpec means; "" for PUBLIC."""
        from postgast import pg_query_pb2

        kind = pg_query_pb2.RoleSpecType.Name(spec.roletype)
        if kind == "ROLESPEC_CSTRING":
            return str(spec.rolename)
        return "" if kind == "ROLESPEC_PUBLIC" else self.role

    def can_set(self, role: str) -> bool:
        """Whether the role can become another one: check_can_set_role() in acl.c, is_member_of_role() before 16."""
        goal = self.actor.goal
        if role == self.role:
            return True
        reached, todo = {self.role}, [self.role]
        while todo:
            one = todo.pop()
            for key, options in goal.members.items():
                if key.member == one and key.role not in reached and options.set is not False:
                    reached.add(key.role)
                    todo.append(key.role)
        if role == "pg_database_owner":  # its implicit member is the owner of the database
            facts = self.facts(self.database)
            return facts is not None and facts.owner in reached
        return role in reached

    def becomes(self, spec: Node) -> list[Problem]:
        """The problem that the role could not SET ROLE to the owner that it names."""
        role = self.named_role(spec)
        if role not in self.actor.goal.roles:
            return self.unknown(f"there is no role {role} (any more)", role) if role else []
        if self.can_set(role):
            return []
        reason = f"{self.what} for {role} is for those who may become {role}, which {self.role} cannot"
        return self.lacking(reason, role, MEMBERSHIP)

    def acts_for(self, spec: Node) -> list[Problem]:
        """The problem that it lacks the privileges of the role (has_privs_of_role() in acl.c)."""
        role = self.named_role(spec)
        if role in self.actor.rights.closure:
            return []
        return self.lacking(f"{self.what} needs the privileges of {role}, which {self.role} has not", role, MEMBERSHIP)

    # -- schemas

    def creation_schema(self, schema: str) -> str:
        """The schema in which an object with an unqualified name is created."""
        return schema or next(iter(self.sight), "")

    def creates_in(self, schema: str, *, exists: bool = False) -> list[Problem]:
        """Problems of creating something in a schema; temporary objects need nothing here."""
        if schema.startswith("pg_temp"):
            return []
        schema = self.creation_schema(schema)
        ref = ObjectRef("schema", "", schema)
        known = ref in self.actor.goal.objects
        if not known and schema in SYSTEM:
            return self.superuser(f"nobody makes anything in schema {schema}", f"schema {schema}")
        if (known and self.actor.holds(ref, "C")) or (
            not known and schema in {HOLE, *self.actor.created} and self.is_migrator
        ):
            return []
        if not known and schema not in self.actor.created and self.is_migrator:
            return self.unknown(
                f"there is no schema {schema} (any more)" if schema else "no schema of the search_path is there"
            )
        also = ", also where it exists already and IF NOT EXISTS is said" if exists else ""
        place = schema or "(none in the search_path)"
        reason = f"{self.what} needs CREATE on schema {place}{also}, which {self.role} has not"
        return self.lacking(reason, f"schema {schema}", "CREATE")

    def creates_named(self, names: tuple[str, ...]) -> list[Problem]:
        """The same for a name in parts."""
        return self.creates_in(names[-2] if len(names) > 1 else "")

    def uses_schema(self, names: tuple[str, ...]) -> list[Problem]:
        """Problems with USAGE on the schema that a name spells out."""
        if len(names) < 2 or names[-2] == HOLE:
            return []
        return [each._replace(planned=False) for each in self.actor.schema(names[-2])]

    # -- the database and what is in no schema

    @property
    def database(self) -> ObjectRef:
        """The database that all this is about."""
        return ObjectRef("database", "", self.actor.goal.target.database)

    def owns_plain(self, kind: Kind, name: str, *, missing_ok: bool = False) -> list[Problem]:
        """Problems with ownership of something that is in no schema."""
        ref = ObjectRef(kind, "", name)
        if name == HOLE:
            return [] if self.is_migrator else self.lacking(f"{self.what} is for the owner of what it names")
        if ref not in self.actor.goal.objects:
            servers = {"schema": SYSTEM, "tablespace": ("pg_default", "pg_global"), "extension": self.world.extensions}
            if name in servers.get(kind, ()):
                return self.superuser(f"{shown(ref)} is the server's own", shown(ref))
            if name in self.actor.created:
                return []
            return [] if missing_ok else self.unknown(f"there is no {shown(ref)} (any more)", shown(ref))
        return self.owns(ref)

    def owns(self, ref: ObjectRef) -> list[Problem]:
        """Ownership."""
        if self.actor.owns(ref):
            return []
        return self.lacking(f"{self.what} is for the owner of {shown(ref)}", shown(ref))

    @property
    def is_migrator(self) -> bool:
        """Whether the role is the one that owns everything."""
        return self.role == blueprint.owner(self.actor.context.config)

    def makes_in(self, name: str) -> list[Problem]:
        """Problems with the tablespace of a new table or index; where none is named, the one that the role's setting
        names.
        """
        return self.tablespace(name or self.actor.default_tablespace)

    def tablespace(self, name: str) -> list[Problem]:
        """CREATE on a tablespace other than the database's own (DefineRelation() in tablecmds.c)."""
        if not name or name == self.world.tablespace:
            return []
        ref = ObjectRef("tablespace", "", name)
        if ref in self.actor.goal.objects:
            return self.holds(ref, "C")
        if name in ("pg_default", "pg_global"):
            return self.lacking(
                f"{self.what} needs CREATE on {shown(ref)}, which {self.role} has not", shown(ref), "CREATE"
            )
        return self.unknown(f"there is no {shown(ref)} (any more)", shown(ref))

    # -- relations

    def relation(self, node: Node, *, missing_ok: bool = False) -> tuple[list[Relation], list[Problem]]:
        """The relations that a RangeVar means, and problems; neither where it is a temporary one."""
        found = self.actor.resolve(node.schemaname, node.relname, self.path)
        if found.readers is not None:
            return [], self.superuser(f"{node.relname} is the server's own")
        if found.free:
            return [], []
        dotted = f"{node.schemaname}.{node.relname}" if node.schemaname else node.relname
        made = not found.relations and node.relname in self.actor.created
        if node.relname == HOLE or (made and not missing_ok):
            return [], [] if self.is_migrator else self.lacking(f"{self.what} is for the owner of {dotted}", dotted)
        if not found.relations:
            unreached = self.uses_schema((node.schemaname, node.relname)) if node.schemaname else []
            if unreached or missing_ok:
                return [], unreached
            return [], self.unknown(f"there is no relation {dotted} (any more)", dotted)
        reach = [] if len(found.relations) > 1 else self.actor.schema(found.relations[0].ref.schema)
        return list(found.relations), [each._replace(planned=False) for each in reach]

    def missing(self, node: Node) -> bool:
        """Whether nothing has that name, so that IF EXISTS does nothing and checks nothing."""
        found = self.actor.resolve(node.schemaname, node.relname, self.path)
        return not (found.free or found.relations or node.relname == HOLE or self.indexes(node))

    def owns_relation(self, node: Node, *, missing_ok: bool = False) -> list[Problem]:
        """Problems with ownership of a table, view or sequence, or of an index's table."""
        index = self._index(node)
        if index is not None:
            return index
        relations, found = self.relation(node, missing_ok=missing_ok)
        for relation in relations:
            found += self.owns(relation.ref)
            if self.children and not found:
                found += self._owns_children(relation)
        return found

    def _owns_children(self, relation: Relation) -> list[Problem]:
        """Problems with the tables below: ALTER TABLE checks each of them as well (ATSimplePermissions() in
        tablecmds.c).
        """
        for oid in self.world.family(relation.oid):
            below = self.world.by_oid.get(oid)
            if below is not None and not self.actor.owns(below.ref):
                reason = f"{self.what} of {shown(relation.ref)} is for the owner of {shown(below.ref)} below it as well"
                return self.lacking(reason, shown(below.ref))
        return []

    def indexes(self, node: Node) -> list[tuple[str, int]]:
        """The indexes that a name may mean: the schema, and the oid of the table."""
        return [
            (schema, oid)
            for schema, oid in self.world.droppable.get(("index", node.relname), ())
            if (schema == node.schemaname if node.schemaname else schema in self.sight or schema.startswith("pg_temp"))
        ]

    def _index(self, node: Node) -> list[Problem] | None:
        """Problems with ownership of an index, that is, of its table; None where the name is no index's."""
        found = self.actor.resolve(node.schemaname, node.relname, self.path)
        if found.free or (found.relations and not found.hidden):
            return None
        places = self.indexes(node)
        if not places:
            return None
        problems = self.uses_schema((node.schemaname, node.relname)) if node.schemaname else []
        for _, oid in places:
            table = self.world.by_oid.get(oid)
            if table is not None:
                problems += self.owns(table.ref)
        return problems

    # -- types and routines

    def types(self, *nodes: Node) -> list[Problem]:
        """Problems with USAGE on each type that is named (TypeName). PUBLIC has it by default."""
        found: list[Problem] = []
        for node in nodes:
            names = strings(node.names)
            if not names or node.pct_type:
                continue
            found += self.uses_type(names)
        return found

    def uses_type(self, names: tuple[str, ...]) -> list[Problem]:
        """USAGE on a type."""
        return self.uses_schema(names) + [
            each for ref in self.refs(("type", "domain"), names) for each in self.holds(ref, "U")
        ]

    def refs(self, kinds: tuple[Kind, ...], names: tuple[str, ...]) -> list[ObjectRef]:
        """Objects of that name, in the schema that is spelled out or the first of the path that has one."""
        if not names:
            return []
        by_name = self.world.named
        # Objects in a schema that the role may not use exist, but the role does not find them
        path = self.actor.path if self.path is None else self.path
        for schema in (names[-2],) if len(names) > 1 else ("pg_catalog", *self.sight, *path):
            found = [ref for kind in kinds for ref in by_name.get((kind, schema, names[-1]), ())]
            if found:
                return found
        return []

    def executes(self, names: tuple[str, ...], arguments: int | None = None) -> list[Problem]:
        """EXECUTE on a routine that is named."""
        found = self.uses_schema(names)
        each = [
            self.holds(routine.ref, "X")
            for routine in self.world.routines_of.get(names[-1] if names else "", ())
            if (routine.schema == names[-2] if len(names) > 1 else routine.schema in self.sight)
            and arguments in (None, routine.inputs)
        ]
        if each and all(each):
            return found + each[0]
        return found + (
            self.unknown(f"there are several routines {names[-1]}, not all of them allowed") if any(each) else []
        )

    def estimates(self, names: tuple[str, ...]) -> list[Problem]:
        """Problems with EXECUTE on an operator's estimator; one that is not the server's own is for superusers.

        Since 14.21, 15.16, 16.12, 17.8 and 18.2 (ValidateRestrictionEstimator() in operatorcmds.c).
        """
        if not names:
            return []
        found = self.executes(names)
        own = names[:-1] in ((), ("pg_catalog",)) and self.world.servers_own("function", names[-1])
        if not found and not own and self.actor.goal.target.version >= _ESTIMATORS.get(self.actor.major, 0):
            found = self.superuser(f"an estimator of one's own such as {names[-1]} is for superusers only", names[-1])
        return found

    def facts(self, ref: ObjectRef) -> ObjectFacts | None:
        """Owner and privileges."""
        return self.actor.goal.objects.get(ref)


_ESTIMATORS = {13: 140000, 14: 140021, 15: 150016, 16: 160012, 17: 170008, 18: 180002}
"""The versions since which an operator's estimator has to be the server's own."""
